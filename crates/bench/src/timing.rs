//! How long operations took.

use std::time::Duration;

/// How long a number of operations took.
#[derive(Debug, Clone)]
pub(crate) struct Timing {
    /// From the start of the first thread to the end of the last one.
    pub(crate) wall: Duration,
    /// Each operation's own time, ascending.
    pub(crate) each: Vec<Duration>,
}

/// What was done while time was taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Done {
    /// So many operations.
    Operations(usize),
    /// So many bytes moved.
    Bytes(usize),
}
