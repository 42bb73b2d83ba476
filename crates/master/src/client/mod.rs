//! The client link: mounts and tools (`spec/wire-client-master.md`).

mod attrs;
mod data;
mod dispatch;
mod links;
mod namespace;
mod notify;
mod periodic;
mod register;
pub(crate) mod sessions;

pub(crate) use links::{ClientLinks, Member};
