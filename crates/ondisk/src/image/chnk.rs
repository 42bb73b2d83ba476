//! CHNK: chunks. Where their copies are is not stored; chunkservers say that.

use super::body::{end_mark, zeros};
use super::{Body, SectionName};
use types::{ChunkId, ChunkVersion, DecodeError, Reader, Wire};

/// A chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChunkRecord {
    /// Never 0.
    pub id: ChunkId,
    /// The version that counts.
    pub version: ChunkVersion,
    /// Until when it may not be changed by another, Unix seconds; stored as 0 when that is over.
    pub locked_to: u32,
    /// It is kept as its class's archive copies say.
    pub archived: bool,
}

/// The section; its head is the next new chunk's id.
pub enum Chnk {}

impl<'a> Body<'a> for Chnk {
    const NAME: SectionName = SectionName(*b"CHNK");
    const VERSION: u8 = 0x11;
    const OLDEST: u8 = 0x10;
    type Head = ChunkId;
    type Record = ChunkRecord;

    fn head(_version: u8, r: &mut Reader<'a>) -> Result<ChunkId, DecodeError> {
        ChunkId::decode(r)
    }

    fn record(version: u8, _head: &ChunkId, r: &mut Reader<'a>) -> Result<Option<ChunkRecord>, DecodeError> {
        if end_mark(r, if version == 0x10 { 16 } else { 17 }) {
            return Ok(None);
        }
        let id = ChunkId::decode(r)?;
        if id == ChunkId(0) {
            return Err(r.bad("chunk id 0"));
        }
        let (version_of_chunk, locked_to) = Wire::decode(r)?;
        let archived = version != 0x10 && u8::decode(r)? != 0;
        Ok(Some(ChunkRecord { id, version: version_of_chunk, locked_to, archived }))
    }

    fn write_head(head: &ChunkId, out: &mut Vec<u8>) {
        head.encode(out);
    }

    fn write_record(record: &ChunkRecord, out: &mut Vec<u8>) {
        (record.id, record.version, record.locked_to, u8::from(record.archived)).encode(out);
    }

    fn write_end(out: &mut Vec<u8>) {
        zeros(17, out);
    }
}
