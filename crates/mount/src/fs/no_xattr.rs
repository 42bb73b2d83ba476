//! Which nodes are known to have no extended attributes. The kernel asks for `security.capability` before every
//! write; most files have none, and attributes say so.

use super::locked;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use types::{Attr, Inode, MattrFlags};

/// Most nodes remembered.
const MAX: usize = 65_536;

/// See the module.
pub(super) struct NoXattr {
    ttl: Duration,
    until: Mutex<HashMap<Inode, Instant>>,
}

impl NoXattr {
    pub(super) fn new(ttl: Duration) -> Self {
        NoXattr { ttl, until: Mutex::default() }
    }

    /// Attributes were received.
    pub(super) fn saw(&self, inode: Inode, attr: &Attr) {
        if self.ttl.is_zero() {
            return;
        }
        let now = Instant::now();
        let mut until = locked(&self.until);
        if !attr.flags.has(MattrFlags::NO_XATTR) {
            until.remove(&inode);
            return;
        }
        if until.len() >= MAX {
            until.retain(|_, t| *t > now);
            if until.len() >= MAX {
                until.clear();
            }
        }
        until.insert(inode, now + self.ttl);
    }

    /// The node is getting some.
    pub(super) fn forget(&self, inode: Inode) {
        locked(&self.until).remove(&inode);
    }

    /// True when there is nothing to ask for.
    pub(super) fn has_none(&self, inode: Inode) -> bool {
        locked(&self.until).get(&inode).is_some_and(|t| *t > Instant::now())
    }
}
