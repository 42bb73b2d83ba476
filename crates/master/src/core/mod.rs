//! The one owner of all state, and its loop.

mod change;
mod health;
mod images;
mod program;
mod run;
mod state;
mod timers;

pub(crate) use change::relatime;
pub use program::PROGRAM;
pub(crate) use run::CLIENTS;
pub(crate) use state::Master;

use crate::images::ImageSource;

/// A snapshot as an image that can be written as often as need be.
fn image_source(snapshot: metadata::Snapshot, now: u32) -> ImageSource {
    Box::new(move |out| snapshot.write_image(&mut &mut *out, now))
}
