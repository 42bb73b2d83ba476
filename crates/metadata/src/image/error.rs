//! Why an image cannot be loaded.

use ondisk::ImageError;
use ondisk::image::SectionName;
use thiserror::Error;
use types::{ChunkId, Inode, SessionId};

/// An image whose bytes or meaning are wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The bytes are wrong.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A section is there twice.
    #[error("section {0} is there twice")]
    SectionTwice(SectionName),
    /// A section without which there is no file system.
    #[error("section {0} is missing")]
    SectionMissing(SectionName),
    /// Root is missing or no directory.
    #[error("root node not found: inode 1 is no directory")]
    NoRoot,
    /// More than 32-bit references can tell apart: about 4 thousand million names, or 16 GiB of names.
    #[error("the image is too big: out of 32-bit references")]
    TooBig,
    /// Inode 0, or an inode that two nodes have.
    #[error("NODE: inode {0} is there twice, or 0")]
    BadInode(Inode),
    /// A storage class that cannot be.
    #[error("SCLA: storage class {id}: {what}")]
    BadClass {
        /// Its id.
        id: u16,
        /// What is wrong.
        what: &'static str,
    },
    /// A name that cannot be.
    #[error("EDGE: name \"{name}\" of inode {child} in {parent}: {what}")]
    BadEdge {
        /// The directory, 0 for deleted files.
        parent: Inode,
        /// The node.
        child: Inode,
        /// The name, escaped.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A node that no directory holds.
    #[error("found orphaned inode: {0}")]
    Orphan(Inode),
    /// Directories that hold each other and are not below root.
    #[error("{0} directories hold each other and cannot be reached from root")]
    Unreachable(u64),
    /// A record about a node that is not there, or not of the right kind.
    #[error("{section}: inode {inode}: {what}")]
    BadRecord {
        /// In which section.
        section: SectionName,
        /// About which inode.
        inode: Inode,
        /// What is wrong.
        what: &'static str,
    },
    /// A chunk that is there twice.
    #[error("CHNK: chunk {0:016X} is there twice")]
    ChunkTwice(ChunkId),
    /// A chunk id that is never given out, because there is none behind it.
    #[error("CHNK: chunk {0:016X}: there can be no such id")]
    BadChunk(ChunkId),
    /// A session that is there twice.
    #[error("SESS: session {0} is there twice")]
    SessionTwice(SessionId),
    /// A chunkserver that is there twice.
    #[error("CSDB: chunkserver {0} is there twice")]
    ServerTwice(String),
}
