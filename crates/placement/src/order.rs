//! What placement wants done: orders for chunkservers, events for the master.

use crate::ServerId;
use std::net::Ipv4Addr;
use types::{ChunkId, ChunkVersion, Status};

/// A command for one chunkserver (`spec/wire-chunkserver.md` 3.4). Each gets exactly one answer, or its server
/// disconnects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "fields are named as in the protocol; docs are on the variants")]
pub enum Order {
    /// Make an empty chunk.
    Create { chunk: ChunkId, version: ChunkVersion },
    /// Remove the copy; version 0 removes whatever is there.
    Delete { chunk: ChunkId, version: ChunkVersion },
    /// Give the copy a new version.
    SetVersion { chunk: ChunkId, new: ChunkVersion, old: ChunkVersion },
    /// Copy `from` to the new chunk `chunk` on the same server.
    Duplicate { chunk: ChunkId, version: ChunkVersion, from: ChunkId, from_version: ChunkVersion },
    /// Cut or extend to `length` bytes (at most 64 MiB) and give a new version.
    Truncate { chunk: ChunkId, length: u32, new: ChunkVersion, old: ChunkVersion },
    /// Duplicate, then truncate the duplicate.
    DupTrunc { chunk: ChunkId, version: ChunkVersion, from: ChunkId, from_version: ChunkVersion, length: u32 },
    /// Fetch the chunk from another server.
    Replicate { chunk: ChunkId, version: ChunkVersion, ip: Ipv4Addr, port: u16 },
}

impl Order {
    /// The chunk that the answer will name.
    pub fn chunk(&self) -> ChunkId {
        match *self {
            Order::Create { chunk, .. }
            | Order::Delete { chunk, .. }
            | Order::SetVersion { chunk, .. }
            | Order::Duplicate { chunk, .. }
            | Order::Truncate { chunk, .. }
            | Order::DupTrunc { chunk, .. }
            | Order::Replicate { chunk, .. } => chunk,
        }
    }
}

/// What the master must know or do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "docs are on the variants")]
pub enum Event {
    /// **Log and apply**: the chunk's version is now this (`SETVERSION`).
    SetVersion { chunk: ChunkId, version: ChunkVersion },
    /// **Log and apply**: the chunk has no references and no copies any more (`CHUNKDEL`).
    RemoveChunk { chunk: ChunkId, version: ChunkVersion },
    /// **Log and apply**: a chunkserver holds a chunk with this id that metadata does not know; never give the id to
    /// a new chunk, so the next id must be above it (`NEXTCHUNKID`).
    RaiseNextChunk { above: ChunkId },
    /// **Log and apply**: the database of servers changed (`CSDBOP`).
    Registry(RegistryChange),
    /// The operation a grant started has ended. On an error the master rolls the file back and unlocks.
    OperationDone { chunk: ChunkId, status: Status },
    /// Requests parked on this chunk may be tried again.
    Retry { chunk: ChunkId },
    /// Locations changed so much that clients must forget those they cached (packet 706).
    ForgetLocations,
    /// An operator should know.
    Alarm(Alarm),
}

/// Things worth shouting about. Each is told once per occurrence, not per tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "docs are on the variants")]
pub enum Alarm {
    /// A server holds something newer than metadata: metadata is older than the data, deletions stop until an
    /// operator confirms ([`crate::Cluster::confirm_metadata`]). `known` is 0 for an id never given out.
    MetadataIsOld { chunk: ChunkId, found: ChunkVersion, known: ChunkVersion },
    /// A chunk that metadata does not know was put in quarantine.
    Quarantined { chunk: ChunkId, version: ChunkVersion, server: ServerId },
    /// A referenced chunk has only copies that cannot be used: repair it by hand.
    NeedsRepair { chunk: ChunkId },
    /// A full pass found nothing that is needed on the server's disks that are marked for removal: they may be pulled.
    DisksEmptied { server: ServerId },
    /// A chunkserver answered something that was not asked.
    UnexpectedAnswer { chunk: ChunkId, server: ServerId },
}

/// A change of the database of servers (`spec/wire-chunkserver.md` 3.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RegistryChange {
    /// 0 add, 1 delete, 2 new address, 3 new id, 4 maintenance on, 5 maintenance off, 6 temporary maintenance.
    pub op: u8,
    /// The server's address; for op 2 the new one.
    pub ip: Ipv4Addr,
    /// The server's port.
    pub port: u16,
    /// Server id for ops 0, 2 and 3; Unix second of the deadline (0 = none) for 4 and 6; else 0.
    pub arg: u32,
}
