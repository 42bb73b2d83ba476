//! QUOT: quotas of directories.

use super::{Body, SectionName};
use crate::QuotaLimits;
use types::{DecodeError, Inode, Reader, Wire};

/// The quota of a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuotaRecord {
    /// The directory.
    pub inode: Inode,
    /// Seconds from the soft limit to refusal; 0 in version 1.0, where the configured default counts.
    pub grace: u32,
    /// The soft limit was passed for longer than that.
    pub exceeded: bool,
    /// Which limits count, `spec/metadata-format.md` 1.
    pub flags: u8,
    /// Since when the soft limit is passed, Unix seconds, 0 when it is not.
    pub stamp: u32,
    /// All limits.
    pub limits: QuotaLimits,
}

/// The section; its head is the number of records. Newest first.
pub enum Quot {}

impl<'a> Body<'a> for Quot {
    const NAME: SectionName = SectionName(*b"QUOT");
    const VERSION: u8 = 0x11;
    const OLDEST: u8 = 0x10;
    type Head = u32;
    type Record = QuotaRecord;

    fn head(_version: u8, r: &mut Reader<'a>) -> Result<u32, DecodeError> {
        u32::decode(r)
    }

    fn record(version: u8, _head: &u32, r: &mut Reader<'a>) -> Result<Option<QuotaRecord>, DecodeError> {
        Ok(Some(QuotaRecord {
            inode: Wire::decode(r)?,
            grace: if version == 0x10 { 0 } else { u32::decode(r)? },
            exceeded: u8::decode(r)? != 0,
            flags: Wire::decode(r)?,
            stamp: Wire::decode(r)?,
            limits: Wire::decode(r)?,
        }))
    }

    fn count(head: &u32) -> Option<u64> {
        Some((*head).into())
    }

    fn write_head(head: &u32, out: &mut Vec<u8>) {
        head.encode(out);
    }

    fn write_record(record: &QuotaRecord, out: &mut Vec<u8>) {
        (record.inode, record.grace, u8::from(record.exceeded), record.flags).encode(out);
        record.stamp.encode(out);
        record.limits.encode(out);
    }

    fn write_end(_out: &mut Vec<u8>) {}
}
