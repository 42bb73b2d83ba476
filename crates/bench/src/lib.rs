//! Measures from outside: a mounted file system through system calls (`elkfs bench fs DIR`), and chunkservers through
//! their protocol (`elkfs bench chunkserver`).
//!
//! The same code measures stock's and ours, so that every number can be a ratio.

pub mod chunkserver;
pub mod fs;
