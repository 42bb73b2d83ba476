//! The one owner of all state, and its loop.

mod change;
mod program;
mod run;
mod state;
mod timers;

pub(crate) use change::relatime;
pub use program::PROGRAM;
pub(crate) use state::Master;
