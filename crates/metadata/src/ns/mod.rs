//! Nodes and names: the records, and the primitives of `spec/metadata-format.md` 14 that change them.

mod delete;
pub(crate) mod edges;
pub(crate) mod nodes;
mod path;
pub(crate) mod records;
mod stats;
pub(crate) mod times;

pub(crate) use nodes::NewNode;
pub use stats::TreeStats;
