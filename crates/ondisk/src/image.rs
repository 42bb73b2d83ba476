//! Metadata images: one file, sections of records (`spec/metadata-format.md` 3-6).
//!
//! Reading works on the bytes of a whole file, borrowed all the way: [`Image::open`], then [`Image::sections`], then
//! [`Section::read`] with the section's type, on as many threads as one likes. Writing streams: [`ImageWriter`].

mod body;
pub(crate) mod check;
mod chnk;
mod csdb;
mod edge;
mod envelope;
mod error;
mod free;
mod locks;
mod node;
mod pacl;
mod quot;
mod record;
mod scla;
mod section;
mod sess;
mod writer;
mod xatr;
mod xtim;

#[cfg(test)]
mod tests;

pub use body::{Body, Records};
pub use check::{SectionSummary, check, check_section};
pub use chnk::{Chnk, ChunkRecord};
pub use csdb::{ChunkserverRecord, Csdb};
pub use edge::{Edge, EdgeRecord, NEXT_EDGE_UNSET};
pub use envelope::{EMPTY_IMAGE, END_MARKER, Header, Image, ImageFile, SIGNATURE, probe};
pub use error::ImageError;
pub use free::{Free, FreeRecord};
pub use locks::{Flck, FlockRecord, Open, OpenRecord, Plck, PosixLockRecord};
pub use node::{Node, NodeData, NodeHead, NodeRecord};
pub use pacl::{AclRecord, Pacl};
pub use quot::{Quot, QuotaRecord};
pub use scla::{LABEL_GROUP, Scla, SclassRecord};
pub(crate) use section::{HEADER, parse_header};
pub use section::{Section, SectionName, Sections, section_header};
pub use sess::{OP_COUNTERS, Sess, SessHead, SessionRecord};
pub use writer::{ImageWriter, RecordSink};
pub use xatr::{Xatr, XattrRecord};
pub use xtim::{FineTimesRecord, Xtim};
