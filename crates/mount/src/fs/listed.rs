//! Directories that were just listed: what a lookup of their names would say is known for a moment, which makes
//! `ls -l`, `find` and `du` one request to the master for each directory instead of one for each name.

use super::locked;
use client::{Caller, Directory, Entry, Found};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use types::Inode;

/// Most directories remembered.
const MAX: usize = 64;

/// See the module.
pub(super) struct Listed {
    ttl: Duration,
    /// Counts what this mount changes: any change makes all listings old.
    epoch: AtomicU64,
    recent: Mutex<VecDeque<Listing>>,
}

struct Listing {
    parent: Inode,
    caller: Caller,
    until: Instant,
    epoch: u64,
    directory: Arc<Directory>,
    /// Made at the first lookup.
    by_name: Option<HashMap<Box<[u8]>, usize>>,
}

impl Listed {
    pub(super) fn new(ttl: Duration) -> Self {
        Listed { ttl, epoch: AtomicU64::new(0), recent: Mutex::default() }
    }

    /// This mount changes something.
    pub(super) fn changing(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// To be asked before the directory is read, for [`Listed::remember`].
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// A directory was read, by somebody who may search it.
    pub(super) fn remember(&self, parent: Inode, caller: &Caller, directory: &Arc<Directory>, epoch: u64) {
        let searched = directory.entries.iter().all(|entry| entry.attr.is_some());
        if self.ttl.is_zero() || !searched {
            return;
        }
        let mut recent = locked(&self.recent);
        recent.retain(|listing| listing.parent != parent);
        if recent.len() >= MAX {
            recent.pop_front();
        }
        let until = Instant::now() + self.ttl;
        let directory = directory.clone();
        recent.push_back(Listing { parent, caller: caller.clone(), until, epoch, directory, by_name: None });
    }

    /// What a lookup would find. `None`: not known; that there is no such name is never known here.
    pub(super) fn find(&self, parent: Inode, caller: &Caller, name: &[u8]) -> Option<Found> {
        let mut recent = locked(&self.recent);
        let listing = recent.iter_mut().rev().find(|l| l.parent == parent && l.caller == *caller)?;
        if listing.epoch != self.epoch() || listing.until < Instant::now() {
            return None;
        }
        let Listing { directory, by_name, .. } = listing;
        let index = by_name.get_or_insert_with(|| {
            directory.entries.iter().enumerate().map(|(i, entry)| (entry.name.clone(), i)).collect()
        });
        let Entry { inode, attr, .. } = &directory.entries[*index.get(name)?];
        attr.map(|attr| Found { inode: *inode, attr })
    }
}
