//! `elkfs bench fs DIR`: rates of small files and metadata, and of streams.

mod args;
mod cold;
mod pattern;
mod report;
mod run;
mod scratch;
mod small;
mod streams;
mod workers;

pub use args::{ColdMode, FsArgs};
pub use report::{Report, Row, Unit};
pub use run::{measure, run};
