//! What is wrong with a line.

use thiserror::Error;

/// A changelog line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("column {column}: {problem}")]
pub struct LineError {
    /// Where, counted from 1.
    pub column: usize,
    /// What.
    pub problem: LineProblem,
}

/// What is wrong at a [`LineError`]'s column.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineProblem {
    /// Something else should stand there.
    #[error("{0} expected")]
    Expected(&'static str),
    /// The operation is none of 3.0.117's. Replay must stop here, not skip the line.
    #[error("unknown operation '{0}'")]
    UnknownOp(String),
}
