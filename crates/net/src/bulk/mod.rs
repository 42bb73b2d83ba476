//! The data path: frames whose payload is a block. The head is decoded, the block is received straight into a pooled
//! buffer, and sent together with its head from there.

mod block;
mod connect;
mod socket;

pub use block::{Block, BlockPool};
pub use connect::connect_from;
pub use socket::{BulkSocket, wait_for};
