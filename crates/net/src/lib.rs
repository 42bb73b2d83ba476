//! Moves frames and bulk blocks over sockets. Knows no packet but NOP.

mod blocking;
<<<<<<< HEAD
pub mod reactor;
=======
pub mod bulk;
>>>>>>> chunkserver

pub use blocking::{read_frame, write_frame};
