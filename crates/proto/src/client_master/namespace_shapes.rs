//! Shapes of namespace packets.

use super::data_shapes::ChunkPlace;
use types::{Attr, DecodeError, Inode, Name, NodeType, Reader, Tag, Wire};

record! { <'a> {
    /// Space in bytes, reduced by the quotas of the session's root, and number of nodes.
    #[derive(Eq, Default)]
    StatfsData {
        /// In all.
        total: u64,
        /// To be had by writing.
        avail: u64,
        /// Not used.
        free: u64,
        /// Files in the trash.
        trash: u64,
        /// Deleted files that are open.
        sustained: u64,
        /// Nodes below the session's root, itself included.
        inodes: u32,
    }

    /// An entry of a directory without attributes.
    #[derive(Eq)]
    DirEntry<'a> {
        /// Its name.
        name: Name<'a>,
        /// Its node.
        inode: Inode,
        /// The node's type.
        kind: NodeType,
    }

    /// An entry of a directory with attributes.
    #[derive(Eq)]
    DirEntryAttr<'a> {
        /// Its name.
        name: Name<'a>,
        /// Its node.
        inode: Inode,
        /// The node's attributes.
        attr: Attr,
    }
} }

/// What a lookup finds.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupData<'a> {
    /// The node.
    pub inode: Inode,
    /// Its attributes.
    pub attr: Attr,
    /// What the user may do with it and how to cache it; constants in [`LookupFlags`]. The bit 0x0100 is not kept
    /// here: it says whether `chunk0` is there.
    pub flags: LookupFlags,
    /// Where the first chunk is.
    pub chunk0: Option<ChunkPlace<'a>>,
}

/// Bits 0 to 7: access mode m (read 4, write 2, execute 1) is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LookupFlags(pub u16);

impl LookupFlags {
    /// The place of chunk 0 is attached.
    pub const CHUNK_ZERO: u16 = 0x0100;
    /// The session is read only.
    pub const READ_ONLY: u16 = 0x0200;
    /// The kernel's cache may be kept over an open.
    pub const KEEP_CACHE: u16 = 0x0400;
    /// The node is immutable.
    pub const IMMUTABLE: u16 = 0x0800;
    /// Data must not be cached.
    pub const DIRECT: u16 = 0x1000;
    /// The file is append only.
    pub const APPEND_ONLY: u16 = 0x2000;

    /// True when all of `bits` are set.
    pub fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }
}

impl<'a> Wire<'a> for LookupData<'a> {
    const MIN_SIZE: usize = 6 + Attr::SIZE;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (inode, attr, flags) = <(Inode, Attr, u16)>::decode(r)?;
        let chunk0 = if flags & LookupFlags::CHUNK_ZERO != 0 {
            let (Tag::<2>, place) = Wire::decode(r)?;
            Some(place)
        } else {
            None
        };
        Ok(LookupData { inode, attr, flags: LookupFlags(flags & !LookupFlags::CHUNK_ZERO), chunk0 })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        let mut flags = self.flags.0 & !LookupFlags::CHUNK_ZERO;
        if self.chunk0.is_some() {
            flags |= LookupFlags::CHUNK_ZERO;
        }
        (self.inode, self.attr, flags).encode(out);
        if let Some(place) = &self.chunk0 {
            Tag::<2>.encode(out);
            place.encode(out);
        }
    }
}
