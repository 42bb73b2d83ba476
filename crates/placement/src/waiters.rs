//! Requests that wait for a chunk (`spec/chunk-placement.md` 3.13). What a request is, is the caller's business.

use crate::Instant;
use std::collections::{BTreeMap, HashMap, VecDeque};
use types::{ChunkId, Status};

/// A parked request is answered with its status after so long.
const PARKED_MS: u64 = 30_000;

struct Parked<T> {
    request: T,
    status: Status,
    until: Instant,
}

/// Requests of type `T`: those answered by the end of an operation, and those to be tried again.
pub struct Waiters<T> {
    awaiting: HashMap<ChunkId, VecDeque<T>>,
    /// In order of ids, so that the same events give the same order of answers.
    parked: BTreeMap<ChunkId, VecDeque<Parked<T>>>,
    parked_count: usize,
    limit: usize,
}

impl<T> Waiters<T> {
    /// Parks at most `limit` requests.
    pub fn new(limit: usize) -> Self {
        Waiters { awaiting: HashMap::new(), parked: BTreeMap::new(), parked_count: 0, limit }
    }

    /// The request started the operation that runs on the chunk.
    pub fn await_operation(&mut self, chunk: ChunkId, request: T) {
        self.awaiting.entry(chunk).or_default().push_back(request);
    }

    /// The operation ended: the request it answers.
    pub fn finished(&mut self, chunk: ChunkId) -> Option<T> {
        let queue = self.awaiting.get_mut(&chunk)?;
        let request = queue.pop_front();
        if queue.is_empty() {
            self.awaiting.remove(&chunk);
        }
        request
    }

    /// The request met a locked (LOCKED) or busy (CHUNKBUSY) chunk.
    ///
    /// # Errors
    /// The request comes back when too many are parked: answer it with its status now.
    pub fn park(&mut self, now: Instant, chunk: ChunkId, status: Status, request: T) -> Result<(), T> {
        if self.parked_count >= self.limit {
            return Err(request);
        }
        self.parked_count += 1;
        let until = now.after_ms(PARKED_MS);
        self.parked.entry(chunk).or_default().push_back(Parked { request, status, until });
        Ok(())
    }

    /// How many are parked on the chunk: after a retry event, try so many with [`Waiters::next`], and stop when one of
    /// them locks the chunk or makes it busy.
    pub fn parked_on(&self, chunk: ChunkId) -> usize {
        self.parked.get(&chunk).map_or(0, VecDeque::len)
    }

    /// Takes the request that was parked on the chunk for the longest time.
    pub fn next(&mut self, chunk: ChunkId) -> Option<T> {
        let queue = self.parked.get_mut(&chunk)?;
        let parked = queue.pop_front();
        if queue.is_empty() {
            self.parked.remove(&chunk);
        }
        self.parked_count -= usize::from(parked.is_some());
        parked.map(|p| p.request)
    }

    /// Once a second: requests parked for too long, with the status to answer.
    pub fn expire(&mut self, now: Instant) -> Vec<(T, Status)> {
        let mut expired = Vec::new();
        self.parked.retain(|_, queue| {
            // All wait equally long, so the oldest are in front.
            while queue.front().is_some_and(|p| p.until < now) {
                expired.extend(queue.pop_front().map(|p| (p.request, p.status)));
            }
            !queue.is_empty()
        });
        self.parked_count -= expired.len();
        expired
    }

    /// A client is gone: forgets its parked requests and gives back those whose operation must be rolled back.
    pub fn remove(&mut self, gone: impl Fn(&T) -> bool) -> Vec<(ChunkId, T)> {
        self.parked.retain(|_, queue| {
            let before = queue.len();
            queue.retain(|p| !gone(&p.request));
            self.parked_count -= before - queue.len();
            !queue.is_empty()
        });
        let mut ids: Vec<ChunkId> = self.awaiting.keys().copied().collect();
        ids.sort_unstable();
        let mut started = Vec::new();
        for id in ids {
            let Some(queue) = self.awaiting.remove(&id) else { continue };
            let mut kept = VecDeque::new();
            for request in queue {
                if gone(&request) { started.push((id, request)) } else { kept.push_back(request) }
            }
            if !kept.is_empty() {
                self.awaiting.insert(id, kept);
            }
        }
        started
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parked_in_order_expired_with_their_status_and_bounded() {
        let mut waiters = Waiters::new(3);
        let chunk = ChunkId(5);
        assert_eq!(waiters.park(Instant(0), chunk, Status::LOCKED, 'a'), Ok(()));
        assert_eq!(waiters.park(Instant(10), chunk, Status::CHUNKBUSY, 'b'), Ok(()));
        assert_eq!(waiters.park(Instant(10), ChunkId(6), Status::LOCKED, 'c'), Ok(()));
        assert_eq!(waiters.park(Instant(10), chunk, Status::LOCKED, 'd'), Err('d'));
        assert_eq!(waiters.expire(Instant(30_000)), []);
        assert_eq!(waiters.expire(Instant(30_001)), [('a', Status::LOCKED)]);
        assert_eq!(waiters.parked_on(chunk), 1);
        assert_eq!(waiters.park(Instant(50), chunk, Status::LOCKED, 'd'), Ok(()));
        assert_eq!(
            [waiters.next(chunk), waiters.next(chunk), waiters.next(chunk)],
            [Some('b'), Some('d'), None]
        );
    }

    #[test]
    fn a_lost_client_gets_its_operations_back() {
        let mut waiters = Waiters::new(10);
        for request in [1, 2] {
            waiters.await_operation(ChunkId(1), request);
        }
        waiters.park(Instant(0), ChunkId(2), Status::LOCKED, 1).unwrap();
        assert_eq!(waiters.remove(|r| *r == 1), [(ChunkId(1), 1)]);
        assert_eq!(waiters.parked_on(ChunkId(2)), 0);
        assert_eq!([waiters.finished(ChunkId(1)), waiters.finished(ChunkId(1))], [Some(2), None]);
    }
}
