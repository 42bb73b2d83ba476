//! From files to a running state: the image, then all changes since.

mod choose;
mod load;
mod merge;
#[cfg(test)]
mod tests;
mod unfinished;

pub use choose::{Candidate, inspect, newest, usual};
pub use load::{Loaded, Rules, load, rebuild};
pub use merge::{LogBytes, Merge, MergeError, MergedLine, last_change};
pub use unfinished::Unfinished;
