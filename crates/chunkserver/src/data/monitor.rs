//! Answers to monitors (`spec/wire-chunkserver.md` 5.3). Charts are not kept yet; who asks for them is disconnected, as
//! with an unknown packet.

use crate::server::Server;
use chunkstore::{DiskState, JobState};
use proto::cs_data::{ConfigValue, GetConfig, VersionInfo};
use proto::encode_frame;
use proto::info::{
    DiskEntry, DiskInfo, DiskStats, DiskTotals, HddListReply, Module, ModuleForm, ModuleInfoReply, Monotonic,
    MonotonicDataReply,
};
use proto::jobs::{JobEntry, JobListReply, JobSwitch};
use std::net::{Ipv4Addr, SocketAddrV4};
use types::{ChunkId, Counted, MsgId, Name, OUR_VERSION, Rest, RestBytes};

/// Our version as text, as stock's build writes it.
const VERSION_TEXT: &[u8] = b"3.0.117-1";
/// MODULE_INFO's number for a chunkserver.
const CHUNKSERVER: u8 = 2;
/// Longest path in a disk entry.
const MAX_PATH: usize = 255;

const REMOVAL: u8 = 1;
const DAMAGED: u8 = 2;
const SCANNING: u8 = 4;
const NOT_IN_USE: u8 = 8;

/// MODULE_INFO.
pub(crate) fn module_info(server: &Server, msgid: Option<MsgId>, out: &mut Vec<u8>) {
    let identity = server.identity.lock();
    let master = server.master.lock().unwrap_or(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
    let module = Module {
        kind: CHUNKSERVER,
        version: OUR_VERSION,
        id: identity.csid,
        metaid: identity.metaid,
        master,
    };
    encode_frame(&ModuleInfoReply { info: ModuleForm { msgid, module } }, out);
}

/// HDD_LIST.
pub(crate) fn hdd_list(server: &Server, out: &mut Vec<u8>) {
    let disks = server.store.disks();
    let paths: Vec<Vec<u8>> = disks.iter().map(|disk| shorten(disk.path.as_bytes())).collect();
    let entries: Vec<_> = disks.iter().zip(&paths).rev().map(|(disk, path)| entry(disk, path)).collect();
    encode_frame(&HddListReply { disks: Rest::Items(&entries) }, out);
}

/// A path that is too long is shown by its end.
fn shorten(path: &[u8]) -> Vec<u8> {
    if path.len() <= MAX_PATH {
        return path.to_vec();
    }
    [b"(...)", &path[path.len() - 250..]].concat()
}

/// MONOTONIC_DATA.
pub(crate) fn monotonic(server: &Server, out: &mut Vec<u8>) {
    let disks = server.store.disks();
    let paths: Vec<Vec<u8>> = disks.iter().map(|disk| shorten(disk.path.as_bytes())).collect();
    let entries: Vec<_> = disks
        .iter()
        .zip(&paths)
        .rev()
        .map(|(disk, path)| DiskTotals { disk: entry(disk, path).disk, stats: [stats(disk.since_start)] })
        .collect();
    let counters = server.sums();
    let data = Monotonic { counters: Counted::new(&counters), disks: Some(Counted::new(&entries)) };
    encode_frame(&MonotonicDataReply { data }, out);
}

/// The background jobs.
pub(crate) fn jobs(server: &Server, out: &mut Vec<u8>) {
    let jobs = server.jobs();
    let texts: Vec<_> = jobs
        .iter()
        .map(|job| {
            (shorten(job.disk.as_deref().unwrap_or_default().as_bytes()), shorten(job.detail.as_bytes()))
        })
        .collect();
    let entry = |job: &chunkstore::JobInfo, disk, detail| JobEntry {
        name: Name::new(job.name.as_bytes()).expect("a short name"),
        disk: Name::new(disk).expect("shortened"),
        state: match job.state {
            JobState::Idle => 0,
            JobState::Running => 1,
            JobState::Paused => 2,
        },
        done: job.done,
        left: job.left,
        bytes: job.bytes,
        rate: job.rate,
        detail: Name::new(detail).expect("shortened"),
    };
    let entries: Vec<_> =
        jobs.iter().zip(&texts).map(|(job, (disk, detail))| entry(job, disk, detail)).collect();
    encode_frame(&JobListReply { jobs: Rest::Items(&entries) }, out);
}

/// Pauses or resumes jobs; how many.
pub(crate) fn switch(server: &Server, request: &JobSwitch<'_>) -> u32 {
    let name = String::from_utf8_lossy(request.name.as_bytes());
    let disk = String::from_utf8_lossy(request.disk.as_bytes());
    let disk = (!disk.is_empty()).then_some(&*disk);
    server.pause_jobs(&name, disk, request.pause != 0) as u32
}

fn entry<'a>(disk: &chunkstore::DiskInfo, path: &'a [u8]) -> DiskInfo<'a> {
    let path = Name::new(path).expect("shortened");
    let (last_error_chunk, last_error_time) = disk.last_error.unwrap_or((ChunkId(0), 0));
    let mut flags = if disk.removal { REMOVAL } else { 0 };
    let (mut used, mut total) = (disk.used, disk.total);
    match disk.state {
        None => (flags, used, total) = (NOT_IN_USE | DAMAGED, 0, 0),
        Some(DiskState::Damaged) => flags |= DAMAGED,
        Some(DiskState::Scanning) => {
            flags |= SCANNING;
            (used, total) = (disk.scan_percent.into(), 0);
        }
        Some(DiskState::Working) => {}
    }
    let disk_entry =
        DiskEntry { path, flags, last_error_chunk, last_error_time, used, total, chunks: disk.chunks };
    DiskInfo { disk: disk_entry, stats: disk.recent.map(stats) }
}

fn stats(s: chunkstore::DiskStats) -> DiskStats {
    DiskStats {
        bytes_read: s.bytes_read,
        bytes_written: s.bytes_written,
        read_us: s.usec_read,
        write_us: s.usec_write,
        fsync_us: s.usec_fsync,
        reads: s.reads,
        writes: s.writes,
        fsyncs: s.fsyncs,
        max_read_us: s.usec_read_max,
        max_write_us: s.usec_write_max,
        max_fsync_us: s.usec_fsync_max,
    }
}

/// GET_VERSION.
pub(crate) fn version(msgid: Option<MsgId>, out: &mut Vec<u8>) {
    let info = proto::any::VersionForm { msgid, version: OUR_VERSION, text: RestBytes(VERSION_TEXT) };
    encode_frame(&VersionInfo { info }, out);
}

/// GET_CONFIG: what the file says, cut at 255 bytes. The secret is not for everybody who can connect.
pub(crate) fn config_value(server: &Server, request: &GetConfig<'_>, out: &mut Vec<u8>) {
    let config = server.config();
    let option = String::from_utf8_lossy(request.option.as_bytes());
    let value = match config.written.get(option.as_ref()) {
        Some(_) if option == "AUTH_CODE" => "[DEFINED]",
        Some(value) => value,
        None if option == proto::jobs::OFFER_OPTION => proto::jobs::OFFER,
        None => "",
    };
    let value = &value.as_bytes()[..value.len().min(MAX_PATH)];
    let value = Name::new(value).expect("cut");
    encode_frame(&ConfigValue { msgid: request.msgid, value }, out);
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn long_paths() {
        assert_eq!(shorten(b"/a/"), b"/a/");
        let long = shorten(&[b'x'; 300]);
        assert_eq!((long.len(), &long[..6]), (255, &b"(...)x"[..]));
    }
}
