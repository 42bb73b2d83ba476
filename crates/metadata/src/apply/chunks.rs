//! Chunk records.

use crate::file::ChunkRec;
use crate::fs::Fs;
use ondisk::Outcome;
use types::{ChunkId, ChunkVersion, Status};

/// How far beyond the next id a chunk found on a server may lie.
const MAX_ID_JUMP: u64 = 1_000_000_000;

impl Fs {
    pub(crate) fn add_chunk(&mut self, rec: ChunkRec) {
        let classes = &self.classes;
        self.chunks.insert(rec, |c| classes.keepmax(c));
    }

    pub(super) fn unlock(&mut self, chunk: ChunkId) -> Result<Outcome, Status> {
        self.chunks.get_mut(chunk.0).ok_or(Status::NOCHUNK)?.locked_until = 0;
        Ok(Outcome::none())
    }

    pub(super) fn chunk_add(
        &mut self,
        ts: u32,
        chunk: ChunkId,
        version: ChunkVersion,
        locked_to: u32,
    ) -> Result<Outcome, Status> {
        if self.chunks.get(chunk.0).is_some() {
            return Err(Status::CHUNKEXIST);
        }
        let too_far = chunk.0 > self.chunks.next_id.saturating_add(MAX_ID_JUMP) || chunk.0 == u64::MAX;
        if chunk.0 == 0 || too_far || (locked_to != 0 && locked_to < ts) {
            return Err(Status::MISMATCH);
        }
        self.add_chunk(ChunkRec::new(chunk.0, version.0, locked_to, false));
        self.chunks.next_id = self.chunks.next_id.max(chunk.0 + 1);
        Ok(Outcome::none())
    }

    /// Chunks that files name are refused; except those that files had named before the chunk became known, whose
    /// references stock does not count.
    pub(super) fn chunk_delete(
        &mut self,
        ts: u32,
        chunk: ChunkId,
        version: ChunkVersion,
    ) -> Result<Outcome, Status> {
        let rec = self.chunks.get(chunk.0).ok_or(Status::NOCHUNK)?;
        if rec.version != version.0 {
            return Err(Status::WRONGVERSION);
        }
        if rec.refs > 0 && !rec.adopted() {
            return Err(Status::ACTIVE);
        }
        if rec.locked_until >= ts {
            return Err(Status::LOCKED);
        }
        self.chunks.remove(chunk.0);
        Ok(Outcome::none())
    }

    pub(super) fn change_version(
        &mut self,
        chunk: ChunkId,
        new: impl FnOnce(u32) -> u32,
    ) -> Result<Outcome, Status> {
        let rec = self.chunks.get_mut(chunk.0).ok_or(Status::NOCHUNK)?;
        rec.version = new(rec.version);
        Ok(Outcome::none())
    }

    pub(super) fn set_next_chunk_id(&mut self, chunk: ChunkId) -> Result<Outcome, Status> {
        if chunk.0 <= self.chunks.next_id {
            return Err(Status::MISMATCH);
        }
        self.chunks.next_id = chunk.0;
        Ok(Outcome::none())
    }
}
