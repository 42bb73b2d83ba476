//! The chunkserver's charts, kept in `csstats.mfs` (`spec/wire-chunkserver.md` 5.4).

use crate::server::Server;
use charts::{CHUNKSERVER, ChartId, Charts, Recorded, Recorder};
use daemon::local_time;
use parking_lot::Mutex;
use proto::encode_frame;
use proto::info::{Chart, ChartData, ChartDataReply, ChartReply};
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use types::{Counted, RestBytes};

/// Charts, and where they are stored.
pub(crate) struct ChartKeeper {
    file: PathBuf,
    recorder: Mutex<Recorder>,
}

/// Seconds of local time.
fn now() -> u32 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    local_time(u32::try_from(unix).unwrap_or(u32::MAX))
}

impl ChartKeeper {
    /// Goes on with what earlier runs have stored.
    pub(crate) fn load(data_path: &Path) -> ChartKeeper {
        let file = data_path.join("csstats.mfs");
        let read = std::fs::read(&file).and_then(|bytes| {
            Charts::from_file(&bytes, CHUNKSERVER)
                .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
        });
        let charts = read.unwrap_or_else(|error| {
            if error.kind() == ErrorKind::NotFound {
                tracing::info!("no charts data file - initializing empty charts");
            } else {
                tracing::warn!("{}: {error} - initializing empty charts", file.display());
            }
            Charts::new(CHUNKSERVER)
        });
        ChartKeeper { file, recorder: Mutex::new(Recorder::new(charts, now())) }
    }

    /// Called several times a second.
    pub(crate) fn tick(&self, server: &Server) {
        let local = now();
        if !self.recorder.lock().is_due(local) {
            return;
        }
        let recorded = self.recorder.lock().record(local, &server.sample().series());
        if recorded == Recorded::Store {
            self.store();
        }
    }

    /// Writes them where the next run finds them.
    pub(crate) fn store(&self) {
        let bytes = self.recorder.lock().charts().to_file();
        let tmp = self.file.with_extension("mfs.tmp");
        let write = || {
            let mut file = File::create(&tmp)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&tmp, &self.file)
        };
        if let Err(error) = write() {
            tracing::warn!("can't write {}: {error}; charts will have a gap", self.file.display());
        }
    }

    /// CHART. Drawn by a thread of its own, since compression takes more stack than data connections have.
    pub(crate) fn picture(&self, asked: &Chart, out: &mut Vec<u8>) {
        let id = ChartId::parse(asked.chart, CHUNKSERVER);
        let draw = || charts::picture(self.recorder.lock().charts(), id, asked.size);
        let drawn = std::thread::scope(|scope| scope.spawn(draw).join());
        let png = drawn.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        encode_frame(&ChartReply { png: RestBytes(&png) }, out);
    }

    /// CHART_DATA.
    pub(crate) fn data(&self, asked: &ChartData, out: &mut Vec<u8>) {
        let found = self.recorder.lock().charts().answer(asked.chart, asked.max_entries);
        let data = found.as_ref().map(|(begin, samples)| (*begin, Counted::new(samples)));
        encode_frame(&ChartDataReply { data }, out);
    }
}
