//! What a node looks like to a client: the 36-byte ATTR record (`spec/wire-client-master.md` 3.1.4), and between our
//! own ends what it lacks of times.

use crate::{DecodeError, Reader, Time, Wire};

/// Kinds of nodes, with the numbers of images and of the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum NodeType {
    /// A regular file.
    File = 1,
    /// A directory.
    Dir = 2,
    /// A symbolic link.
    Symlink = 3,
    /// A named pipe.
    Fifo = 4,
    /// A block device.
    BlockDev = 5,
    /// A character device.
    CharDev = 6,
    /// A socket.
    Socket = 7,
    /// A deleted file that still can be brought back.
    Trash = 8,
    /// A deleted file that a session still has open.
    Sustained = 9,
}

impl NodeType {
    /// The type with this number.
    pub fn from_u8(n: u8) -> Option<Self> {
        use NodeType::*;
        [File, Dir, Symlink, Fifo, BlockDev, CharDev, Socket, Trash, Sustained]
            .into_iter()
            .find(|t| *t as u8 == n)
    }

    /// True for files with chunks: living, in the trash, or sustained.
    pub fn has_chunks(self) -> bool {
        matches!(self, NodeType::File | NodeType::Trash | NodeType::Sustained)
    }
}

impl<'a> Wire<'a> for NodeType {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let n = u8::decode(r)?;
        NodeType::from_u8(n).ok_or_else(|| r.bad("node type"))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
}

/// Hints about caching and permissions in an [`Attr`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MattrFlags(pub u8);

impl MattrFlags {
    /// Attributes must not be cached.
    pub const NO_ATTR_CACHE: u8 = 0x01;
    /// The directory entry must not be cached.
    pub const NO_ENTRY_CACHE: u8 = 0x02;
    /// Data may stay in the cache over an open.
    pub const ALLOW_DATA_CACHE: u8 = 0x04;
    /// The node has neither extended attributes nor ACLs.
    pub const NO_XATTR: u8 = 0x08;
    /// Data must not be cached at all.
    pub const DIRECT_MODE: u8 = 0x10;
    /// The node must not be deleted.
    pub const UNDELETABLE: u8 = 0x20;
    /// Ours: the fine parts of the three times follow the record. Never sent to a client that did not ask for it.
    pub const FINE_TIMES: u8 = 0x80;

    /// True when all of `bits` are set.
    pub fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}

/// The attributes of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attr {
    /// Caching hints.
    pub flags: MattrFlags,
    /// Kind of node; trash and sustained files are shown as files.
    pub kind: NodeType,
    /// Permission bits, 0 to 0o7777.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last access.
    pub atime: Time,
    /// Last change of the content.
    pub mtime: Time,
    /// Last change of the node.
    pub ctime: Time,
    /// Directories: 2 + subdirectories; others: names.
    pub nlink: u32,
    /// Files: length in bytes. Symlinks: length of the target in the low half. Devices: rdev in the high half.
    /// Directories: the size of the tree below in a packed form, see [`encode_dir_size`].
    pub length: u64,
    /// An opaque byte kept for Windows clients.
    pub winattr: u8,
}

impl Attr {
    /// Bytes of the record as stock has it.
    pub const SIZE: usize = 36;

    /// The device number, for block and character devices.
    pub fn rdev(&self) -> u32 {
        (self.length >> 32) as u32
    }

    /// Has the times sent whole, to a client that understands it.
    #[must_use]
    pub fn with_fine_times(mut self) -> Self {
        if [self.atime, self.mtime, self.ctime].iter().any(|time| time.fine() != 0) {
            self.flags.0 |= MattrFlags::FINE_TIMES;
        }
        self
    }
}

impl<'a> Wire<'a> for Attr {
    const MIN_SIZE: usize = Attr::SIZE;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let flags = MattrFlags(u8::decode(r)?);
        let type_mode = u16::decode(r)?;
        let kind = NodeType::from_u8((type_mode >> 12) as u8).ok_or_else(|| r.bad("node type"))?;
        let mut attr = Attr {
            flags,
            kind,
            mode: type_mode & 0o7777,
            uid: u32::decode(r)?,
            gid: u32::decode(r)?,
            atime: u32::decode(r)?.into(),
            mtime: u32::decode(r)?.into(),
            ctime: u32::decode(r)?.into(),
            nlink: u32::decode(r)?,
            length: u64::decode(r)?,
            winattr: u8::decode(r)?,
        };
        if flags.has(MattrFlags::FINE_TIMES) {
            for time in [&mut attr.atime, &mut attr.mtime, &mut attr.ctime] {
                let fine = u32::decode(r)?;
                *time = Time::from_parts(time.low(), fine).ok_or_else(|| r.bad("nanoseconds of a time"))?;
            }
        }
        Ok(attr)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        // Made whole first: listings have many of these, and each piece would be a question for room in the vector.
        let mut record = [0; Attr::SIZE];
        let mut rest = record.as_mut_slice();
        let mut put = |bytes: &[u8]| {
            let (here, after) = std::mem::take(&mut rest).split_at_mut(bytes.len());
            here.copy_from_slice(bytes);
            rest = after;
        };
        let times = [self.atime, self.mtime, self.ctime];
        put(&[self.flags.0]);
        put(&(u16::from(self.kind as u8) << 12 | self.mode & 0o7777).to_be_bytes());
        [self.uid, self.gid].iter().for_each(|id| put(&id.to_be_bytes()));
        times.iter().for_each(|time| put(&time.low().to_be_bytes()));
        put(&self.nlink.to_be_bytes());
        put(&self.length.to_be_bytes());
        put(&[self.winattr]);
        out.extend_from_slice(&record);
        if self.flags.has(MattrFlags::FINE_TIMES) {
            times.iter().for_each(|time| time.fine().encode(out));
        }
    }
}

/// Packs the total length of a directory's tree: millions say the unit (B, KiB, MiB, …), the rest hundredths of it.
pub fn encode_dir_size(total: u64) -> u64 {
    match total {
        0 => 1,
        t if t < 1 << 10 => t * 100,
        t if t < 1 << 20 => ((t * 100) >> 10) + 1_000_000,
        t if t < 1 << 30 => ((t * 100) >> 20) + 2_000_000,
        t if t < 1 << 40 => ((t * 100) >> 30) + 3_000_000,
        t if t < 1 << 50 => ((t * 100) >> 40) + 4_000_000,
        t if t < 1 << 60 => (((t >> 10) * 100) >> 40) + 5_000_000,
        t => (((t >> 10) * 100) >> 50) + 6_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attr_is_36_bytes_both_ways() {
        let attr = Attr {
            flags: MattrFlags(MattrFlags::NO_XATTR),
            kind: NodeType::CharDev,
            mode: 0o4755,
            uid: 1,
            gid: 2,
            atime: 3.into(),
            mtime: 4.into(),
            ctime: 5.into(),
            nlink: 6,
            length: 0x0501 << 32,
            winattr: 9,
        };
        let mut bytes = Vec::new();
        attr.encode(&mut bytes);
        assert_eq!(bytes.len(), Attr::SIZE);
        assert_eq!(Attr::decode_whole(&bytes), Ok(attr));
        assert_eq!(attr.rdev(), 0x0501);
        assert!((0..bytes.len()).all(|n| Attr::decode_whole(&bytes[..n]).is_err()));
        assert_eq!(attr.with_fine_times(), attr, "whole seconds need no more room");
    }

    #[test]
    fn fine_times_follow_only_where_they_are_wanted() {
        let mut attr = Attr::decode_whole(&[0x10; Attr::SIZE]).unwrap();
        let plain = Attr { atime: attr.atime, mtime: attr.mtime, ctime: attr.ctime, ..attr };
        (attr.atime, attr.mtime) = (Time::new(1 << 32, 7), Time::new(-1, 999_999_999));
        let mut bytes = Vec::new();
        attr.encode(&mut bytes);
        assert_eq!(bytes.len(), Attr::SIZE, "a stock client gets seconds");
        bytes.clear();
        let attr = attr.with_fine_times();
        attr.encode(&mut bytes);
        assert_eq!(bytes.len(), Attr::SIZE + 12);
        assert_eq!(Attr::decode_whole(&bytes), Ok(attr));
        assert_ne!(attr.atime, plain.atime);
        bytes[Attr::SIZE] |= 0x3F;
        assert!(Attr::decode_whole(&bytes).is_err(), "more than a second of nanoseconds");
    }

    #[test]
    fn dir_size_units() {
        assert_eq!(encode_dir_size(0), 1);
        assert_eq!(encode_dir_size(1), 100);
        assert_eq!(encode_dir_size(1024), 1_000_100);
        assert_eq!(encode_dir_size(3 << 29), 3_000_150);
    }
}
