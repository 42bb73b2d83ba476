//! Changelog lines: `<version>: <unix time>|<OP>(<args>)[:<results>]` (`spec/metadata-format.md` 12.1, 15).

mod agree;
mod arg;
mod docs;
mod error;
mod fine;
mod legacy;
mod line;
mod macros;
mod op;
mod outcome;
mod scan;
mod session;
mod shapes;
mod snapshot;
mod text;

#[cfg(test)]
mod entropy;
#[cfg(test)]
mod tests;

pub use docs::{ArgDoc, OpDoc};
pub use error::{LineError, LineProblem};
pub use line::{Line, MAX_LINE};
pub use op::Op;
pub use outcome::Outcome;
pub use session::SessionFields;
pub use shapes::{AttrExtra, CsdbAction, LockKind, MaskList, NewNode, SclassCounts};
pub use snapshot::SnapshotGids;
