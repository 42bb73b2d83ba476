//! The master's charts: what is recorded each minute, and who asks for it (`spec/admin-and-monitoring.md` 8).

use crate::core::{CLIENTS, Master};
use crate::storage::Storage;
use charts::{ChartId, Charts, MASTER, NO_DATA, Recorded, Recorder};
use daemon::{Usage, local_time};
use metadata::SESSION_COUNTERS;
use net::reactor::{ConnId, Net};
use proto::info as p;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use types::{Counted, RestBytes};

const FILE: &str = "stats.mfs";
const TMP: &str = "stats.mfs.tmp";

/// Charts, and the counters that are kept only for them.
pub(crate) struct ChartKeeper {
    recorder: Recorder,
    /// Operations of all clients since the start, in the order of a session's counters.
    pub(crate) operations: [u64; SESSION_COUNTERS],
}

impl ChartKeeper {
    /// Goes on with what earlier runs have stored.
    pub(crate) fn load(storage: &dyn Storage, unix: u32) -> ChartKeeper {
        let read = storage.read(FILE).and_then(|bytes| {
            Charts::from_file(&bytes, MASTER).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
        });
        let charts = read.unwrap_or_else(|error| {
            if error.kind() == ErrorKind::NotFound {
                tracing::info!("no charts data file - initializing empty charts");
            } else {
                tracing::warn!("{}: {error} - initializing empty charts", storage.describe(FILE));
            }
            Charts::new(MASTER)
        });
        ChartKeeper { recorder: Recorder::new(charts, local_time(unix)), operations: Default::default() }
    }

    /// Writes them where the next run finds them.
    pub(crate) fn store(&self, storage: &dyn Storage) {
        store(storage, &self.recorder.charts().to_file());
    }
}

fn store(storage: &dyn Storage, bytes: &[u8]) {
    let write = || {
        let mut file = storage.create(TMP)?;
        file.write_all(bytes)?;
        file.sync()?;
        storage.rename(TMP, FILE)
    };
    if let Err(error) = write() {
        // On a full disk its half would take the room that changelog and image need.
        let _ = storage.remove(TMP);
        tracing::warn!("can't write {}: {error}; charts will have a gap", storage.describe(FILE));
    }
}

impl Master {
    /// Called each second.
    pub(crate) fn record_charts(&mut self, net: &Net) {
        let local = local_time(self.now);
        if !self.charts.recorder.is_due(local) {
            return;
        }
        let counters = self.chart_counters(net);
        if self.charts.recorder.record(local, &counters) == Recorded::Store {
            let (storage, bytes) = (Arc::clone(&self.storage), self.charts.recorder.charts().to_file());
            let thread = std::thread::Builder::new().name("charts".into());
            if let Err(error) = thread.spawn(move || store(&*storage, &bytes)) {
                tracing::warn!("can't start a thread to store charts: {error}");
            }
        }
    }

    /// In the order of [`MASTER`]'s series.
    fn chart_counters(&self, net: &Net) -> Vec<u64> {
        let (usage, traffic) = (Usage::now(), net.traffic(CLIENTS));
        let (space, orders) = (self.cluster.space(), self.cluster.operation_stats());
        let mut row = vec![usage.user_us, usage.system_us, orders.delete.tried, orders.replicate.tried];
        row.extend(self.charts.operations);
        row.extend([
            usage.resident,
            traffic.packets_in,
            traffic.packets_out,
            traffic.bytes_in,
            traffic.bytes_out,
            usage.address_space,
            space.total.saturating_sub(space.available),
            space.total,
            orders.create.tried,
            orders.change.tried,
        ]);
        for kind in [orders.delete, orders.replicate, orders.create, orders.change] {
            row.extend([kind.ok, kind.failed]);
        }
        row
    }

    /// Processor time of the last full minute in user mode and in the kernel, 10^9 for one whole core; 0 before the first.
    pub(crate) fn cpu_of_last_minute(&self) -> [u64; 2] {
        let newest = |code: &[u8; 4]| {
            let id = ChartId::parse(u32::from_be_bytes(*code), MASTER)?;
            self.charts.recorder.charts().data(id, 1)?.1.next()
        };
        [b"UCPU", b"SCPU"].map(|code| match newest(code) {
            None | Some(NO_DATA) => 0,
            // Microseconds of 60 seconds.
            Some(sample) => sample.saturating_mul(50) / 3,
        })
    }

    /// MONOTONIC_DATA.
    pub(crate) fn send_monotonic(&self, net: &mut Net, conn: ConnId) {
        let counters = Counted::new(self.charts.recorder.charts().totals());
        net.send(conn, &p::MonotonicDataReply { data: p::Monotonic { counters, disks: None } });
    }

    /// CHART.
    pub(crate) fn send_chart(&self, net: &mut Net, conn: ConnId, asked: &p::Chart) {
        let charts = self.charts.recorder.charts();
        let png = charts::picture(charts, ChartId::parse(asked.chart, MASTER), asked.size);
        net.send(conn, &p::ChartReply { png: RestBytes(&png) });
    }

    /// CHART_DATA.
    pub(crate) fn send_chart_data(&self, net: &mut Net, conn: ConnId, asked: &p::ChartData) {
        let found = self.charts.recorder.charts().answer(asked.chart, asked.max_entries);
        let data = found.as_ref().map(|(begin, samples)| (*begin, Counted::new(samples)));
        net.send(conn, &p::ChartDataReply { data });
    }
}
