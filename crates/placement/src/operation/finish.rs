//! The end of an operation: done, done by some only, or by none (`spec/chunk-placement.md` 3.7, 3.8).

use super::{OperationKind, Running};
use crate::chunks::Flags;
use crate::cluster::Chunk;
use crate::{ChunkMeta, Cluster, Event, Now, Order, ServerId};
use types::{ChunkId, Status};

impl Cluster {
    /// A copy vanished from a server under the operation, or was found damaged. Call before [`Self::finish_if_done`].
    pub(crate) fn copy_vanished(&mut self, id: ChunkId) {
        if let Some(running) = self.running.get_mut(&id).filter(|r| r.is_awaited()) {
            running.vanished();
        }
    }

    /// Ends the chunk's operation when no copy is busy any more.
    pub(crate) fn finish_if_done(&mut self, now: Now, meta: &dyn ChunkMeta, chunk: &mut Chunk) {
        if chunk.has_busy() {
            return;
        }
        let Some(running) = self.running.get(&chunk.id).copied() else { return };
        if !running.is_awaited() {
            self.end_replication(now, meta, chunk);
        } else if !chunk.has_usable() {
            self.failed(now, chunk, running);
        } else if running.interrupted {
            self.raise_version(chunk, running);
        } else {
            self.done(now, meta, chunk, running);
        }
    }

    fn done(&mut self, now: Now, meta: &dyn ChunkMeta, chunk: &Chunk, running: Running) {
        self.end(chunk);
        self.chunks.put(chunk.slot, Flags::BUMP, false);
        self.chunks.put(chunk.slot, Flags::PROVEN, true);
        if self.burned.get(&chunk.id).is_some_and(|burned| *burned < running.new) {
            self.burned.remove(&chunk.id);
        }
        self.event(Event::OperationDone { chunk: chunk.id, status: Status::OK });
        self.retry_if_unlocked(now, chunk);
        self.consider(now, meta, chunk);
    }

    /// Only some did it: they get a version that nobody else can have, and whoever waits waits on.
    fn raise_version(&mut self, chunk: &mut Chunk, running: Running) {
        self.release_source(&running);
        let (old, new) = (running.new, self.next_version(chunk.id, running.new));
        let id = chunk.id;
        self.event(Event::SetVersion { chunk: id, version: new });
        chunk.info.version = new;
        let again = Running { only_no_space: None, ..Running::new(OperationKind::SetVersion, old, new) };
        self.start_in_place(chunk, again.kind, (old, new), |_: ServerId| Order::SetVersion {
            chunk: id,
            new,
            old,
        });
    }

    /// Nobody did it: the chunk has its old version again, and so have copies that never started.
    fn failed(&mut self, now: Now, chunk: &mut Chunk, running: Running) {
        self.end(chunk);
        self.chunks.put(chunk.slot, Flags::BUMP, true);
        if running.kind.is_in_place() {
            for replica in
                chunk.replicas.iter_mut().filter(|r| r.state.is_wrong() && r.version == running.old)
            {
                replica.set(replica.state.to_valid());
            }
            if running.burned {
                // A server that is not there now may come back with the version nobody was told of.
                let burned = self.burned.entry(chunk.id).or_default();
                *burned = (*burned).max(running.new);
            }
            self.event(Event::SetVersion { chunk: chunk.id, version: running.old });
            chunk.info.version = running.old;
            self.store(chunk);
        }
        let status = match running.only_no_space {
            Some(true) => Status::NOSPACE,
            _ => Status::NOTDONE,
        };
        self.event(Event::OperationDone { chunk: chunk.id, status });
        self.retry_if_unlocked(now, chunk);
    }

    fn end(&mut self, chunk: &Chunk) {
        if let Some(running) = self.running.remove(&chunk.id) {
            self.release_source(&running);
        }
        self.chunks.put(chunk.slot, Flags::OPERATION, false);
    }

    fn retry_if_unlocked(&mut self, now: Now, chunk: &Chunk) {
        if !chunk.info.is_locked(now.unix) {
            self.event(Event::Retry { chunk: chunk.id });
        }
    }
}
