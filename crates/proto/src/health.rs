//! What our own monitoring tools ask a master: extensions, but without registration.

use types::{Bytes32, MsgId, Name, Rest, Status};

/// What the text of a peer's `VersionInfo` contains if it understands [`Health`] and [`StoreImage`].
pub const OFFER: &str = "elkfs";

packets! { <'a> {
    /// How is the master? Only to a master whose `VersionInfo` names elkfs.
    0x454C_0400 Health { msgid: MsgId }
    /// Answers `Health`.
    0x454C_0401 HealthReply<'a> { msgid: MsgId, lines: Rest<'a, HealthLine<'a>> }

    /// Write an image now, beside the running loop. Only to a master whose `VersionInfo` names elkfs.
    0x454C_0402 StoreImage { msgid: MsgId }
    /// Answers `StoreImage` when the image is in place, verified, or has failed.
    0x454C_0403 StoreImageReply { msgid: MsgId, status: Status }
} }

record! { <'a> {
    /// One thing that is measured.
    #[derive(Eq)]
    HealthLine<'a> {
        /// What it is, such as `image.age`; the unit is in its documentation (`docs/operating/durability.md`).
        name: Name<'a>,
        /// The number.
        value: u64,
        /// 0 as it should be, 1 a warning, 2 an alarm: somebody must do something.
        severity: u8,
        /// In words, where a number does not say it.
        text: Bytes32<'a>,
    }
} }
