//! Whether the disks that a server marked for removal may be pulled (`spec/chunk-placement.md` 4.8).

/// What operators are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum RemovalProgress {
    /// No full pass over all chunks was made yet.
    Unknown = 0,
    /// Some chunk still needs its copy there.
    InProgress = 1,
    /// A full pass found nothing that is needed there.
    CanBeRemoved = 2,
}

/// The same with what is needed to get there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RemovalState {
    UnknownHard,
    UnknownSoft,
    CanBeRemoved,
    InProgress,
    WasInProgress,
}

impl RemovalState {
    pub(crate) fn needed(&mut self) {
        *self = RemovalState::InProgress;
    }

    pub(crate) fn loop_ended(&mut self) {
        *self = match self {
            RemovalState::UnknownHard => RemovalState::UnknownSoft,
            RemovalState::InProgress => RemovalState::WasInProgress,
            _ => RemovalState::CanBeRemoved,
        };
    }

    pub(crate) fn shown(self) -> RemovalProgress {
        match self {
            RemovalState::UnknownHard | RemovalState::UnknownSoft => RemovalProgress::Unknown,
            RemovalState::InProgress | RemovalState::WasInProgress => RemovalProgress::InProgress,
            RemovalState::CanBeRemoved => RemovalProgress::CanBeRemoved,
        }
    }
}
