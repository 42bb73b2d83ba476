//! What only our own two ends speak, and how they find out that they do.

use std::ops::RangeInclusive;
use types::{DecodeError, Reader, Wire};

/// Ids of our own packets. Stock ids end below 1000 (a variant build adds 65536 to them), 4.x ids too, so nobody else
/// comes near. A stock peer closes the connection on an unknown packet: none of these may be sent before the peer has
/// offered to understand it, in a place that stock ignores.
pub const EXTENSION_IDS: RangeInclusive<u32> = 0x454C_0000..=0x454C_FFFF;

/// Extensions that a client and a master have in common, as a set of bits.
///
/// A client offers them in the text of its registration, behind the NUL that ends the mount point: `/mnt/x NUL elkfs:1 NUL`
/// ([`Extensions::offer`]). Stock masters keep that text and show it in lists, no more. A master that takes some of them
/// says which in a longer answer ([`crate::client_master::RegisterReply`]); an answer of stock's length means none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extensions(pub u32);

/// What an offer begins with.
const TAG: &[u8] = b"elkfs:";

impl Extensions {
    /// Times beyond stock's seconds: [`types::MattrFlags::FINE_TIMES`] in attributes, and the packets that set times.
    pub const FINE_TIMES: u32 = 1;
    /// All there are.
    pub const ALL: Extensions = Extensions(Self::FINE_TIMES);

    /// True when all of `bits` are in it.
    pub fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }

    /// What is in both.
    #[must_use]
    pub fn common(self, other: Extensions) -> Extensions {
        Extensions(self.0 & other.0)
    }

    /// The text of a registration that shows `shown` and offers these.
    pub fn offer(self, shown: &str) -> Vec<u8> {
        let mut text = shown.as_bytes().to_vec();
        text.push(0);
        if self.0 != 0 {
            text.extend_from_slice(TAG);
            text.extend_from_slice(self.0.to_string().as_bytes());
            text.push(0);
        }
        text
    }

    /// What such a text shows, and what it offers: nothing, unless it is ours.
    pub fn split(text: &[u8]) -> (&[u8], Extensions) {
        let mut parts = text.split(|b| *b == 0);
        let shown = parts.next().unwrap_or_default();
        let number =
            parts.next().and_then(|offer| std::str::from_utf8(offer.strip_prefix(TAG)?).ok()?.parse().ok());
        (shown, Extensions(number.unwrap_or(0)))
    }
}

impl<'a> Wire<'a> for Extensions {
    const MIN_SIZE: usize = 4;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        u32::decode(r).map(Extensions)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_found_behind_what_is_shown() {
        let text = Extensions::ALL.offer("/mnt/mfs");
        assert_eq!(text, b"/mnt/mfs\0elkfs:1\0");
        assert_eq!(Extensions::split(&text), (b"/mnt/mfs".as_slice(), Extensions::ALL));
        assert_eq!(
            Extensions::split(text.strip_suffix(b"\0").unwrap()).1,
            Extensions::ALL,
            "stored without a NUL"
        );
        assert_eq!(Extensions::default().offer("/x"), b"/x\0", "as stock");
        for other in
            [b"/mnt/elkfs:1".as_slice(), b"", b"/x\0elkfs:", b"/x\0elkfs:99999999999", b"/x\0other:1"]
        {
            assert_eq!(Extensions::split(other).1, Extensions::default());
        }
    }
}
