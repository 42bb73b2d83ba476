//! Measures from outside: a file system through system calls (`elkfs bench fs DIR`), a master through its client port
//! (`elkfs bench master HOST`), and chunkservers through their protocol (`elkfs bench chunkserver`).
//!
//! The same code measures tmpfs, stock MooseFS and ours, so that every number can be a ratio.

pub mod chunkserver;
pub mod fs;
pub mod master;
mod timing;
