//! Requests of the kernel as values.

use super::native::Args;
use rustix::io::Errno;
use types::Inode;

/// Bytes in front of a request's arguments.
const IN_HEADER: usize = 40;

/// Who asks for what.
pub(crate) struct Request<'a> {
    /// Names the request in its reply and in an interrupt.
    pub(crate) unique: u64,
    /// The inode the request is about.
    pub(crate) node: Inode,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// The thread that asks; 0 for the kernel itself.
    pub(crate) pid: u32,
    /// What is asked, or the error to answer with.
    pub(crate) op: Result<Op<'a>, Errno>,
}

/// How `setattr` sets a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimeSet {
    Now,
    /// Unix seconds and nanoseconds.
    At(i64, u32),
}

/// What `setattr` changes.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct SetAttr {
    pub(crate) fh: Option<u64>,
    pub(crate) size: Option<u64>,
    pub(crate) mode: Option<u32>,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    pub(crate) atime: Option<TimeSet>,
    pub(crate) mtime: Option<TimeSet>,
}

/// A lock as the kernel describes it: `end` is inclusive, `kind` is `F_RDLCK` 0, `F_WRLCK` 1, `F_UNLCK` 2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LockArgs {
    pub(crate) fh: u64,
    pub(crate) owner: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) kind: u32,
    pub(crate) pid: u32,
    /// `flock(2)` rather than `fcntl(2)`.
    pub(crate) flock: bool,
}

/// The operations we know; others are answered with ENOSYS, after which the kernel does not ask again.
#[derive(Debug)]
#[allow(missing_docs, reason = "named as in fuse.h")]
pub(crate) enum Op<'a> {
    Lookup {
        name: &'a [u8],
    },
    /// One or many; they need no answer.
    Forget,
    GetAttr,
    SetAttr(SetAttr),
    ReadLink,
    Symlink {
        name: &'a [u8],
        target: &'a [u8],
    },
    MkNod {
        name: &'a [u8],
        mode: u32,
        umask: u32,
        rdev: u32,
    },
    MkDir {
        name: &'a [u8],
        mode: u32,
        umask: u32,
    },
    Unlink {
        name: &'a [u8],
    },
    RmDir {
        name: &'a [u8],
    },
    Rename {
        name: &'a [u8],
        newdir: Inode,
        newname: &'a [u8],
        flags: u32,
    },
    Link {
        node: Inode,
        name: &'a [u8],
    },
    Open {
        flags: u32,
    },
    Read {
        fh: u64,
        offset: u64,
        size: u32,
    },
    Write {
        fh: u64,
        offset: u64,
        data: &'a [u8],
    },
    StatFs,
    Release {
        fh: u64,
        flock_unlock: bool,
        owner: u64,
    },
    FSync {
        fh: u64,
    },
    SetXattr {
        name: &'a [u8],
        value: &'a [u8],
        flags: u32,
    },
    GetXattr {
        name: &'a [u8],
        size: u32,
    },
    ListXattr {
        size: u32,
    },
    RemoveXattr {
        name: &'a [u8],
    },
    Flush {
        fh: u64,
        owner: u64,
    },
    Init {
        major: u32,
        minor: u32,
        max_readahead: u32,
        flags: u64,
    },
    OpenDir,
    ReadDir {
        fh: u64,
        offset: u64,
        size: u32,
        plus: bool,
    },
    ReleaseDir {
        fh: u64,
    },
    FSyncDir,
    GetLk(LockArgs),
    SetLk {
        lock: LockArgs,
        wait: bool,
    },
    Access {
        mask: u32,
    },
    Create {
        name: &'a [u8],
        flags: u32,
        mode: u32,
        umask: u32,
    },
    Interrupt {
        unique: u64,
    },
    Destroy,
    FAllocate,
}

impl<'a> Request<'a> {
    /// Decodes one message read from the device. `None` for what is no request at all.
    pub(crate) fn decode(message: &'a [u8]) -> Option<Self> {
        let mut args = Args::new(message.get(..IN_HEADER)?);
        let len = args.u32().ok()?;
        let opcode = args.u32().ok()?;
        let unique = args.u64().ok()?;
        let node = node(args.u64().ok()?);
        let (uid, gid, pid) = (args.u32().ok()?, args.u32().ok()?, args.u32().ok()?);
        let body = message.get(IN_HEADER..len as usize)?;
        let op = node.and_then(|_| Op::decode(opcode, Args::new(body)));
        Some(Request { unique, node: node.unwrap_or_default(), uid, gid, pid, op })
    }
}

fn node(n: u64) -> Result<Inode, Errno> {
    u32::try_from(n).map(Inode).map_err(|_| Errno::STALE)
}

impl<'a> Op<'a> {
    /// The operation as `.stats` calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Op::Lookup { .. } => "lookup",
            Op::GetAttr => "getattr",
            Op::SetAttr(_) => "setattr",
            Op::ReadLink => "readlink",
            Op::Symlink { .. } => "symlink",
            Op::MkNod { .. } => "mknod",
            Op::MkDir { .. } => "mkdir",
            Op::Unlink { .. } => "unlink",
            Op::RmDir { .. } => "rmdir",
            Op::Rename { .. } => "rename",
            Op::Link { .. } => "link",
            Op::Open { .. } => "open",
            Op::Read { .. } => "read",
            Op::Write { .. } => "write",
            Op::StatFs => "statfs",
            Op::Release { .. } => "release",
            Op::FSync { .. } => "fsync",
            Op::SetXattr { .. } => "setxattr",
            Op::GetXattr { .. } => "getxattr",
            Op::ListXattr { .. } => "listxattr",
            Op::RemoveXattr { .. } => "removexattr",
            Op::Flush { .. } => "flush",
            Op::OpenDir => "opendir",
            Op::ReadDir { plus: true, .. } => "readdirplus",
            Op::ReadDir { plus: false, .. } => "readdir",
            Op::ReleaseDir { .. } => "releasedir",
            Op::GetLk(_) => "getlk",
            Op::SetLk { .. } => "setlk",
            Op::Access { .. } => "access",
            Op::Create { .. } => "create",
            Op::Forget
            | Op::Init { .. }
            | Op::FSyncDir
            | Op::Interrupt { .. }
            | Op::Destroy
            | Op::FAllocate => "other",
        }
    }

    fn decode(opcode: u32, mut a: Args<'a>) -> Result<Self, Errno> {
        Ok(match opcode {
            1 => Op::Lookup { name: a.name()? },
            2 | 42 => Op::Forget,
            3 => Op::GetAttr,
            4 => Op::SetAttr(set_attr(a)?),
            5 => Op::ReadLink,
            6 => Op::Symlink { name: a.name()?, target: a.name()? },
            8 => {
                let (mode, rdev, umask, _) = (a.u32()?, a.u32()?, a.u32()?, a.u32()?);
                Op::MkNod { name: a.name()?, mode, umask, rdev }
            }
            9 => {
                let (mode, umask) = (a.u32()?, a.u32()?);
                Op::MkDir { name: a.name()?, mode, umask }
            }
            10 => Op::Unlink { name: a.name()? },
            11 => Op::RmDir { name: a.name()? },
            12 => Op::Rename { newdir: node(a.u64()?)?, flags: 0, name: a.name()?, newname: a.name()? },
            45 => {
                let (newdir, flags, _) = (node(a.u64()?)?, a.u32()?, a.u32()?);
                Op::Rename { newdir, flags, name: a.name()?, newname: a.name()? }
            }
            13 => Op::Link { node: node(a.u64()?)?, name: a.name()? },
            17 => Op::StatFs,
            26 => init(a)?,
            34 => Op::Access { mask: a.u32()? },
            36 => Op::Interrupt { unique: a.u64()? },
            38 => Op::Destroy,
            21..=24 => Op::decode_xattr(opcode, a)?,
            _ => Op::decode_file(opcode, a)?,
        })
    }

    fn decode_xattr(opcode: u32, mut a: Args<'a>) -> Result<Self, Errno> {
        Ok(match opcode {
            21 => {
                let (size, flags) = (a.u32()?, a.u32()?);
                Op::SetXattr { name: a.name()?, value: a.take(size as usize)?, flags }
            }
            22 => {
                let (size, _) = (a.u32()?, a.u32()?);
                Op::GetXattr { name: a.name()?, size }
            }
            23 => Op::ListXattr { size: a.u32()? },
            _ => Op::RemoveXattr { name: a.name()? },
        })
    }

    fn decode_file(opcode: u32, mut a: Args<'a>) -> Result<Self, Errno> {
        Ok(match opcode {
            14 => Op::Open { flags: a.u32()? },
            15 => Op::Read { fh: a.u64()?, offset: a.u64()?, size: a.u32()? },
            16 => {
                let (fh, offset, size) = (a.u64()?, a.u64()?, a.u32()?);
                let (_write_flags, _owner, _flags, _) = (a.u32()?, a.u64()?, a.u32()?, a.u32()?);
                Op::Write { fh, offset, data: a.take(size as usize)? }
            }
            18 => {
                let (fh, _flags, release_flags) = (a.u64()?, a.u32()?, a.u32()?);
                Op::Release { fh, flock_unlock: release_flags & 2 != 0, owner: a.u64()? }
            }
            20 => Op::FSync { fh: a.u64()? },
            25 => {
                let (fh, _, _) = (a.u64()?, a.u32()?, a.u32()?);
                Op::Flush { fh, owner: a.u64()? }
            }
            27 => Op::OpenDir,
            28 | 44 => Op::ReadDir { fh: a.u64()?, offset: a.u64()?, size: a.u32()?, plus: opcode == 44 },
            29 => Op::ReleaseDir { fh: a.u64()? },
            30 => Op::FSyncDir,
            31 => Op::GetLk(lock(a)?),
            32 | 33 => Op::SetLk { lock: lock(a)?, wait: opcode == 33 },
            35 => {
                let (flags, mode, umask, _) = (a.u32()?, a.u32()?, a.u32()?, a.u32()?);
                Op::Create { name: a.name()?, flags, mode, umask }
            }
            43 => Op::FAllocate,
            _ => return Err(Errno::NOSYS),
        })
    }
}

fn init(mut a: Args<'_>) -> Result<Op<'_>, Errno> {
    let (major, minor, max_readahead, low) = (a.u32()?, a.u32()?, a.u32()?, a.u32()?);
    let high = a.u32().unwrap_or(0);
    Ok(Op::Init { major, minor, max_readahead, flags: u64::from(high) << 32 | u64::from(low) })
}

fn lock(mut a: Args<'_>) -> Result<LockArgs, Errno> {
    let (fh, owner, start, end) = (a.u64()?, a.u64()?, a.u64()?, a.u64()?);
    let (kind, pid, lk_flags) = (a.u32()?, a.u32()?, a.u32()?);
    Ok(LockArgs { fh, owner, start, end, kind, pid, flock: lk_flags & 1 != 0 })
}

fn set_attr(mut a: Args<'_>) -> Result<SetAttr, Errno> {
    let (valid, _) = (a.u32()?, a.u32()?);
    let (fh, size, _owner) = (a.u64()?, a.u64()?, a.u64()?);
    let (atime, mtime, _ctime) = (a.u64()?.cast_signed(), a.u64()?.cast_signed(), a.u64()?);
    let (atime_ns, mtime_ns, _ctime_ns) = (a.u32()?, a.u32()?, a.u32()?);
    let (mode, _) = (a.u32()?, a.u32()?);
    let (uid, gid) = (a.u32()?, a.u32()?);
    let has = |bit: u32| valid & 1 << bit != 0;
    let time = |set: u32, now: u32, at: (i64, u32)| {
        has(set).then_some(if has(now) { TimeSet::Now } else { TimeSet::At(at.0, at.1) })
    };
    Ok(SetAttr {
        mode: has(0).then_some(mode),
        uid: has(1).then_some(uid),
        gid: has(2).then_some(gid),
        size: has(3).then_some(size),
        fh: has(6).then_some(fh),
        atime: time(4, 7, (atime, atime_ns)),
        mtime: time(5, 8, (mtime, mtime_ns)),
    })
}
