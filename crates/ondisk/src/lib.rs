//! What ElkFS keeps on a master's disk, as bytes: changelog lines and the metadata image
//! (`spec/metadata-format.md`).

mod acl;
pub mod dump;
pub mod image;
mod log;
mod quota;

#[cfg(test)]
mod fixtures;

pub use acl::{AclEntries, AclEntry};
pub use image::{Image, ImageError, ImageFile, ImageWriter};
pub use log::{
    ArgDoc, AttrExtra, CsdbAction, Line, LineError, LineProblem, LockKind, MAX_LINE, MaskList, NewNode, Op,
    OpDoc, Outcome, SclassCounts, SessionFields, SnapshotGids,
};
pub use quota::QuotaLimits;
