//! The data port and the master link at packet level, against test peers in this process. Bytes are those of
//! `spec/wire-chunkserver.md` 6.5 and 8.

mod admin;
mod chain;
mod data;
mod master;
mod peer;
