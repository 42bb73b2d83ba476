//! Moves frames and bulk blocks over sockets. Knows no packet but NOP.

mod blocking;
pub mod bulk;
pub mod reactor;

pub use blocking::{read_frame, write_frame};
