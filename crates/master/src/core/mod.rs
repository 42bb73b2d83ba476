//! The one owner of all state, and its loop.

mod change;
mod run;
mod state;
mod timers;

pub(crate) use change::relatime;
pub use run::{Stop, run};
pub(crate) use state::Master;
