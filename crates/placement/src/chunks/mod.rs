//! The table of chunks and their copies, packed.

mod replica;
mod table;

pub use replica::{Replica, ReplicaState, Replicas};
pub(crate) use table::{Flags, Slot, Table};
