//! Charts: for each series four rings of 4096 samples, from minutes to days (`spec/admin-and-monitoring.md` 8).
//!
//! A daemon adds one row of samples a minute to its [`Charts`], keeps them in a file between runs, and answers monitors
//! with numbers ([`Charts::data`]) or pictures ([`picture`]). Minutes are those of **local time**, counted from 1970 as if
//! it were UTC, as stock counts them.

mod file;
mod id;
mod picture;
mod recorder;
mod rings;
mod series;

pub use file::StatsFileError;
pub use id::{ChartId, RANGES, Range};
pub use picture::picture;
pub use recorder::{Recorded, Recorder};
pub use rings::{Charts, NO_DATA, SAMPLES};
pub use series::{Axis, CHUNKSERVER, Combined, Join, MASTER, Series, Table};
