//! The packed records of nodes and names.

use types::{Inode, NodeType};

/// Flag bits beside the type in [`NodeRec::kind`].
pub(crate) const HAS_XATTR: u8 = 0x10;
pub(crate) const HAS_ACL: u8 = 0x20;
/// The chunk table is a run in the pool: start in the high half of `b`, slots in the low half.
pub(crate) const TABLE: u8 = 0x40;
/// The chunk table is too long for the pool and is kept by inode; slots in the low half of `b`.
pub(crate) const BIG: u8 = 0x80;

/// A node, 48 bytes. The inode is the record's index.
///
/// | type | `a` | `b` |
/// | --- | --- | --- |
/// | file, trash, sustained | length | the only chunk id (0: none), or see [`TABLE`], [`BIG`] |
/// | directory | first entry, number of entries | slot of the statistics, number of sub-directories |
/// | symlink | string | |
/// | device | rdev | |
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct NodeRec {
    /// Type in the low half (0: no such node), flags in the high half.
    pub(crate) kind: u8,
    pub(crate) sclass: u8,
    pub(crate) eattr: u8,
    pub(crate) winattr: u8,
    pub(crate) mode: u16,
    pub(crate) trash_hours: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) atime: u32,
    pub(crate) mtime: u32,
    pub(crate) ctime: u32,
    /// The edge that was linked last; others follow by [`EdgeRec::next_parent`].
    pub(crate) parents: u32,
    pub(crate) a: u64,
    pub(crate) b: u64,
}

impl NodeRec {
    #[inline]
    pub(crate) fn node_type(&self) -> Option<NodeType> {
        NodeType::from_u8(self.kind & 0x0F)
    }

    pub(crate) fn exists(&self) -> bool {
        self.kind & 0x0F != 0
    }

    pub(crate) fn is(&self, kind: NodeType) -> bool {
        self.kind & 0x0F == kind as u8
    }

    pub(crate) fn is_dir(&self) -> bool {
        self.is(NodeType::Dir)
    }

    /// File, trash or sustained.
    pub(crate) fn has_chunks(&self) -> bool {
        matches!(self.kind & 0x0F, 1 | 8 | 9)
    }

    pub(crate) fn set_type(&mut self, kind: NodeType) {
        self.kind = self.kind & 0xF0 | kind as u8;
    }

    pub(crate) fn has(&self, flag: u8) -> bool {
        self.kind & flag != 0
    }

    pub(crate) fn set_flag(&mut self, flag: u8, on: bool) {
        self.kind = if on { self.kind | flag } else { self.kind & !flag };
    }

    /// Directories: the first entry's edge.
    pub(crate) fn first_entry(&self) -> u32 {
        hi(self.a)
    }

    pub(crate) fn set_first_entry(&mut self, edge: u32) {
        self.a = pair(edge, lo(self.a));
    }

    /// Directories: number of entries.
    pub(crate) fn entries(&self) -> u32 {
        lo(self.a)
    }

    /// Directories: slot of the statistics of what is below.
    pub(crate) fn stats_slot(&self) -> u32 {
        hi(self.b)
    }

    /// Directories: number of sub-directories.
    pub(crate) fn subdirs(&self) -> u32 {
        lo(self.b)
    }
}

pub(crate) fn hi(pair: u64) -> u32 {
    (pair >> 32) as u32
}

pub(crate) fn lo(pair: u64) -> u32 {
    pair as u32
}

pub(crate) fn pair(hi: u32, lo: u32) -> u64 {
    u64::from(hi) << 32 | u64::from(lo)
}

/// A name: one entry of a directory, or the remembered path of a file in the trash or sustained. 32 bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct EdgeRec {
    /// Identifies the entry to readers of directories; ascends along the list.
    pub(crate) id: u64,
    /// 0 for trash and sustained files.
    pub(crate) parent: u32,
    pub(crate) child: u32,
    /// In the string arena.
    pub(crate) name: u32,
    /// Neighbours in the directory or bucket.
    pub(crate) next: u32,
    pub(crate) prev: u32,
    /// The next older name of the same child.
    pub(crate) next_parent: u32,
}

impl EdgeRec {
    pub(crate) fn child(&self) -> Inode {
        Inode(self.child)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_as_small_as_promised() {
        assert_eq!(size_of::<NodeRec>(), 48);
        assert_eq!(size_of::<EdgeRec>(), 32);
    }
}
