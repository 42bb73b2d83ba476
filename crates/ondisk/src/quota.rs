//! The limits of a quota, in the order in which images and changelogs carry them.

use types::{DecodeError, Reader, Wire};

/// Soft and hard limits of one directory; which of them count is said by flag bits beside them
/// (`spec/metadata-format.md` 1). Lengths and sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct QuotaLimits {
    pub soft_inodes: u32,
    pub hard_inodes: u32,
    pub soft_length: u64,
    pub hard_length: u64,
    pub soft_size: u64,
    pub hard_size: u64,
    pub soft_real_size: u64,
    pub hard_real_size: u64,
}

impl<'a> Wire<'a> for QuotaLimits {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(QuotaLimits {
            soft_inodes: Wire::decode(r)?,
            hard_inodes: Wire::decode(r)?,
            soft_length: Wire::decode(r)?,
            hard_length: Wire::decode(r)?,
            soft_size: Wire::decode(r)?,
            hard_size: Wire::decode(r)?,
            soft_real_size: Wire::decode(r)?,
            hard_real_size: Wire::decode(r)?,
        })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        (self.soft_inodes, self.hard_inodes).encode(out);
        (self.soft_length, self.hard_length, self.soft_size, self.hard_size).encode(out);
        (self.soft_real_size, self.hard_real_size).encode(out);
    }
}
