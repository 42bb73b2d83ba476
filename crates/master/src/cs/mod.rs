//! The chunkserver link (`spec/wire-chunkserver.md` 3): packets to calls of `placement`, its orders to packets.

mod events;
mod links;
mod meta;
mod orders;
mod register;
mod remap;
mod reports;

pub(crate) use links::CsLinks;
pub(crate) use meta::{Meta, new_cluster};
pub(crate) use remap::Remap;

use proto::client_master::Location;
use std::net::SocketAddrV4;

/// A server as clients are told of it.
pub(crate) fn location(server: &placement::Server) -> Location {
    Location {
        addr: SocketAddrV4::new(server.ip, server.port),
        version: server.version,
        labels: server.labels,
    }
}
