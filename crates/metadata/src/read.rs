//! Questions one may ask.

mod access;
mod node;
mod tables;
mod walk;

pub use node::{ChunkInfo, NodeBody, NodeView, ParentLink};
pub use tables::{MemoryUse, Totals};
pub use walk::{Cursor, DirEntry};
