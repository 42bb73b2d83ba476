//! NODE: everything about a node but its names.

use super::record::record;
use super::{Body, SectionName};
use types::{ChunkId, DecodeError, Inode, NodeType, Reader, Rest, Wire};

record! {
/// What stands before the nodes.
NodeHead {
    /// The highest inode number in use or in FREE; sizes tables, not trusted further.
    max_inode: Inode,
    /// How many nodes follow; a hint.
    count: u32,
}
}

/// A node.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeRecord<'a> {
    /// What it is.
    pub kind: NodeType,
    /// Its number.
    pub inode: Inode,
    /// Storage class; 0 for what is neither file nor directory.
    pub sclass: u8,
    /// Extra attribute bits, `spec/metadata-format.md` 1.
    pub eattr: u8,
    /// The opaque byte for Windows clients.
    pub winattr: u8,
    /// Permission bits, 0 to 0o7777.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last access, Unix seconds.
    pub atime: u32,
    /// Last change of the content, Unix seconds.
    pub mtime: u32,
    /// Last change of the node, Unix seconds.
    pub ctime: u32,
    /// Hours it stays in the trash once deleted.
    pub trash_hours: u16,
    /// What only its kind has.
    pub data: NodeData<'a>,
}

/// What only some kinds of nodes have. The writer goes by this, so it must fit [`NodeRecord::kind`].
#[derive(Clone, PartialEq, Debug)]
pub enum NodeData<'a> {
    /// Directories, pipes, sockets.
    None,
    /// Block and character devices: the device number.
    Device(u32),
    /// Symbolic links: the target.
    Symlink(&'a [u8]),
    /// Files, also those in the trash and sustained ones.
    File {
        /// Bytes.
        length: u64,
        /// The chunk table up to its last chunk, 0 for a hole.
        chunks: Rest<'a, ChunkId>,
    },
}

/// The section, in any order. Versions below 1.4 also carried open files; they are not read.
pub enum Node {}

impl<'a> Body<'a> for Node {
    const NAME: SectionName = SectionName(*b"NODE");
    const VERSION: u8 = 0x14;
    const OLDEST: u8 = 0x14;
    type Head = NodeHead;
    type Record = NodeRecord<'a>;

    fn head(_version: u8, r: &mut Reader<'a>) -> Result<NodeHead, DecodeError> {
        NodeHead::decode(r)
    }

    fn record(
        _version: u8,
        _head: &NodeHead,
        r: &mut Reader<'a>,
    ) -> Result<Option<NodeRecord<'a>>, DecodeError> {
        let kind = match u8::decode(r)? {
            0 => return Ok(None),
            kind => NodeType::from_u8(kind).ok_or_else(|| r.bad("node type"))?,
        };
        let mut record = NodeRecord {
            kind,
            inode: Wire::decode(r)?,
            sclass: Wire::decode(r)?,
            eattr: Wire::decode(r)?,
            winattr: Wire::decode(r)?,
            mode: Wire::decode(r)?,
            uid: Wire::decode(r)?,
            gid: Wire::decode(r)?,
            atime: Wire::decode(r)?,
            mtime: Wire::decode(r)?,
            ctime: Wire::decode(r)?,
            trash_hours: Wire::decode(r)?,
            data: NodeData::None,
        };
        record.data = data(kind, r)?;
        Ok(Some(record))
    }

    fn write_head(head: &NodeHead, out: &mut Vec<u8>) {
        head.encode(out);
    }

    fn write_record(node: &NodeRecord<'a>, out: &mut Vec<u8>) {
        (node.kind, node.inode).encode(out);
        (node.sclass, node.eattr, node.winattr, node.mode).encode(out);
        (node.uid, node.gid).encode(out);
        (node.atime, node.mtime, node.ctime, node.trash_hours).encode(out);
        match &node.data {
            NodeData::None => {}
            NodeData::Device(rdev) => rdev.encode(out),
            NodeData::Symlink(target) => {
                (target.len() as u32).encode(out);
                out.extend_from_slice(target);
            }
            NodeData::File { length, chunks } => {
                length.encode(out);
                let count_at = out.len();
                0u32.encode(out);
                chunks.encode(out);
                let count = (out.len() - count_at - 4) / 8;
                out[count_at..count_at + 4].copy_from_slice(&(count as u32).to_be_bytes());
            }
        }
    }

    fn write_end(out: &mut Vec<u8>) {
        out.push(0);
    }
}

fn data<'a>(kind: NodeType, r: &mut Reader<'a>) -> Result<NodeData<'a>, DecodeError> {
    Ok(match kind {
        NodeType::Dir | NodeType::Fifo | NodeType::Socket => NodeData::None,
        NodeType::BlockDev | NodeType::CharDev => NodeData::Device(Wire::decode(r)?),
        NodeType::Symlink => {
            let len = u32::decode(r)?;
            NodeData::Symlink(r.take(len as usize)?)
        }
        NodeType::File | NodeType::Trash | NodeType::Sustained => {
            let (length, count): (u64, u32) = Wire::decode(r)?;
            // 2^32 times 8 fits a usize of 64 bits, and saturates into an error on smaller ones.
            let table = r.take((count as usize).saturating_mul(8))?;
            NodeData::File { length, chunks: Rest::Raw(table) }
        }
    })
}
