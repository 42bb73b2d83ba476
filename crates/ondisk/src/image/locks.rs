//! OPEN, FLCK, PLCK: what sessions hold.

use super::body::{end_mark, zeros};
use super::record::record;
use super::{Body, SectionName};
use types::{DecodeError, Inode, Reader, SessionId, Wire};

record! {
/// A session has a file open.
OpenRecord { session: SessionId, inode: Inode }
}

/// The section of open files. Session by session, newest first.
pub enum Open {}

/// An active BSD lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlockRecord {
    /// The file.
    pub inode: Inode,
    /// Who holds it, in the client's words.
    pub owner: u64,
    /// Whose client that is.
    pub session: SessionId,
    /// Nobody else may hold one.
    pub exclusive: bool,
}

/// The section of BSD locks.
pub enum Flck {}

/// A POSIX lock on a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PosixLockRecord {
    /// The file.
    pub inode: Inode,
    /// Who holds it, in the client's words.
    pub owner: u64,
    /// Whose client that is.
    pub session: SessionId,
    /// The holder's process id.
    pub pid: u32,
    /// First byte.
    pub start: u64,
    /// Behind the last byte; `u64::MAX` is the end of any file.
    pub end: u64,
    /// A write lock.
    pub exclusive: bool,
}

/// The section of POSIX locks. Those of a file stand together, and in there those of an owner, in order.
pub enum Plck {}

impl Wire<'_> for FlockRecord {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (inode, owner, session) = Wire::decode(r)?;
        Ok(FlockRecord { inode, owner, session, exclusive: is_second(r, 0)? })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        (self.inode, self.owner, self.session, u8::from(self.exclusive)).encode(out);
    }
}

impl Wire<'_> for PosixLockRecord {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (inode, owner, session, pid) = Wire::decode(r)?;
        let (start, end) = Wire::decode(r)?;
        Ok(PosixLockRecord { inode, owner, session, pid, start, end, exclusive: is_second(r, 1)? })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        (self.inode, self.owner, self.session, self.pid).encode(out);
        (self.start, self.end, u8::from(self.exclusive) + 1).encode(out);
    }
}

/// A lock's type: `first` for shared, the next number for exclusive.
fn is_second(r: &mut Reader<'_>, first: u8) -> Result<bool, DecodeError> {
    match u8::decode(r)?.checked_sub(first) {
        Some(kind @ 0..=1) => Ok(kind == 1),
        _ => Err(r.bad("lock type")),
    }
}

macro_rules! plain_section {
    ($section:ident $letters:literal $record:ident $size:literal) => {
        impl<'a> Body<'a> for $section {
            const NAME: SectionName = SectionName(*$letters);
            const VERSION: u8 = 0x10;
            const OLDEST: u8 = 0x10;
            type Head = ();
            type Record = $record;

            fn head(_version: u8, _r: &mut Reader<'a>) -> Result<(), DecodeError> {
                Ok(())
            }
            fn record(_version: u8, _head: &(), r: &mut Reader<'a>) -> Result<Option<$record>, DecodeError> {
                if end_mark(r, $size) { Ok(None) } else { $record::decode(r).map(Some) }
            }
            fn write_head(_head: &(), _out: &mut Vec<u8>) {}
            fn write_record(record: &$record, out: &mut Vec<u8>) {
                record.encode(out);
            }
            fn write_end(out: &mut Vec<u8>) {
                zeros($size, out);
            }
        }
    };
}
plain_section!(Open b"OPEN" OpenRecord 8);
plain_section!(Flck b"FLCK" FlockRecord 17);
plain_section!(Plck b"PLCK" PosixLockRecord 37);
