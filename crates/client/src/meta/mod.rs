//! Calls about names and attributes: one request to the master each.

mod acl;
mod attr;
mod deleted;
mod dir;
mod lock;
mod namespace;
mod open;
mod xattr;

pub use acl::{Acl, AclKind, AclPermissions};
pub use attr::{SetAttr, SetTime, StatFs};
pub use deleted::{Deleted, DeletedFile};
pub use dir::{Directory, Entry};
pub use lock::{LockKind, LockTicket, LockWait, PosixLock};
pub use namespace::{Found, NewNode};
pub use open::{CacheHint, OpenMode, Opened};

use crate::{Error, Result};
use types::Name;

/// A name for a packet.
fn name(bytes: &[u8]) -> Result<Name<'_>> {
    Name::new(bytes).ok_or(Error::NAMETOOLONG)
}
