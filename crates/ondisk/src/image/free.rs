//! FREE: inode numbers that may not be used again yet.

use super::record::record;
use super::{Body, SectionName};
use types::{DecodeError, Inode, Reader, Wire};

record! {
/// A freed inode number.
FreeRecord {
    inode: Inode,
    /// When it was freed, Unix seconds.
    freed: u32,
}
}

/// The section; its head is the number of records. Oldest first.
pub enum Free {}

impl<'a> Body<'a> for Free {
    const NAME: SectionName = SectionName(*b"FREE");
    const VERSION: u8 = 0x10;
    const OLDEST: u8 = 0x10;
    type Head = u32;
    type Record = FreeRecord;

    fn head(_version: u8, r: &mut Reader<'a>) -> Result<u32, DecodeError> {
        u32::decode(r)
    }
    fn record(_version: u8, _head: &u32, r: &mut Reader<'a>) -> Result<Option<FreeRecord>, DecodeError> {
        FreeRecord::decode(r).map(Some)
    }
    fn count(head: &u32) -> Option<u64> {
        Some((*head).into())
    }
    fn write_head(head: &u32, out: &mut Vec<u8>) {
        head.encode(out);
    }
    fn write_record(record: &FreeRecord, out: &mut Vec<u8>) {
        record.encode(out);
    }
    fn write_end(_out: &mut Vec<u8>) {}
}
