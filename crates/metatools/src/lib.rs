//! Programs for files of metadata, without a running master: recovery, dumps, checks, differences.

pub mod dump;
mod getopt;
pub mod meta;
pub mod restore;
