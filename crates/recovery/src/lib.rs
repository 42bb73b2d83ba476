//! From files to a state and back: which image to begin with, all changes since, and how an image is stored.
//!
//! The running master, `mfsmetarestore` and the offline tools all use this, so a recovery by hand cannot differ from
//! one at start.

mod choose;
pub mod images;
mod load;
mod merge;
mod progress;
pub mod storage;
#[cfg(test)]
mod tests;
mod unfinished;

pub use choose::{Candidate, candidates, inspect, usual};
pub use load::{Loaded, Rules, changelog_name, changelogs, load, make_way, rebuild, recover};
pub use merge::{LogBytes, Merge, MergeError, MergedLine, last_change};
pub use progress::{LogProgress, Progress};
pub use unfinished::Unfinished;
