//! What is counted for charts and monitors (`spec/wire-chunkserver.md` 5.4).

use crate::server::Server;
use chunkstore::StoreCounters;
use daemon::Usage;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Clients count as being served for so long after a block.
const SERVED: Duration = Duration::from_millis(1000);

/// Counted by the threads that do it.
pub(crate) struct Traffic {
    start: Instant,
    /// Milliseconds since `start` when a client was served for the last time, plus 1; 0 is never.
    served: AtomicU64,
    pub(crate) master_in: AtomicU64,
    pub(crate) master_out: AtomicU64,
    pub(crate) replication_in: AtomicU64,
    pub(crate) replication_out: AtomicU64,
    pub(crate) data_in: AtomicU64,
    pub(crate) data_out: AtomicU64,
    pub(crate) reads: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) replications: AtomicU64,
    /// The highest load since it was last taken.
    load: AtomicU32,
    /// Sums of what is sampled once a minute: load, resident and virtual bytes.
    sampled: [AtomicU64; 3],
}

/// Adds.
pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

impl Traffic {
    pub(crate) fn new() -> Traffic {
        Traffic {
            start: Instant::now(),
            served: AtomicU64::new(0),
            master_in: AtomicU64::new(0),
            master_out: AtomicU64::new(0),
            replication_in: AtomicU64::new(0),
            replication_out: AtomicU64::new(0),
            data_in: AtomicU64::new(0),
            data_out: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            replications: AtomicU64::new(0),
            load: AtomicU32::new(0),
            sampled: Default::default(),
        }
    }

    fn now_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64 + 1
    }

    /// A client, not a replication, was given or has sent a block.
    pub(crate) fn client_served(&self) {
        self.served.store(self.now_ms(), Ordering::Relaxed);
    }

    /// True if that was a short time ago.
    pub(crate) fn clients_are_served(&self) -> bool {
        let served = self.served.load(Ordering::Relaxed);
        served > 0 && self.now_ms().saturating_sub(served) < SERVED.as_millis() as u64
    }

    pub(crate) fn saw_load(&self, load: u32) {
        self.load.fetch_max(load, Ordering::Relaxed);
    }
}

/// One reading of everything that charts show. All but `process`' sizes and `load` are sums since the start; a sampler
/// subtracts the reading before. Numbers in brackets are chart series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Processor and memory (0, 1, 29, 30).
    pub process: Usage,
    /// Bytes from the master (2).
    pub master_in: u64,
    /// Bytes to the master (3).
    pub master_out: u64,
    /// Bytes received by replications (4).
    pub replication_in: u64,
    /// Bytes sent by replications: requests (5).
    pub replication_out: u64,
    /// Bytes received on data connections (6).
    pub data_in: u64,
    /// Bytes sent on data connections, those passed on in write chains included (7).
    pub data_out: u64,
    /// READ requests (16).
    pub reads: u64,
    /// WRITE sessions (17).
    pub writes: u64,
    /// Replications begun (20).
    pub replications: u64,
    /// The most requests and orders at once since the last sample (28).
    pub load: u32,
    /// What the disks did (8 to 15, 18, 19, 21 to 27, 31, 32).
    pub store: StoreCounters,
}

impl Counters {
    /// In the order of the chart series 0 to 33; those without a value are 0.
    pub fn series(&self) -> [u64; 34] {
        let (process, s) = (self.process, &self.store);
        [
            process.user_us,
            process.system_us,
            self.master_in,
            self.master_out,
            self.replication_in,
            self.replication_out,
            self.data_in,
            self.data_out,
            s.upkeep_bytes_read,
            s.upkeep_bytes_written,
            s.upkeep_reads,
            s.upkeep_writes,
            s.bytes_read,
            s.bytes_written,
            s.reads,
            s.writes,
            self.reads,
            self.writes,
            s.read_ns,
            s.write_ns,
            self.replications,
            s.creates,
            s.deletes,
            s.versions,
            s.duplicates,
            s.truncates,
            s.duptruncs,
            s.tests,
            self.load.into(),
            process.resident,
            process.address_space,
            s.slow_moves,
            s.fast_moves,
            s.versions + s.duplicates + s.truncates + s.duptruncs,
        ]
    }
}

impl Server {
    /// Reads everything; the highest load is left for the sampler.
    pub(crate) fn counters(&self) -> Counters {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let t = &self.traffic;
        Counters {
            process: Usage::now(),
            master_in: get(&t.master_in),
            master_out: get(&t.master_out),
            replication_in: get(&t.replication_in),
            replication_out: get(&t.replication_out),
            data_in: get(&t.data_in),
            data_out: get(&t.data_out),
            reads: get(&t.reads),
            writes: get(&t.writes),
            replications: get(&t.replications),
            load: t.load.load(Ordering::Relaxed).max(self.load()),
            store: self.store.counters(),
        }
    }

    /// Called once a minute: counters of the minute that is over, for whoever draws charts.
    pub(crate) fn sample(&self) -> Counters {
        let counters = self.counters();
        self.traffic.load.store(self.load(), Ordering::Relaxed);
        let process = counters.process;
        let values = [counters.load.into(), process.resident, process.address_space];
        for (sum, value) in self.traffic.sampled.iter().zip(values) {
            add(sum, value);
        }
        counters
    }

    /// For MONOTONIC_DATA: the series since the start; of load and memory the sums of their samples.
    pub(crate) fn sums(&self) -> [u64; 34] {
        let mut series = self.counters().series();
        for (at, sum) in [28, 29, 30].into_iter().zip(&self.traffic.sampled) {
            series[at] = sum.load(Ordering::Relaxed);
        }
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_series() {
        let store =
            StoreCounters { versions: 1, duplicates: 2, truncates: 4, duptruncs: 8, ..Default::default() };
        let counters = Counters { master_in: 5, load: 7, store, ..Default::default() };
        let series = counters.series();
        assert_eq!((series[2], series[23], series[26], series[28], series[33]), (5, 1, 8, 7, 15));
    }

    #[test]
    fn clients_are_served_for_a_moment() {
        let traffic = Traffic::new();
        assert!(!traffic.clients_are_served());
        traffic.client_served();
        assert!(traffic.clients_are_served());
    }
}
