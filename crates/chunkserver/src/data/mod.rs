//! The data port (`spec/wire-chunkserver.md` 1 and 2).

mod ask;
mod conn;
mod listen;
mod monitor;
mod read;
mod successor;
mod write;

pub(crate) use ask::{blocks, checksum, checksum_table};
pub(crate) use listen::{Listener, Waker, resolve_v4};
pub(crate) use successor::Successors;
