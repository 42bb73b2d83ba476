//! Room for packets that only our own two ends speak.

use std::ops::RangeInclusive;

/// Ids of our own packets. Stock ids end below 1000 (a variant build adds 65536 to them), 4.x ids too, so nobody else
/// comes near. A stock peer closes the connection on an unknown packet: none of these may be sent before the peer has
/// offered to understand it, in a place that stock ignores.
pub const EXTENSION_IDS: RangeInclusive<u32> = 0x454C_0000..=0x454C_FFFF;
