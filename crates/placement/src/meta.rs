//! What is asked of metadata.

use types::{ChunkId, ChunkVersion};

/// A storage class, 1..=255; 0 is the class of chunks without references.
pub type ClassId = u8;

/// One copy's wish: an OR of up to four ANDs of labels, bit 0 = 'A' (`spec/chunk-placement.md` 1.3).
pub type LabelTerm = [u32; 4];

/// True when a server with these labels may hold the copy. A term whose first mask is 0 takes every server.
pub fn term_matches(term: &LabelTerm, labels: u32) -> bool {
    term[0] == 0 || term.iter().take_while(|mask| **mask != 0).any(|mask| labels & mask == *mask)
}

/// What to do when the servers a label names cannot take a copy (`spec/chunk-placement.md` 1.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Use any other server.
    Loose,
    /// Wait when they are busy, use any other server when they are full or absent.
    Standard,
    /// Wait when they are busy, do nothing when they are full or absent.
    Strict,
}

/// A storage class as placement sees it.
#[derive(Clone, Copy, Debug)]
pub struct ClassView<'a> {
    /// What to do when labels cannot be had.
    pub mode: Mode,
    /// Copies of a new chunk.
    pub create: &'a [LabelTerm],
    /// Copies of an ordinary chunk.
    pub keep: &'a [LabelTerm],
    /// Copies of an archived chunk.
    pub archive: &'a [LabelTerm],
}

impl<'a> ClassView<'a> {
    /// The set that holds for an existing chunk.
    pub(crate) fn wanted(&self, archived: bool) -> &'a [LabelTerm] {
        if archived { self.archive } else { self.keep }
    }
}

/// True when some term is not "any server".
pub(crate) fn has_labels(terms: &[LabelTerm]) -> bool {
    terms.iter().any(|term| term[0] != 0)
}

/// A chunk as metadata knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChunkInfo {
    /// The version every good copy has.
    pub version: ChunkVersion,
    /// Unix second until which (inclusive) a writer holds the chunk; 0 = not locked.
    pub locked_until: u32,
    /// How many cells of files point to it; 0 = its copies are to be deleted.
    pub references: u32,
    /// The effective class of those files; 0 without references.
    pub class: ClassId,
    /// Whether the archive set applies.
    pub archived: bool,
}

impl ChunkInfo {
    /// True while a writer holds the chunk. The last second counts.
    pub fn is_locked(&self, unix: u32) -> bool {
        self.locked_until >= unix
    }
}

/// Metadata, as far as placement asks.
pub trait ChunkMeta {
    /// The chunk, or none when metadata does not know it.
    fn chunk(&self, id: ChunkId) -> Option<ChunkInfo>;
    /// A storage class, or none when it is not defined.
    fn class(&self, id: ClassId) -> Option<ClassView<'_>>;
    /// The id the next new chunk will get.
    fn next_chunk(&self) -> ChunkId;
}
