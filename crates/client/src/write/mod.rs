//! Write-behind: what was written and is not on the chunkservers yet, and how it gets there.

mod budget;
mod dirty;
mod drive;
mod session;

pub(crate) use budget::Budget;
pub(crate) use dirty::{Dirty, covers, overlay};
pub(crate) use drive::{Attempts, Flush};
