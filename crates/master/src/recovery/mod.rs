//! From files to a running state: the image, then all changes since.

mod merge;

pub use merge::{LogBytes, Merge, MergeError, MergedLine};
