//! What lookups said a moment ago: enough to open a file without asking the master again
//! (`spec/wire-client-master.md` 7.3).

use crate::Caller;
use crate::file::Place;
use crate::link::monotonic_ms;
use crate::sync::lock;
use proto::client_master::LookupFlags;
use std::collections::HashMap;
use std::sync::Mutex;
use types::{Attr, Inode};

/// How long a lookup is believed.
const FRESH_MS: u64 = 1000;
/// Most lookups kept.
const MAX: usize = 4096;

/// A recent lookup of a regular file.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) attr: Attr,
    pub(crate) flags: LookupFlags,
    /// Of the first chunk, if the file has no other.
    pub(crate) place: Option<Place>,
    /// The [`crate::file::moment`] before the master was asked.
    pub(crate) asked: u64,
    caller: Caller,
    at_ms: u64,
}

impl Seen {
    pub(crate) fn new(
        caller: &Caller,
        attr: Attr,
        flags: LookupFlags,
        place: Option<Place>,
        asked: u64,
    ) -> Self {
        Seen { attr, flags, place, asked, caller: caller.clone(), at_ms: monotonic_ms() }
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Lookups(Mutex<HashMap<Inode, Seen>>);

impl Lookups {
    pub(crate) fn remember(&self, inode: Inode, seen: Seen) {
        let now = seen.at_ms;
        let mut map = lock(&self.0);
        if map.len() >= MAX {
            map.retain(|_, seen| now - seen.at_ms < FRESH_MS);
            if map.len() >= MAX {
                map.clear();
            }
        }
        map.insert(inode, seen);
    }

    /// The caller's own fresh lookup; it is used up.
    pub(crate) fn take(&self, inode: Inode, caller: &Caller) -> Option<Seen> {
        let seen = lock(&self.0).remove(&inode)?;
        (monotonic_ms() - seen.at_ms < FRESH_MS && seen.caller == *caller).then_some(seen)
    }

    /// Anything may have changed.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// The node was changed.
    pub(crate) fn forget(&self, inode: Inode) {
        lock(&self.0).remove(&inode);
    }
}
