//! What can go wrong with a chunk's file, and what follows from it (`spec/wire-chunkserver.md` 4.5).

use rustix::io::Errno;
use std::fmt;
use types::Status;

/// A failed access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is wrong with the chunk; the request cannot be done.
    Refused(Status),
    /// The file is missing, or not a regular one, or of a size no chunk has.
    NoFile(Errno, &'static str),
    /// The disk answered with an error.
    Disk(Errno, &'static str),
    /// Header or table are not those of this chunk.
    Malformed(&'static str),
    /// A block does not fit its stored checksum.
    Rotten(u16),
}

impl Fault {
    /// The fault for an error of a system call, told apart from our own lack of resources.
    pub(crate) fn of(errno: Errno, doing: &'static str) -> Fault {
        match errno {
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS => Fault::Refused(Status::NOTDONE),
            Errno::NOSPC | Errno::DQUOT => Fault::Refused(Status::NOSPACE),
            _ => Fault::Disk(errno, doing),
        }
    }

    /// What the requester is told.
    pub(crate) fn status(self) -> Status {
        match self {
            Fault::Refused(status) => status,
            Fault::NoFile(..) => Status::NOCHUNK,
            Fault::Disk(..) | Fault::Malformed(_) => Status::IO,
            Fault::Rotten(_) => Status::CRC,
        }
    }

    /// The error number that counts against the disk.
    pub(crate) fn errno(self) -> Option<Errno> {
        match self {
            Fault::NoFile(errno, _) | Fault::Disk(errno, _) => Some(errno),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Refused(status) => write!(f, "{status}"),
            Fault::NoFile(errno, doing) | Fault::Disk(errno, doing) => write!(f, "cannot {doing}: {errno}"),
            Fault::Malformed(what) => f.write_str(what),
            Fault::Rotten(block) => write!(f, "block {block} does not fit its checksum"),
        }
    }
}
