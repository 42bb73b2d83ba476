//! From files to a running state: the image, then all changes since.

mod choose;
mod load;
mod merge;

pub use choose::{Candidate, inspect, newest, usual};
pub use load::{Loaded, Rules, load, rebuild};
pub use merge::{LogBytes, Merge, MergeError, MergedLine};
