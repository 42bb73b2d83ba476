//! Seven queues of chunks that need work, the most urgent first (`spec/chunk-placement.md` 4.2).

use std::collections::VecDeque;
use types::ChunkId;

/// How urgent; also the queue's number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Level {
    /// One copy left of three or more.
    EndangeredHigh,
    /// One copy left of two.
    Endangered,
    /// One regular copy, others on disks marked for removal.
    OneRegular,
    /// Copies on disks marked for removal.
    MarkedForRemoval,
    /// Too few copies.
    Undergoal,
    /// Copies on the wrong servers.
    WrongLabels,
    /// Too many copies.
    Overgoal,
}

impl Level {
    pub(crate) const ALL: [Level; 7] = [
        Level::EndangeredHigh,
        Level::Endangered,
        Level::OneRegular,
        Level::MarkedForRemoval,
        Level::Undergoal,
        Level::WrongLabels,
        Level::Overgoal,
    ];

    /// The part of a tick that is the queue's even when more urgent ones are full.
    pub(crate) fn share(self) -> f64 {
        [1.0, 0.1, 0.1, 0.01, 0.05, 0.01, 0.3][self as usize]
    }
}

#[derive(Debug)]
pub(crate) struct Queues {
    queues: [VecDeque<ChunkId>; 7],
    limit: usize,
}

impl Queues {
    pub(crate) fn new(limit: usize) -> Self {
        Queues { queues: Default::default(), limit }
    }

    /// Adds a chunk; a full queue gives up its oldest, which the full pass will find again.
    pub(crate) fn push(&mut self, level: Level, id: ChunkId) -> Option<ChunkId> {
        let queue = &mut self.queues[level as usize];
        let dropped = if queue.len() >= self.limit { queue.pop_front() } else { None };
        queue.push_back(id);
        dropped
    }

    pub(crate) fn pop(&mut self, level: Level) -> Option<ChunkId> {
        self.queues[level as usize].pop_front()
    }

    pub(crate) fn len(&self, level: Level) -> usize {
        self.queues[level as usize].len()
    }

    pub(crate) fn lengths(&self) -> [usize; 7] {
        std::array::from_fn(|n| self.queues[n].len())
    }

    /// A queue more urgent than this has entries.
    pub(crate) fn any_before(&self, level: Level) -> bool {
        self.queues[..level as usize].iter().any(|q| !q.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_drops_its_oldest() {
        let mut queues = Queues::new(2);
        assert_eq!(queues.push(Level::Undergoal, ChunkId(1)), None);
        assert_eq!(queues.push(Level::Undergoal, ChunkId(2)), None);
        assert_eq!(queues.push(Level::Undergoal, ChunkId(3)), Some(ChunkId(1)));
        assert!(queues.any_before(Level::WrongLabels) && !queues.any_before(Level::Undergoal));
        assert_eq!(
            [queues.pop(Level::Undergoal), queues.pop(Level::Undergoal)],
            [Some(ChunkId(2)), Some(ChunkId(3))]
        );
        assert_eq!(queues.pop(Level::Undergoal), None);
    }
}
