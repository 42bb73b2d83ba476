//! One thread, many connections: accepts, cuts input into frames, hands them to a [`Handler`], sends what it answers.
//!
//! Answers go to a connection's outbox; those that may leave only once something else has happened (a changelog
//! line is durable) are *held* under a mark and released by [`Net::release`]. Every buffer has a bound: a peer that
//! does not read its answers is not read from either, until it does.

mod accept;
mod conn;
mod core;
mod handler;
mod input;
mod outbox;
mod receive;
mod sweep;
#[cfg(test)]
mod tests;

pub use conn::{CloseReason, ConnId, ConnLimits};
pub use core::{ListenerId, Net, Reactor, Waker};
pub use handler::{Handler, Traffic, Verdict};
