//! Replaying a changelog.

use crate::fs::Fs;
use ondisk::Line;
use thiserror::Error;
use types::Status;

/// Why a line cannot follow. After [`ReplayError::Outcome`] the state is what the line made of it; otherwise it is as
/// before.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// Lines are missing, or the line is old.
    #[error("line {line} cannot follow: the metadata has version {version}")]
    Version {
        /// The line's number.
        line: u64,
        /// The number it should have.
        version: u64,
    },
    /// The operation cannot be done.
    #[error("line {line}: {op} failed: {status}")]
    Failed {
        /// The line's number.
        line: u64,
        /// The operation with its arguments.
        op: String,
        /// Why.
        status: Status,
    },
    /// The operation did something else than it did when it was logged.
    #[error("line {line}: {op} gave {actual:?} where the log has {logged:?}")]
    Outcome {
        /// The line's number.
        line: u64,
        /// The operation with its arguments.
        op: String,
        /// What the log says.
        logged: Box<[u64]>,
        /// What it did here.
        actual: Box<[u64]>,
    },
}

impl Fs {
    /// Applies a line of the changelog, which must carry the number [`Fs::version`], and checks that it does what it
    /// did when it was logged.
    pub fn replay(&mut self, line: &Line<'_>) -> Result<(), ReplayError> {
        if line.version != self.version {
            return Err(ReplayError::Version { line: line.version, version: self.version });
        }
        let op = || format!("{:?}", line.op);
        let actual = self.apply_decided(line.ts, &line.op, &line.outcome);
        let actual =
            actual.map_err(|error| ReplayError::Failed { line: line.version, op: op(), status: error.0 })?;
        if line.op.agrees(&line.outcome, &actual) {
            return Ok(());
        }
        let (logged, actual) = (line.outcome.as_slice().into(), actual.as_slice().into());
        Err(ReplayError::Outcome { line: line.version, op: op(), logged, actual })
    }
}
