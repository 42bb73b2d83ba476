//! The mixtures of stock and own components that are tested.

use harness::{ClusterSpec, Make};

/// All MooseFS: shows that a test itself is right.
pub(crate) fn stock() -> ClusterSpec {
    ClusterSpec::all(Make::Stock, 2)
}

/// All ElkFS.
pub(crate) fn ours() -> ClusterSpec {
    ClusterSpec::all(Make::Ours, 2)
}

/// All of one make but the mount.
pub(crate) fn but_mount(rest: Make, other: Make) -> ClusterSpec {
    ClusterSpec { mounts: vec![other], ..ClusterSpec::all(rest, 2) }
}

/// All of one make but one of two chunkservers; with goal 2 each chunk is on both.
pub(crate) fn but_chunkserver(rest: Make, other: Make) -> ClusterSpec {
    ClusterSpec { chunkservers: vec![rest, other], ..ClusterSpec::all(rest, 2) }
}

/// All of one make but the master.
pub(crate) fn but_master(rest: Make, other: Make) -> ClusterSpec {
    ClusterSpec { master: other, ..ClusterSpec::all(rest, 2) }
}

/// All of one make but the metalogger.
pub(crate) fn but_metalogger(rest: Make, other: Make) -> ClusterSpec {
    ClusterSpec { metalogger: Some(other), ..ClusterSpec::all(rest, 2) }
}
