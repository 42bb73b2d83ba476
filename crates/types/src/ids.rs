//! One type per kind of number, so that an inode is never passed for a chunk index.

use crate::{DecodeError, Reader, Wire};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
        pub struct $name(pub $int);

        impl<'a> Wire<'a> for $name {
            const MIN_SIZE: usize = size_of::<$int>();
            fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
                <$int as Wire>::decode(r).map($name)
            }
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id!(/// A node of the namespace. 0 is never a node, 1 is the root (or a session's root on the wire).
    Inode(u32));
id!(/// A chunk. 0 in a file's chunk table is a hole.
    ChunkId(u64));
id!(/// A chunk's version; 0 in a request means "any", a fresh chunk starts at 1.
    ChunkVersion(u32));
id!(/// The position of a chunk in its file; at most [`crate::MAX_CHUNK_INDEX`].
    ChunkIndex(u32));
id!(/// A client session, from 1 upward.
    SessionId(u32));
id!(/// Ties a reply to its request; 0 marks packets the master sends by itself.
    MsgId(u32));

/// Chunk ids are shown in hexadecimal everywhere operators see them.
impl fmt::UpperHex for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::UpperHex::fmt(&self.0, f)
    }
}
