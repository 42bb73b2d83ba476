//! Packets that only our own two ends speak.

use std::ops::RangeInclusive;
use types::{Bytes32, MsgId, Name, Rest, Status};

/// Ids of our own packets. Stock ids end below 1000 (a variant build adds 65536 to them), 4.x ids too, so nobody else
/// comes near. A stock peer closes the connection on an unknown packet: none of these may be sent before the peer has
/// offered to understand it, in a place that stock ignores.
pub const EXTENSION_IDS: RangeInclusive<u32> = 0x454C_0000..=0x454C_FFFF;

/// What the text of a peer's `VersionInfo` contains if it understands [`Health`] and [`StoreImage`].
pub const OFFER: &str = "elkfs";

packets! { <'a> {
    /// How is the master? Only to a master whose `VersionInfo` names elkfs.
    0x454C_0100 Health { msgid: MsgId }
    /// Answers `Health`.
    0x454C_0101 HealthReply<'a> { msgid: MsgId, lines: Rest<'a, HealthLine<'a>> }

    /// Write an image now, beside the running loop. Only to a master whose `VersionInfo` names elkfs.
    0x454C_0102 StoreImage { msgid: MsgId }
    /// Answers `StoreImage` when the image is in place, verified, or has failed.
    0x454C_0103 StoreImageReply { msgid: MsgId, status: Status }
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
