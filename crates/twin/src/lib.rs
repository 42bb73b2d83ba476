//! Development only: the same random commands for a stock master and ours, and every answer compared.
//!
//! Both masters start empty, with the same exports and the same chunkservers (which keep nothing and obey at once), each
//! in a network of its own. Clients of every kind of export line send the same packets to both. Whatever is answered,
//! at once or later or unasked, must be the same field by field, but for what [`rules::RULES`] names; so must the
//! images that both write at the end.

pub mod clients;
pub mod commands;
pub mod driver;
pub mod image;
pub mod link;
mod looks;
pub mod pair;
pub mod rules;
pub mod servers;
pub mod sessions;
pub mod setup;
pub mod show;
pub mod shrink;
pub mod side;
pub mod tree;
pub mod world;
