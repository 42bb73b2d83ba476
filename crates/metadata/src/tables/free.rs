//! Inode numbers that were freed lately and must not be used again yet.

use types::Inode;

/// Freed numbers with the time they were freed, the oldest first; times never descend.
#[derive(Clone, Default)]
pub(crate) struct Free {
    list: imbl::Vector<(u32, u32)>,
}

impl Free {
    /// Appends a number. If the clock went back, later times in the list are lowered, so that they stay in order.
    pub(crate) fn push(&mut self, inode: Inode, ts: u32) {
        let mut at = self.list.len();
        while at > 0 && self.list.get(at - 1).is_some_and(|(_, time)| *time > ts) {
            at -= 1;
            if let Some(entry) = self.list.get_mut(at) {
                entry.1 = ts;
            }
        }
        self.list.push_back((inode.0, ts));
    }

    /// The number at this place and its time, the oldest at 0.
    pub(crate) fn get(&self, at: usize) -> Option<(Inode, u32)> {
        self.list.get(at).map(|(inode, time)| (Inode(*inode), *time))
    }

    pub(crate) fn pop(&mut self) {
        self.list.pop_front();
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Inode, u32)> {
        self.list.iter().map(|(inode, time)| (Inode(*inode), *time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_never_descend() {
        let mut free = Free::default();
        [(5, 10), (6, 20), (7, 30), (8, 15)].into_iter().for_each(|(i, t)| free.push(Inode(i), t));
        let all: Vec<_> = free.iter().map(|(i, t)| (i.0, t)).collect();
        assert_eq!(all, [(5, 10), (6, 15), (7, 15), (8, 15)]);
    }
}
