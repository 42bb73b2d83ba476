//! Who asks: a user and their groups.

use crate::{DecodeError, Reader, Wire};
use std::fmt;

/// The most groups accepted in one request. Linux allows 65,536; a 4.x master refuses more than 4096.
const MAX_GIDS: u32 = 65536;

/// `u32 count | u32 gid*`, at least one, the primary group first (`spec/wire-client-master.md` 3.1.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Gids<'a>(&'a [u8]);

impl<'a> Gids<'a> {
    /// Builds the list from its wire bytes (`u32` big-endian each); `None` when empty, ragged or too long.
    pub fn from_be_bytes(bytes: &'a [u8]) -> Option<Self> {
        let fits = !bytes.is_empty() && bytes.len().is_multiple_of(4) && bytes.len() / 4 <= MAX_GIDS as usize;
        fits.then_some(Gids(bytes))
    }

    /// The primary group.
    pub fn primary(&self) -> u32 {
        self.iter().next().expect("never empty")
    }

    /// All groups, the primary one first.
    pub fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.0.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }
}

impl<'a> Wire<'a> for Gids<'a> {
    const MIN_SIZE: usize = 4;

    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Gids::decode_before(r, 0)
    }
    /// Also takes the form of a single gid, which a client without any group sends: it is recognised by the packet
    /// having the length that no group at all would give (`spec/wire-client-master.md` 3.1.2).
    fn decode_before(r: &mut Reader<'a>, tail: usize) -> Result<Self, DecodeError> {
        let single = r.left() == 4 + tail;
        let mut probe = r.clone();
        let count = u32::decode(r)?;
        if single {
            return probe.take(4).map(Gids);
        }
        if count == 0 || count > MAX_GIDS {
            return Err(r.bad("group count"));
        }
        r.take(count as usize * 4).map(Gids)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        u32::try_from(self.0.len() / 4).expect("at most MAX_GIDS").encode(out);
        out.extend_from_slice(self.0);
    }
}

impl fmt::Debug for Gids<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// `u32 uid | GIDS`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cred<'a> {
    /// The user.
    pub uid: u32,
    /// The user's groups.
    pub gids: Gids<'a>,
}

impl<'a> Wire<'a> for Cred<'a> {
    const MIN_SIZE: usize = 8;

    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Cred::decode_before(r, 0)
    }
    fn decode_before(r: &mut Reader<'a>, tail: usize) -> Result<Self, DecodeError> {
        Ok(Cred { uid: u32::decode(r)?, gids: Gids::decode_before(r, tail)? })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.uid.encode(out);
        self.gids.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gids(bytes: &[u8], tail: usize) -> Result<Vec<u32>, DecodeError> {
        let mut r = Reader::new(bytes);
        let gids = Gids::decode_before(&mut r, tail)?;
        assert_eq!(r.left(), tail);
        Ok(gids.iter().collect())
    }

    #[test]
    fn a_list_or_a_single_gid_before_other_fields() {
        assert_eq!(gids(&[0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 8, 1, 1], 2), Ok(vec![7, 8]));
        assert_eq!(gids(&[0xFF, 0xFF, 0xFF, 0xFF, 1, 1], 2), Ok(vec![u32::MAX]));
        assert_eq!(gids(&[0, 0, 0, 9], 0), Ok(vec![9]));
    }

    #[test]
    fn counts_that_are_no_counts() {
        assert!(gids(&[0; 8], 0).is_err());
        assert!(gids(&[0xFF; 12], 0).is_err());
        assert!(gids(&[0, 0, 0, 2, 0, 0, 0, 7], 0).is_err());
    }
}
