//! The link between a metalogger and the master (`spec/metalogger.md` 2 to 7).

mod shapes;

pub use crate::any::{BadCommandSize, ConfigValue, GetConfig, GetVersion, Nop, UnknownCommand, VersionInfo};
pub use shapes::{ChangeLogEvent, CrcBlock, DownloadFile, DownloadInfo, MlRegister, MlState};

packets! { <'a> {
    /// The first packet of a metalogger; there is no answer.
    50 MlRegisterPacket { request: MlRegister }

    /// One change of the metadata, or the order to rotate the changelog.
    51 MetaChangesLog<'a> { event: ChangeLogEvent<'a> }

    /// Opens a file of the master.
    60 DownloadStart { file: DownloadFile }

    /// Answers `DownloadStart`.
    61 DownloadInfoPacket { info: DownloadInfo }

    /// Asks for a piece of the open file; stock asks for 1,000,000 bytes at most.
    62 DownloadRequest { offset: u64, length: u32 }

    /// Answers `DownloadRequest`.
    63 DownloadData<'a> { offset: u64, block: CrcBlock<'a> }

    /// Closes the open file.
    64 DownloadEnd {}

    /// How our metalogger is, once a second when something has changed; only to a master whose `VersionInfo` says that it
    /// is ours.
    0x454C_1010 MlStatePacket { state: MlState }
} }

direction! {
    /// From a metalogger to the master. It is only the metalogger that may ask for version and configuration: a stock
    /// one closes the connection when asked itself.
    MltoMa<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, GetVersion, GetConfig<'a>,
        MlRegisterPacket, DownloadStart, DownloadRequest, DownloadEnd, MlStatePacket,
    }
}

direction! {
    /// From the master to a metalogger.
    MatoMl<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, VersionInfo<'a>, ConfigValue<'a>,
        MetaChangesLog<'a>, DownloadInfoPacket, DownloadData<'a>,
    }
}
