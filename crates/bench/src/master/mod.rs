//! `elkfs bench master HOST`: a load generator that speaks the client protocol to any master, stock or ours.

mod args;
mod link;
pub mod requests;
mod run;
mod worker;

pub use args::{MasterArgs, Shape};
pub use link::{Link, expect_ok, inode_of};
pub use run::{MasterReport, measure, run};
