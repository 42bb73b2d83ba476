//! Metadata as the simulated master keeps it.

use placement::{ChunkInfo, ChunkMeta, ClassId, ClassView, Event, LabelTerm, Mode};
use std::collections::BTreeMap;
use types::{ChunkId, ChunkVersion};

const ANY: LabelTerm = [0; 4];
const A: LabelTerm = [1, 0, 0, 0];
const B: LabelTerm = [2, 0, 0, 0];

/// Classes 1..=3 are goals; 10 wants A and B; 11 wants two of A, strictly; 12 wants three when archived, else two; what 13
/// wants changes.
pub(crate) struct Meta {
    /// Class 13 wants B, not A.
    pub(crate) redefined: bool,
    pub(crate) chunks: BTreeMap<ChunkId, ChunkInfo>,
    pub(crate) next: ChunkId,
}

impl ChunkMeta for Meta {
    fn chunk(&self, id: ChunkId) -> Option<ChunkInfo> {
        self.chunks.get(&id).copied()
    }
    fn class(&self, id: ClassId) -> Option<ClassView<'_>> {
        static GOALS: [LabelTerm; 9] = [ANY; 9];
        let (mode, set): (_, &[LabelTerm]) = match id {
            1..=9 => (Mode::Standard, &GOALS[..usize::from(id)]),
            10 => (Mode::Standard, &[A, B]),
            11 => (Mode::Strict, &[A, A]),
            12 => (Mode::Standard, &GOALS[..2]),
            13 if self.redefined => (Mode::Standard, &[B]),
            13 => (Mode::Standard, &[A]),
            _ => return None,
        };
        let archive = if id == 12 { &GOALS[..3] } else { set };
        Some(ClassView { mode, create: set, keep: set, archive })
    }
    fn next_chunk(&self) -> ChunkId {
        self.next
    }
}

impl Meta {
    /// What the events say; those that are not about metadata come back.
    pub(crate) fn apply(&mut self, event: Event, now: u32) -> Option<Event> {
        match event {
            Event::SetVersion { chunk, version } => {
                self.chunks.get_mut(&chunk).expect("an event about a known chunk").version = version;
            }
            Event::RemoveChunk { chunk, version } => {
                let info = self.chunks.remove(&chunk).expect("only known chunks are removed");
                assert_eq!((info.references, info.version), (0, version));
                assert!(!info.is_locked(now));
            }
            Event::RaiseNextChunk { above } => self.next = self.next.max(ChunkId(above.0 + 1)),
            other => return Some(other),
        }
        None
    }

    pub(crate) fn lock(&mut self, id: ChunkId, until: u32) {
        self.chunks.get_mut(&id).expect("granted").locked_until = until;
    }

    /// The change a grant stands for.
    pub(crate) fn granted(
        &mut self,
        old: Option<ChunkId>,
        new: ChunkId,
        version: ChunkVersion,
        class: ClassId,
        until: u32,
    ) {
        if old != Some(new) {
            assert_eq!(new, self.next);
            self.next.0 += 1;
            self.chunks.insert(
                new,
                ChunkInfo { version, locked_until: until, references: 1, class, archived: false },
            );
            if let Some(old) = old {
                self.dereference(old);
            }
        } else {
            let info = self.chunks.get_mut(&new).expect("granted");
            assert!(version == info.version || version.0 == info.version.0 + 1, "{version:?} after {info:?}");
            info.version = version;
        }
        self.lock(new, until);
    }

    pub(crate) fn dereference(&mut self, id: ChunkId) {
        let info = self.chunks.get_mut(&id).expect("referenced");
        info.references -= 1;
    }
}
