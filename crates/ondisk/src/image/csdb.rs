//! CSDB: the chunkservers that are known.

use super::record::record;
use super::{Body, SectionName};
use types::{DecodeError, Reader, Wire};

record! {
/// A chunkserver.
ChunkserverRecord {
    ip: u32,
    port: u16,
    /// 0 while it has none.
    id: u16,
    /// 0 off, 1 on, 2 temporary.
    maintenance: u8,
    /// When maintenance ends, Unix seconds; 0 for never.
    maintenance_end: u32,
}
}

/// The section; its head is the number of records.
pub enum Csdb {}

impl<'a> Body<'a> for Csdb {
    const NAME: SectionName = SectionName(*b"CSDB");
    const VERSION: u8 = 0x13;
    const OLDEST: u8 = 0x10;
    type Head = u32;
    type Record = ChunkserverRecord;

    fn head(_version: u8, r: &mut Reader<'a>) -> Result<u32, DecodeError> {
        u32::decode(r)
    }

    fn record(
        version: u8,
        _head: &u32,
        r: &mut Reader<'a>,
    ) -> Result<Option<ChunkserverRecord>, DecodeError> {
        Ok(Some(ChunkserverRecord {
            ip: Wire::decode(r)?,
            port: Wire::decode(r)?,
            id: if version >= 0x11 { Wire::decode(r)? } else { 0 },
            maintenance: if version >= 0x12 { Wire::decode(r)? } else { 0 },
            maintenance_end: if version >= 0x13 { Wire::decode(r)? } else { 0 },
        }))
    }

    fn count(head: &u32) -> Option<u64> {
        Some((*head).into())
    }

    fn write_head(head: &u32, out: &mut Vec<u8>) {
        head.encode(out);
    }

    fn write_record(record: &ChunkserverRecord, out: &mut Vec<u8>) {
        record.encode(out);
    }

    fn write_end(_out: &mut Vec<u8>) {}
}
