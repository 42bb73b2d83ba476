//! The tools of daily work (`spec/tools.md` 1 to 12): same names, flags, output and exit codes as MooseFS 3.0.117's.
//!
//! The module `table` names them all, once; [`run`] is what the multi-call binary calls. What a script may read goes to
//! stdout exactly as stock prints it; what went wrong with the command line goes to stderr in our own words.

mod args;
mod commands;
mod counts;
mod failure;
mod labels;
mod man;
mod mounts;
mod numbers;
mod realpath;
mod run;
mod table;
mod tool;
mod user;

pub use run::{multi_call, run};
pub use table::TOOLS;
pub use tool::{Tool, called};
