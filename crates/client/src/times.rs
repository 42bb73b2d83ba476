//! Times of access and change that this client observed and the master does not know yet: data writes change no time
//! by themselves, the periodic AMTIME packet does (`spec/wire-client-master.md` 1.7).

use crate::sync::lock;
use std::collections::HashMap;
use std::sync::Mutex;
use types::{Attr, Inode, Time};

/// Every value is sent this often.
const ROUNDS: u8 = 2;
/// Most inodes in one packet.
const MAX_BATCH: usize = 100_000;

/// See the module. Bounded by what can be opened between two rounds of a second.
#[derive(Default)]
pub(crate) struct Times(Mutex<HashMap<Inode, Observed>>);

#[derive(Clone, Copy, Default)]
struct Observed {
    atime: Option<Time>,
    mtime: Option<Time>,
    rounds: u8,
}

impl Times {
    /// The file was read.
    pub(crate) fn read(&self, inode: Inode, now: Time) {
        let mut times = lock(&self.0);
        let seen = times.entry(inode).or_default();
        (seen.atime, seen.rounds) = (Some(now), ROUNDS);
    }

    /// The file was written.
    pub(crate) fn written(&self, inode: Inode, now: Time) {
        let mut times = lock(&self.0);
        let seen = times.entry(inode).or_default();
        (seen.mtime, seen.rounds) = (Some(now), ROUNDS);
    }

    /// Somebody sets times, which beats what was observed before.
    pub(crate) fn forget(&self, inode: Inode, atime: bool, mtime: bool) {
        if let Some(seen) = lock(&self.0).get_mut(&inode) {
            if atime {
                seen.atime = None;
            }
            if mtime {
                seen.mtime = None;
            }
        }
    }

    /// Shows in `attr` what was observed.
    pub(crate) fn overlay(&self, inode: Inode, attr: &mut Attr) {
        if let Some(seen) = lock(&self.0).get(&inode) {
            attr.atime = seen.atime.map_or(attr.atime, |seen| attr.atime.max(seen));
            if let Some(mtime) = seen.mtime.filter(|seen| *seen > attr.mtime) {
                attr.mtime = mtime;
                attr.ctime = attr.ctime.max(mtime);
            }
        }
    }

    /// What is to be sent now; a time of 0 leaves the node's alone.
    pub(crate) fn next_round(&self) -> Vec<(Inode, Time, Time)> {
        let mut times = lock(&self.0);
        let mut batch = Vec::new();
        times.retain(|&inode, seen| {
            if batch.len() >= MAX_BATCH {
                return true;
            }
            if seen.atime.is_some() || seen.mtime.is_some() {
                batch.push((inode, seen.atime.unwrap_or_default(), seen.mtime.unwrap_or_default()));
            }
            seen.rounds -= 1;
            seen.rounds > 0
        });
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_twice_then_forgotten() {
        let times = Times::default();
        times.written(Inode(5), Time::new(100, 7));
        times.read(Inode(5), 101.into());
        assert_eq!(times.next_round(), [(Inode(5), 101.into(), Time::new(100, 7))]);
        times.forget(Inode(5), false, true);
        assert_eq!(times.next_round(), [(Inode(5), 101.into(), 0.into())]);
        assert_eq!(times.next_round(), []);
    }
}
