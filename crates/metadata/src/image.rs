//! Images: how the state becomes one, and comes back.

mod check;
mod damage;
mod error;
mod load;
mod load_names;
mod load_tables;
mod save;
mod snapshot;

pub use damage::Damage;
pub use error::LoadError;
pub use snapshot::Snapshot;
