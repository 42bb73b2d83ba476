//! What is asked, as plain data: it can be kept, printed, and asked again.

use metadata::plan::SetAttr;
use ondisk::QuotaLimits;
use types::{Attr, NodeType, Status};

pub(crate) type Bytes = Vec<u8>;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// When, Unix seconds.
    pub(crate) now: u32,
    /// Place in [`crate::world::sessions`].
    pub(crate) session: usize,
    /// Place in [`crate::world::WHO`].
    pub(crate) who: usize,
    pub(crate) call: Call,
}

/// A place in a directory.
pub(crate) type Entry = (u32, Bytes);

#[derive(Clone, Debug)]
pub(crate) enum Call {
    Lookup(Entry),
    Access { inode: u32, mask: u16 },
    Readlink(u32),
    Getattr { inode: u32, opened: bool },
    Readdir { dir: u32, with_attr: bool, part: u32 },
    Mkdir { at: Entry, mode: u16, umask: u16, copy_sgid: bool },
    Mknod { at: Entry, kind: NodeType, mode: u16, umask: u16, rdev: u32 },
    Symlink { at: Entry, target: Bytes },
    Link { inode: u32, at: Entry },
    Unlink(Entry),
    Rmdir(Entry),
    Rename { from: Entry, to: Entry },
    Setattr(SetAttr),
    Truncate { inode: u32, flags: u8, length: u64 },
    Write { inode: u32, index: u32, length: u64 },
    Read { inode: u32, index: u32 },
    Append { dst: u32, src: u32, from: u32, to: u32, flags: u8 },
    Open { inode: u32, flags: u8 },
    Hold(u32),
    Close(u32),
    SetXattr { inode: u32, opened: bool, name: Bytes, value: Bytes, mode: u8 },
    GetXattr { inode: u32, opened: bool, name: Bytes },
    ListXattrs { inode: u32, opened: bool },
    SetAcl { inode: u32, kind: u8, perms: [u16; 4], users: Vec<(u32, u16)>, groups: Vec<(u32, u16)> },
    GetAcl { inode: u32, kind: u8 },
    SetQuota { dir: u32, flags: u8, grace: u32, limits: QuotaLimits },
    DeleteQuota { dir: u32, flags: u8 },
    GetQuota(u32),
    SetEattr { inode: u32, bits: u8, smode: u8 },
    SetClass { inode: u32, goal: u8, smode: u8 },
    SetTrashTime { inode: u32, seconds: u32, smode: u8 },
    GetSettings { inode: u32, mode: u8 },
    DirStats(u32),
    Parents(u32),
    Paths(u32),
    Snapshot { src: u32, at: Entry, mode: u8, umask: u16 },
    ListDeleted,
    TrashPath(u32),
    SetTrashPath { inode: u32, path: Bytes },
    Undelete(u32),
    Purge(u32),
    EmptyTrash,
    EmptySustained,
    FreeInodes,
    CheckQuotas,
}

/// What an answer holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) attr: Option<Attr>,
    pub(crate) numbers: Vec<u64>,
    pub(crate) bytes: Vec<Bytes>,
}

impl Answer {
    pub(crate) fn numbers(numbers: Vec<u64>) -> Self {
        Answer { numbers, ..Answer::default() }
    }

    pub(crate) fn bytes(bytes: Vec<Bytes>) -> Self {
        Answer { bytes, ..Answer::default() }
    }

    pub(crate) fn node(inode: u32, attr: Attr) -> Self {
        Answer { attr: Some(attr), numbers: vec![inode.into()], ..Answer::default() }
    }

    pub(crate) fn attr(attr: Attr) -> Self {
        Answer { attr: Some(attr), ..Answer::default() }
    }
}

pub(crate) type Reply = Result<Answer, Status>;
