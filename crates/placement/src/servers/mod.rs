//! Chunkservers: those connected, and the database of all that are known.

mod maintenance;
mod registry;
mod removal;
mod server;
#[cfg(test)]
mod tests;
mod topology;

pub use maintenance::{Command, Maintenance};
pub(crate) use registry::Servers;
pub use registry::{Registration, Rejected, ServerReport};
pub use removal::RemovalProgress;
pub(crate) use removal::RemovalState;
pub use server::{HeavyLoad, Server, ServerId, Space};
pub(crate) use topology::Flat;
pub use topology::Topology;
