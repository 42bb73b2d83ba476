//! One copy of a chunk on one server.

use crate::ServerId;
use smallvec::SmallVec;
use types::ChunkVersion;

/// What a copy is good for (`spec/chunk-placement.md` 3.2). The `Removal*` states are on a disk marked for removal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
#[allow(missing_docs, reason = "docs are on the variants that are not mirrored")]
pub enum ReplicaState {
    /// Damaged, or its content is unknown: to be deleted once the chunk is safe.
    Invalid = 0,
    /// A deletion was ordered and is not answered yet.
    Deleting = 1,
    /// An operation runs on it.
    Busy = 2,
    /// Good.
    Valid = 3,
    /// It has another version than the chunk.
    Wrong = 4,
    RemovalBusy = 5,
    RemovalValid = 6,
    RemovalWrong = 7,
}

use ReplicaState::*;

impl ReplicaState {
    /// Good or being worked on: counted among "all valid" copies.
    pub fn is_usable(self) -> bool {
        matches!(self, Busy | Valid | RemovalBusy | RemovalValid)
    }
    /// Usable and not on a disk marked for removal.
    pub fn is_regular(self) -> bool {
        matches!(self, Busy | Valid)
    }
    /// Good and at rest.
    pub fn is_good(self) -> bool {
        matches!(self, Valid | RemovalValid)
    }
    /// An operation runs.
    pub fn is_busy(self) -> bool {
        matches!(self, Busy | RemovalBusy)
    }
    /// Of another version.
    pub fn is_wrong(self) -> bool {
        matches!(self, Wrong | RemovalWrong)
    }
    /// On a disk marked for removal (told only of copies that could matter).
    pub fn is_on_removal(self) -> bool {
        matches!(self, RemovalBusy | RemovalValid | RemovalWrong)
    }

    pub(crate) fn to_busy(self) -> Self {
        if self.is_on_removal() { RemovalBusy } else { Busy }
    }
    pub(crate) fn to_valid(self) -> Self {
        if self.is_on_removal() { RemovalValid } else { Valid }
    }
    pub(crate) fn to_wrong(self) -> Self {
        if self.is_on_removal() { RemovalWrong } else { Wrong }
    }
    /// The same with the disk's mark as told; states without two forms stay.
    pub(crate) fn marked(self, removal: bool) -> Self {
        match (self, removal) {
            (Busy | RemovalBusy, true) => RemovalBusy,
            (Busy | RemovalBusy, false) => Busy,
            (Valid | RemovalValid, true) => RemovalValid,
            (Valid | RemovalValid, false) => Valid,
            (Wrong | RemovalWrong, true) => RemovalWrong,
            (Wrong | RemovalWrong, false) => Wrong,
            (other, _) => other,
        }
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        [Invalid, Deleting, Busy, Valid, Wrong, RemovalBusy, RemovalValid, RemovalWrong][(bits & 7) as usize]
    }
}

/// A copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replica {
    /// Where it is.
    pub server: ServerId,
    /// What it is good for.
    pub state: ReplicaState,
    /// Its version, where it differs from the chunk's (`Wrong`, `RemovalWrong`); 0 otherwise.
    pub version: ChunkVersion,
}

impl Replica {
    /// A copy that is not of a wrong version.
    pub(crate) fn new(server: ServerId, state: ReplicaState) -> Self {
        Replica { server, state, version: ChunkVersion(0) }
    }

    pub(crate) fn set(&mut self, state: ReplicaState) {
        *self = Replica::new(self.server, state);
    }

    pub(crate) fn set_wrong(&mut self, version: ChunkVersion) {
        self.state = self.state.to_wrong();
        self.version = version;
    }
}

/// The copies of one chunk.
pub type Replicas = SmallVec<[Replica; 6]>;
