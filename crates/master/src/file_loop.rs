//! The check of all files: which have lost chunks, or copies of chunks (`spec/admin-and-monitoring.md` 5.6, 5.7).

use crate::core::Master;
use proto::info::{FsTest, MissingChunk};
use types::{Bytes32, ChunkId, ChunkIndex, Inode, NodeType};

/// A whole pass takes a minute, or longer where there are many files: no second has more than so many nodes.
const SECONDS: u32 = 60;
const NODES_A_SECOND: std::ops::RangeInclusive<u32> = 100..=10_000;
/// `MISSING_LOG_CAPACITY` where nothing is set.
const MISSING: usize = 100_000;

/// What a pass found.
#[derive(Clone, Default)]
struct Findings {
    start: u32,
    end: u32,
    files: u32,
    undergoal_files: u32,
    missing_files: u32,
    missing_trash: u32,
    missing_sustained: u32,
    chunks: u32,
    undergoal_chunks: u32,
    missing_chunks: u32,
    missing: Vec<MissingChunk>,
}

/// The pass that runs, and what the last one found.
#[derive(Default)]
pub(crate) struct FileLoop {
    /// The next node to look at; 0 before the first pass.
    next: Inode,
    running: Findings,
    found: Findings,
}

impl FileLoop {
    /// What the last finished pass found.
    pub(crate) fn report(&self) -> FsTest<'_> {
        let f = &self.found;
        FsTest {
            loop_start: f.start,
            loop_end: f.end,
            files: f.files,
            undergoal_files: f.undergoal_files,
            missing_files: f.missing_files,
            missing_trash_files: f.missing_trash,
            missing_sustained_files: f.missing_sustained,
            chunks: f.chunks,
            undergoal_chunks: f.undergoal_chunks,
            missing_chunks: f.missing_chunks,
            message: Bytes32::new(b""),
        }
    }

    /// Chunks that the last finished pass found without a good copy.
    pub(crate) fn missing(&self) -> &[MissingChunk] {
        &self.found.missing
    }
}

impl Master {
    /// Every second: a part of the pass. It rests while chunkservers still tell what they have.
    pub(crate) fn check_files(&mut self) {
        let now = self.chunk_time();
        if !self.cluster.is_complete(now) || self.cluster.progress(now) != 0 {
            return;
        }
        if self.file_loop.next.0 == 0 {
            self.file_loop.next = types::ROOT;
            self.file_loop.running = Findings { start: self.now, ..Findings::default() };
        }
        let nodes = self.fs.totals().nodes / SECONDS;
        for _ in 0..nodes.clamp(*NODES_A_SECOND.start(), *NODES_A_SECOND.end()) {
            let Some(inode) = self.fs.next_node(self.file_loop.next) else {
                let found = std::mem::take(&mut self.file_loop.running);
                self.file_loop.found = Findings { end: self.now, ..found };
                self.file_loop.next = Inode(0);
                return;
            };
            self.check_file(inode);
            self.file_loop.next = Inode(inode.0.saturating_add(1));
        }
    }

    fn check_file(&mut self, inode: Inode) {
        let Some(node) = self.fs.get(inode).filter(|node| node.kind.has_chunks()) else { return };
        let (mut missing, mut undergoal) = (0, 0);
        for (index, chunk) in self.fs.chunks_of(inode, ChunkIndex(0)) {
            self.file_loop.running.chunks += 1;
            let copies = self.cluster.copies(chunk);
            if copies == 0 {
                missing += 1;
                self.note_missing(inode, index, chunk);
            } else if copies < self.copies_wanted(chunk) {
                undergoal += 1;
            }
        }
        let run = &mut self.file_loop.running;
        run.files += 1;
        run.undergoal_chunks += undergoal;
        run.missing_chunks += missing;
        run.undergoal_files += u32::from(undergoal > 0 && missing == 0);
        if missing > 0 {
            run.missing_files += 1;
            run.missing_trash += u32::from(node.kind == NodeType::Trash);
            run.missing_sustained += u32::from(node.kind == NodeType::Sustained);
        }
    }

    fn copies_wanted(&self, chunk: ChunkId) -> usize {
        let Some(chunk) = self.fs.chunk(chunk) else { return 0 };
        let class = self.fs.sclass(chunk.class);
        class.map_or(0, |c| if chunk.archived { c.archive.len() } else { c.keep.len() })
    }

    fn note_missing(&mut self, inode: Inode, index: ChunkIndex, chunk: ChunkId) {
        let limit =
            self.config.text_of("MISSING_LOG_CAPACITY").and_then(|n| n.parse().ok()).unwrap_or(MISSING);
        if self.file_loop.running.missing.len() < limit {
            let meta = crate::cs::Meta(&self.fs);
            let kind = self.cluster.missing(&meta, chunk).map_or(0, |kind| kind as u8);
            self.file_loop.running.missing.push(MissingChunk { chunk, inode, index, kind });
        }
    }
}
