//! Measures a mounted file system from outside, through system calls only: `elkfs bench fs DIR`.
//!
//! The same code measures tmpfs, a stock MooseFS mount and ours, so that every number can be a ratio.

pub mod fs;
