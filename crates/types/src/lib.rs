//! Vocabulary shared by all crates: ids, status codes, attributes, and how each of them is bytes.
//!
//! Everything on a wire or in an image is unsigned and big-endian (`spec/wire-client-master.md` 0).

mod addr;
mod attr;
mod bulk;
mod consts;
mod counted;
mod cred;
mod disable;
mod ids;
mod list;
mod name;
mod reader;
mod status;
mod tag;
mod time;
mod two_lists;
mod version;
mod wire;

pub use attr::{Attr, MattrFlags, NodeType, encode_dir_size};
pub use bulk::{BulkLen, RestBytes};
pub use consts::*;
pub use counted::{Counted, Sized32};
pub use cred::{Cred, Gids};
pub use disable::DISABLE_WORDS;
pub use ids::{ChunkId, ChunkIndex, ChunkVersion, Inode, MsgId, SessionId};
pub use list::Rest;
pub use name::{Bytes8, Bytes32, Name};
pub use reader::{DecodeError, Reader};
pub use status::Status;
pub use tag::{Tag, Tag16};
pub use time::Time;
pub use two_lists::{ListCount, TwoLists};
pub use version::Version;
pub use wire::{Reply, Wire};
