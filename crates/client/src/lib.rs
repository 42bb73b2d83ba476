//! The file system without FUSE: an API over inodes, blocking, for any number of threads.
//!
//! One connection to the master carries all metadata calls ([`Client`]); data goes straight to chunkservers through
//! a pool of connections. Writes are taken into memory and written behind the caller's back ([`Handle::write`]),
//! reads run ahead of a sequential reader. I/O waits while the master or chunkservers are away and goes on when they
//! are back. See `examples/copy.rs`.

mod buffers;
mod caller;
mod client;
mod core;
mod cs;
mod error;
mod file;
mod handle;
mod link;
mod local;
mod lookups;
mod meta;
mod options;
mod proxy;
mod read;
mod sync;
mod times;
mod workers;
mod write;

pub use caller::Caller;
pub use client::Client;
pub use error::{Error, Result};
pub use handle::Handle;
pub use link::{ConnectError, Limits, MasterInfo};
pub use local::Listener;
pub use meta::*;
pub use options::{Options, PasswordMd5, SugidClearMode};
