//! Where the copies of every chunk are, and what to do next: everything that re-registration of chunkservers can
//! rebuild (`spec/chunk-placement.md`).
//!
//! [`Cluster`] owns servers and copies. It is told what happened (a server registered, an order was answered, time
//! passed) and queues typed [`Order`]s for chunkservers and [`Event`]s for the master; it sends nothing and sees no
//! clock. What metadata knows of a chunk is asked through [`ChunkMeta`]; what metadata must log is an event.
//!
//! **Contract.** After every call the master takes the events with [`Cluster::take_events`] and applies those that
//! change metadata at once, then (for a grant) applies its own change, and sends what [`Cluster::take_orders`] gives
//! once those changes are durable. Whoever waits for [`Event::OperationDone`] is told the locations before the next
//! report of any chunkserver is heard: a server that vanishes in between would come back with the version of the
//! write, but without what was written.

mod cluster;
mod order;
mod time;

mod chunks;
mod meta;
mod options;
mod servers;

mod choose;
mod grant;
mod locate;
mod operation;
mod report;
mod waiters;

mod maintenance;
mod quarantine;

mod check;
#[cfg(test)]
mod fixture;
mod space;
mod stats;

pub use chunks::{Replica, ReplicaState, Replicas};
pub use cluster::Cluster;
pub use grant::{Grant, WriteRequest};
pub use locate::{Locations, MAX_LOCATIONS};
pub use meta::{ChunkInfo, ChunkMeta, ClassId, ClassView, LabelTerm, Mode, term_matches};
pub use operation::OperationKind;
pub use options::{LimitClass, Options, RepLimits, ReserveSpace, UniqueMode};
pub use order::{Alarm, Event, Order, RegistryChange};
pub use quarantine::{Fence, Quarantined};
pub use servers::{
    Command, HeavyLoad, Maintenance, Registration, Rejected, RemovalProgress, Server, ServerId, ServerReport,
    Space, Topology,
};
pub use space::ClusterSpace;
pub use stats::{Answers, LoopStats, Matrix, MissingKind, OperationStats, Tally};
pub use time::{Instant, Now};
pub use waiters::Waiters;
