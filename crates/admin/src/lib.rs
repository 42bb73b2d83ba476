//! Asks masters and chunkservers about themselves (`spec/admin-and-monitoring.md`): what `mfscli` and the web monitor
//! stand on. The packets are those of [`proto::info`].

mod connection;
mod hosts;

pub use connection::{AskError, Connection};
pub use hosts::{addresses, host_and_port};
