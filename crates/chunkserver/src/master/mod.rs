//! The link to the master (`spec/wire-chunkserver.md` 3).

mod link;
mod orders;
mod outbox;
mod register;
mod session;

pub(crate) use link::{Link, Wanted};
