//! How operations change the state (`spec/metadata-format.md` 15).

use thiserror::Error;
use types::Status;

/// Why an operation cannot be applied to this state. The state is as it was, unless the text says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ApplyError(pub Status);

impl From<Status> for ApplyError {
    fn from(status: Status) -> Self {
        ApplyError(status)
    }
}
