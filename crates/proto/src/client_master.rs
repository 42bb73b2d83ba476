//! The link between clients (mounts, tools) and the master (`spec/wire-client-master.md`).

pub mod data;
mod data_shapes;
pub mod namespace;
mod namespace_shapes;
pub mod notify;
pub mod register;
mod register_shapes;

pub use crate::any::{BadCommandSize, ConfigValue, GetConfig, GetVersion, Nop, UnknownCommand, VersionInfo};
pub use data::*;
pub use data_shapes::{ChunkPlace, FileChunk, Location, WriteEnd};
pub use namespace::*;
pub use namespace_shapes::{DirEntry, DirEntryAttr, LookupData, LookupFlags};
pub use notify::*;
pub use register::*;
pub use register_shapes::{
    NewMetaSession, NewSession, Register, RegisterReply, Rejoin, SessionLimits, SessionTail,
};

direction! {
    /// From a client to the master.
    CltoMa<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, GetVersion, GetConfig<'a>,
        FuseRegister<'a>,
        FuseStatfs, FuseAccess<'a>, FuseLookup<'a>, FuseGetattr, FuseSetattr<'a>, FuseReadlink, FuseSymlink<'a>,
        FuseMknod<'a>, FuseMkdir<'a>, FuseUnlink<'a>, FuseRmdir<'a>, FuseRename<'a>, FuseLink<'a>, FuseReaddir<'a>,
        FuseOpen<'a>, FuseTruncate<'a>, FuseCreate<'a>,
        FuseReadChunk, FuseWriteChunk, FuseWriteChunkEnd,
        FuseSustainedInodes<'a>, FuseAmtimeInodes<'a>, FuseTimeSync,
    }
}

direction! {
    /// From the master to a client.
    MatoCl<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, VersionInfo<'a>, ConfigValue<'a>,
        FuseRegisterReply,
        FuseStatfsReply, FuseAccessReply, FuseLookupReply<'a>, FuseGetattrReply, FuseSetattrReply, FuseReadlinkReply<'a>,
        FuseSymlinkReply, FuseMknodReply, FuseMkdirReply, FuseUnlinkReply, FuseRmdirReply, FuseRenameReply, FuseLinkReply,
        FuseReaddirReply<'a>, FuseOpenReply, FuseTruncateReply, FuseCreateReply,
        FuseReadChunkReply<'a>, FuseWriteChunkReply<'a>, FuseWriteChunkEndReply,
        FuseChunkHasChanged, FuseLengthHasChanged, FuseTimeSyncReply, FuseInvalidateChunkCache,
    }
}
