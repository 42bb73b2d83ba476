//! The three times of a node: seconds in its record, the rest beside it.

use crate::fs::Fs;
use crate::store::Pages;
use types::{Inode, Time};

/// Fine parts of the times of nodes ([`Time::fine`]), by inode: 12 bytes for each, and nothing for pages of nodes that have
/// whole seconds only.
pub(crate) type FineTimes = Pages<[u32; 3], 128>;

/// A node's times, as an index.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// Last access.
    Atime,
    /// Last change of the content.
    Mtime,
    /// Last change of the node.
    Ctime,
}

impl Fs {
    /// Access, change of the content, change of the node.
    #[inline]
    pub(crate) fn times(&self, inode: Inode) -> [Time; 3] {
        let rec = self.node(inode);
        let fine = self.fine_times.get(inode.0).copied().unwrap_or_default();
        let time = |low: u32, fine| Time::from_parts(low, fine).unwrap_or(low.into());
        [time(rec.atime, fine[0]), time(rec.mtime, fine[1]), time(rec.ctime, fine[2])]
    }

    /// Sets all three.
    pub(crate) fn put_times(&mut self, inode: Inode, times: [Time; 3]) {
        let rec = self.node_mut(inode);
        [rec.atime, rec.mtime, rec.ctime] = times.map(Time::low);
        self.put_fine_times(inode, times.map(Time::fine));
    }

    /// Sets what stock has not, without a page for nodes that need none.
    pub(crate) fn put_fine_times(&mut self, inode: Inode, fine: [u32; 3]) {
        if self.fine_times.get(inode.0).copied().unwrap_or_default() != fine {
            *self.fine_times.get_mut(inode.0) = fine;
        }
    }

    /// Sets some of them to one moment.
    pub(crate) fn stamp(&mut self, inode: Inode, which: &[Stamp], at: Time) {
        let mut times = self.times(inode);
        for stamp in which {
            times[*stamp as usize] = at;
        }
        self.put_times(inode, times);
    }
}
