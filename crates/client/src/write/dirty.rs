//! The pieces of one file that wait to be written, in order. No threads, no sockets.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use types::{BLOCK_SIZE, CHUNK_SIZE, ChunkIndex};

const BLOCK: usize = BLOCK_SIZE as usize;

/// Consecutive bytes within one block.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Which block of the chunk.
    pub(crate) block: u16,
    /// Where in the block `data` begins.
    pub(crate) from: u32,
    /// 1 to 65,536 bytes. Shared with readers and with the thread that sends it.
    pub(crate) data: Arc<Vec<u8>>,
    /// When it was begun, monotonic milliseconds.
    pub(crate) born_ms: u64,
}

impl Piece {
    fn to(&self) -> usize {
        self.from as usize + self.data.len()
    }

    /// The end of the piece in its chunk.
    pub(crate) fn end_in_chunk(&self) -> u64 {
        u64::from(self.block) * u64::from(BLOCK_SIZE) + self.to() as u64
    }

    fn is_full(&self) -> bool {
        self.data.len() == BLOCK
    }
}

/// What of one chunk waits. The pieces in front have been sent and wait for their acknowledgement; a chunkserver
/// applies pieces in order, so a later piece may overlap an earlier one.
#[derive(Default, Debug)]
pub(crate) struct ChunkQueue {
    pieces: VecDeque<Piece>,
    sent: usize,
    /// Position in the stream of pieces of `pieces[0]`.
    first: u64,
    /// The position of the newest piece of a block.
    newest: HashMap<u16, u64>,
    /// A thread is writing this chunk.
    pub(crate) active: bool,
}

impl ChunkQueue {
    /// Adds bytes; returns by how much the queue grew.
    fn push(&mut self, block: u16, from: u32, bytes: &[u8], now_ms: u64) -> usize {
        if let Some(&position) = self.newest.get(&block) {
            let i = (position - self.first) as usize;
            if i >= self.sent && i < self.pieces.len() {
                let piece = &mut self.pieces[i];
                let (start, end) = (from as usize, from as usize + bytes.len());
                if start >= piece.from as usize && start <= piece.to() {
                    let data = Arc::make_mut(&mut piece.data);
                    let (before, at) = (data.len(), start - piece.from as usize);
                    let overlap = bytes.len().min(before - at);
                    data[at..at + overlap].copy_from_slice(&bytes[..overlap]);
                    data.extend_from_slice(&bytes[overlap..]);
                    return data.len() - before;
                }
                if start < piece.from as usize && end >= piece.from as usize {
                    let kept = end.min(piece.to()) - piece.from as usize;
                    let mut data = bytes.to_vec();
                    data.extend_from_slice(&piece.data[kept..]);
                    let grown = data.len() - piece.data.len();
                    *piece = Piece { from, data: Arc::new(data), ..piece.clone() };
                    return grown;
                }
            }
        }
        self.newest.insert(block, self.first + self.pieces.len() as u64);
        self.pieces.push_back(Piece { block, from, data: Arc::new(bytes.to_vec()), born_ms: now_ms });
        bytes.len()
    }

    /// True when nothing waits, sent or not.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// True when the next unsent piece need not wait for more bytes to join it: it is full, another follows it, or
    /// it was begun before `born_before_ms`.
    pub(crate) fn is_ready(&self, born_before_ms: u64) -> bool {
        self.pieces
            .get(self.sent)
            .is_some_and(|p| p.is_full() || self.pieces.len() > self.sent + 1 || p.born_ms < born_before_ms)
    }

    /// Takes the next piece to send, if it is ready.
    pub(crate) fn send_next(&mut self, born_before_ms: u64) -> Option<Piece> {
        let ready = self.is_ready(born_before_ms);
        let piece = self.pieces.get(self.sent).filter(|_| ready)?.clone();
        self.sent += 1;
        Some(piece)
    }

    /// The oldest piece in flight is safe.
    pub(crate) fn acknowledge(&mut self) -> Option<Piece> {
        if self.sent == 0 {
            return None;
        }
        let piece = self.pieces.pop_front()?;
        self.sent -= 1;
        if self.newest.get(&piece.block) == Some(&self.first) {
            self.newest.remove(&piece.block);
        }
        self.first += 1;
        Some(piece)
    }

    /// The connection is gone: what was in flight has to be sent again.
    pub(crate) fn nothing_sent(&mut self) {
        self.sent = 0;
    }

    /// Gives up everything; returns how many bytes that was.
    pub(crate) fn clear(&mut self) -> usize {
        let bytes = self.pieces.iter().map(|p| p.data.len()).sum();
        *self = ChunkQueue { active: self.active, ..ChunkQueue::default() };
        bytes
    }
}

/// See the module. Chunks without pieces and without a writer are not kept.
#[derive(Default, Debug)]
pub(crate) struct Dirty {
    chunks: BTreeMap<ChunkIndex, ChunkQueue>,
}

impl Dirty {
    /// Adds `bytes` at `offset` of the file; returns by how many bytes the memory in use grew, and the chunks touched.
    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8], now_ms: u64) -> (usize, Vec<ChunkIndex>) {
        let (mut grown, mut touched) = (0, Vec::with_capacity(1));
        let (mut at, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let from = (at % u64::from(BLOCK_SIZE)) as u32;
            let (head, tail) = rest.split_at(rest.len().min(BLOCK - from as usize));
            let index = ChunkIndex((at / CHUNK_SIZE) as u32);
            let block = (at % CHUNK_SIZE / u64::from(BLOCK_SIZE)) as u16;
            grown += self.chunks.entry(index).or_default().push(block, from, head, now_ms);
            if touched.last() != Some(&index) {
                touched.push(index);
            }
            at += head.len() as u64;
            rest = tail;
        }
        (grown, touched)
    }

    /// The queue of one chunk.
    pub(crate) fn chunk(&mut self, index: ChunkIndex) -> &mut ChunkQueue {
        self.chunks.entry(index).or_default()
    }

    /// Forgets the chunk if nothing is left of it.
    pub(crate) fn tidy(&mut self, index: ChunkIndex) {
        if self.chunks.get(&index).is_some_and(|q| q.is_empty() && !q.active) {
            self.chunks.remove(&index);
        }
    }

    /// True when nothing waits and nobody writes.
    pub(crate) fn is_clean(&self) -> bool {
        self.chunks.is_empty()
    }

    /// True when this chunk has pieces or a writer.
    pub(crate) fn is_dirty_chunk(&self, index: ChunkIndex) -> bool {
        self.chunks.contains_key(&index)
    }

    /// All chunks with pieces or a writer: index, and whether a writer is needed and missing for pieces that are
    /// ready.
    pub(crate) fn idle_ready(&self, born_before_ms: u64) -> Vec<ChunkIndex> {
        self.chunks.iter().filter(|(_, q)| !q.active && q.is_ready(born_before_ms)).map(|(&i, _)| i).collect()
    }

    /// The pieces that overlap `offset..offset + len`, oldest first, each with its position in the file.
    pub(crate) fn overlapping(&self, offset: u64, len: usize) -> Vec<(u64, Piece)> {
        let end = offset + len as u64;
        let chunks = ChunkIndex((offset / CHUNK_SIZE) as u32)
            ..=ChunkIndex((end.saturating_sub(1) / CHUNK_SIZE) as u32);
        let mut found = Vec::new();
        for (index, queue) in self.chunks.range(chunks) {
            for piece in &queue.pieces {
                let at = u64::from(index.0) * CHUNK_SIZE + piece.end_in_chunk() - piece.data.len() as u64;
                if at < end && at + piece.data.len() as u64 > offset {
                    found.push((at, piece.clone()));
                }
            }
        }
        found
    }
}

/// Copies `pieces` (from [`Dirty::overlapping`]) over `dest`, which holds the file's bytes from `offset` on.
pub(crate) fn overlay(pieces: &[(u64, Piece)], offset: u64, dest: &mut [u8]) {
    for (at, piece) in pieces {
        let start = (*at).max(offset);
        let end = (at + piece.data.len() as u64).min(offset + dest.len() as u64);
        if start < end {
            let source = &piece.data[(start - at) as usize..(end - at) as usize];
            dest[(start - offset) as usize..(end - offset) as usize].copy_from_slice(source);
        }
    }
}

/// True when `pieces` cover `offset..offset + len` without a gap.
pub(crate) fn covers(pieces: &[(u64, Piece)], offset: u64, len: usize) -> bool {
    let mut spans: Vec<(u64, u64)> = pieces.iter().map(|(at, p)| (*at, at + p.data.len() as u64)).collect();
    spans.sort_unstable();
    let mut reached = offset;
    for (from, to) in spans {
        if from > reached {
            return false;
        }
        reached = reached.max(to);
    }
    reached >= offset + len as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_writes_join() {
        let mut dirty = Dirty::default();
        for i in 0..16 {
            dirty.write(i * 4096, &[i as u8; 4096], 0);
        }
        let queue = dirty.chunk(ChunkIndex(0));
        assert!(queue.is_ready(0), "a full block");
        let piece = queue.send_next(0).unwrap();
        assert_eq!((piece.block, piece.from, piece.data.len()), (0, 0, 65536));
        assert!(queue.send_next(0).is_none());
    }

    #[test]
    fn a_piece_in_flight_does_not_change() {
        let mut dirty = Dirty::default();
        dirty.write(10, b"aaaa", 0);
        let first = dirty.chunk(ChunkIndex(0)).send_next(1).unwrap();
        dirty.write(12, b"bb", 5);
        assert_eq!(**first.data, *b"aaaa");
        let pieces = dirty.overlapping(0, 100);
        assert_eq!(pieces.len(), 2);
        let mut seen = [0; 4];
        overlay(&pieces, 10, &mut seen);
        assert_eq!(&seen, b"aabb");
        assert!(covers(&pieces, 10, 4) && !covers(&pieces, 9, 5));
    }

    proptest! {
        /// Whatever is written, sent, acknowledged and sent again: a disk that applies pieces in order of sending,
        /// overlaid with what waits, is what a plain buffer holds.
        #[test]
        fn disk_and_queue_make_the_file(steps in prop::collection::vec(
            (0_u8..6, 0_usize..200_000, 1_usize..70_000), 1..60
        )) {
            let mut dirty = Dirty::default();
            let (mut model, mut disk) = (vec![0; 300_000], vec![0; 300_000]);
            let (mut memory, mut fill) = (0, 0_u8);
            for (what, at, len) in steps {
                let queue = dirty.chunk(ChunkIndex(0));
                match what {
                    0..=2 => {
                        fill = fill.wrapping_add(1);
                        model[at..at + len].fill(fill);
                        memory += dirty.write(at as u64, &vec![fill; len], 0).0;
                    }
                    3 => if let Some(piece) = queue.send_next(1) {
                        let start = piece.end_in_chunk() as usize - piece.data.len();
                        disk[start..start + piece.data.len()].copy_from_slice(&piece.data);
                    },
                    4 => if let Some(piece) = queue.acknowledge() { memory -= piece.data.len(); },
                    _ => queue.nothing_sent(),
                }
                let mut seen = disk.clone();
                overlay(&dirty.overlapping(0, seen.len()), 0, &mut seen);
                prop_assert!(seen == model);
            }
            prop_assert_eq!(dirty.chunk(ChunkIndex(0)).clear(), memory);
        }
    }
}
