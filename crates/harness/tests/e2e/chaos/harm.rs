//! What can happen to a chunkserver, and its end.

use anyhow::Result;
use harness::{Cluster, Make};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harm {
    /// `kill -9`; started again later.
    Killed,
    /// SIGSTOP, then SIGCONT.
    Paused,
    /// The cable is out.
    Unplugged,
    /// The disk answers EIO and has lost what was not synced; later the server is killed, the disk repaired.
    Failed,
    /// The disk is full.
    Full,
}

impl Harm {
    /// Those that cost no data; bits are flipped as often.
    pub(super) const OFTEN: [Harm; 4] = [Harm::Killed, Harm::Paused, Harm::Unplugged, Harm::Full];

    /// Data may be gone that the server did not promise to keep.
    pub(super) fn destroys(self) -> bool {
        self == Harm::Failed
    }

    /// Stock's servers may lose acknowledged data by the others.
    pub(super) fn suits(self, make: Make) -> bool {
        make == Make::Ours || matches!(self, Harm::Paused | Harm::Unplugged | Harm::Full)
    }

    /// Shortest and longest time it lasts: below and above the timeouts of all parties.
    pub(super) fn range(self) -> (Duration, Duration) {
        let (short, long) = match self {
            Harm::Killed => (200, 12_000),
            Harm::Paused | Harm::Unplugged => (500, 18_000),
            Harm::Failed => (2_000, 10_000),
            Harm::Full => (3_000, 15_000),
        };
        (Duration::from_millis(short), Duration::from_millis(long))
    }

    pub(super) fn begin(self, cluster: &mut Cluster, server: usize) -> Result<()> {
        match self {
            Harm::Killed => cluster.chunkserver(server).kill(),
            Harm::Paused => {
                cluster.chunkserver(server).pause();
                Ok(())
            }
            Harm::Unplugged => cluster.plug(server, false),
            Harm::Failed => cluster.volumes(server)[0].fail(),
            Harm::Full => cluster.volumes(server)[0].fill(),
        }
    }

    pub(super) fn end(self, cluster: &mut Cluster, server: usize) -> Result<()> {
        match self {
            Harm::Killed => cluster.start_chunkserver(server),
            Harm::Paused => {
                cluster.chunkserver(server).resume();
                Ok(())
            }
            Harm::Unplugged => cluster.plug(server, true),
            Harm::Failed => {
                cluster.chunkserver(server).kill()?;
                cluster.volumes(server)[0].repair()?;
                cluster.start_chunkserver(server)
            }
            Harm::Full => cluster.volumes(server)[0].free(),
        }
    }
}
