//! EDGE: the names of nodes.

use super::body::{end_mark, zeros};
use super::{Body, SectionName};
use types::{DecodeError, Inode, Reader, Wire};

/// A next edge id that means: number all entries anew.
pub const NEXT_EDGE_UNSET: u64 = 0x7FFF_FFFF_FFFF_FFFF;

/// One name of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EdgeRecord<'a> {
    /// The directory; 0 for a file in the trash or a sustained one.
    pub parent: Inode,
    /// The node.
    pub child: Inode,
    /// The entry's readdir cookie; 0 in version 1.0.
    pub id: u64,
    /// The name; with parent 0 the path without leading slash. At most 65535 bytes.
    pub name: &'a [u8],
}

/// The section; its head is the next edge id, [`NEXT_EDGE_UNSET`] in version 1.0. Order matters, see the spec's 6.5.
pub enum Edge {}

impl<'a> Body<'a> for Edge {
    const NAME: SectionName = SectionName(*b"EDGE");
    const VERSION: u8 = 0x11;
    const OLDEST: u8 = 0x10;
    type Head = u64;
    type Record = EdgeRecord<'a>;

    fn head(version: u8, r: &mut Reader<'a>) -> Result<u64, DecodeError> {
        if version == 0x10 { Ok(NEXT_EDGE_UNSET) } else { u64::decode(r) }
    }

    fn record(version: u8, _head: &u64, r: &mut Reader<'a>) -> Result<Option<EdgeRecord<'a>>, DecodeError> {
        if end_mark(r, if version == 0x10 { 10 } else { 18 }) {
            return Ok(None);
        }
        let (parent, child) = Wire::decode(r)?;
        if child == Inode(0) {
            return Err(r.bad("child inode 0"));
        }
        let id = if version == 0x10 { 0 } else { u64::decode(r)? };
        let len = u16::decode(r)?;
        Ok(Some(EdgeRecord { parent, child, id, name: r.take(len.into())? }))
    }

    fn write_head(head: &u64, out: &mut Vec<u8>) {
        head.encode(out);
    }

    fn write_record(record: &EdgeRecord<'a>, out: &mut Vec<u8>) {
        let name = &record.name[..record.name.len().min(u16::MAX.into())];
        (record.parent, record.child, record.id, name.len() as u16).encode(out);
        out.extend_from_slice(name);
    }

    fn write_end(out: &mut Vec<u8>) {
        zeros(18, out);
    }
}
