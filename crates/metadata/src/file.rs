//! Chunks of files: which chunk is where in a file, and what is known about each chunk.

mod chunks;
mod contents;
mod tables;

pub(crate) use chunks::{ChunkRec, Chunks};
pub(crate) use contents::slots;
pub(crate) use tables::{Tables, TablesView, count};
