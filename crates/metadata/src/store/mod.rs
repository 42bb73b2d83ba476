//! Containers that hold hundreds of millions of small records: paged, index-addressed, cheap to snapshot.
//!
//! What an image needs lives in [`Pages`], whose clone shares everything and whose writes copy one small page.
//! What can be derived (hash tables, bitmaps, statistics) lives in plain memory that no snapshot sees.

mod bitmap;
mod chunked;
mod index;
mod pages;
mod runs;
mod slab;
mod strings;

pub(crate) use bitmap::Bitmap;
pub(crate) use chunked::Chunked;
pub(crate) use index::{Hasher, Index};
pub(crate) use pages::Pages;
pub(crate) use runs::{Runs, RunsView};
pub(crate) use slab::Slab;
pub(crate) use strings::{Strings, StringsView};
