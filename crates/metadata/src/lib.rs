//! The namespace of a file system, as a master holds it in memory: what an image and its changelog can rebuild.
//!
//! [`Fs::apply`] is the only way to change it, and everything it does follows from the operation and its time. So a
//! replayed log, a standby and a live master end in the same state. Reading is free: [`Fs`] has a method for every
//! question. [`Fs::snapshot`] costs microseconds and can be written out as an image on any thread.
//!
//! Memory: 48 bytes for a node, 32 for a name and its bytes, about 7 for finding the name, 31 for a chunk.

mod apply;
mod file;
mod fs;
mod image;
mod ns;
pub mod plan;
mod read;
mod replay;
mod store;
mod tables;
mod validate;

pub use apply::ApplyError;
pub use fs::Fs;
pub use image::{Damage, LoadError, Snapshot};
pub use ns::TreeStats;
pub use read::{ChunkInfo, Cursor, DirEntry, MemoryUse, NodeBody, NodeView, ParentLink, Totals};
pub use replay::ReplayError;
pub use tables::acl::{Acl, UNSET};
pub use tables::csdb::{CsRecord, Maintenance};
pub use tables::flock::Flock;
pub use tables::plock::{PosixLocks, PosixRange};
pub use tables::quota::Quota;
pub use tables::sclass::{FIRST_USER_CLASS, LabelTerm, StorageClass};
pub use tables::sessions::{SESSION_COUNTERS, Session};
pub use tables::xattr::Xattr;
