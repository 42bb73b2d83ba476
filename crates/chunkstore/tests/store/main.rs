//! The store as its users see it, on real folders.

#![allow(clippy::unwrap_used, reason = "a test")]

mod aside;
mod basics;
mod moves;
mod restart;
mod stall;

use chunkstore::{DiskSpec, SpaceLimit, Store, StoreConfig, Tunables, file_name};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use types::{ChunkId, ChunkVersion, Status};

pub(crate) const BLOCK: usize = 65536;

pub(crate) fn spec(path: &Path) -> DiskSpec {
    DiskSpec {
        path: path.into(),
        removal: false,
        drain: false,
        fill: false,
        may_resize: false,
        limit: SpaceLimit::Leave(0),
        line: 1,
    }
}

pub(crate) fn config(disks: Vec<DiskSpec>) -> StoreConfig {
    StoreConfig {
        disks,
        allow_invalid_disks: false,
        metaid: None,
        disk_threads: 8,
        max_open: 100,
        tunables: Tunables { leave_space: 0, test_speed: 0, ..Tunables::default() },
        on_report: Box::new(|| ()),
    }
}

pub(crate) fn start(config: StoreConfig) -> Arc<Store> {
    let store = Store::start(config).expect("start");
    while store.is_scanning() {
        std::thread::sleep(Duration::from_millis(1));
    }
    store
}

pub(crate) fn one(dir: &Path) -> Arc<Store> {
    start(config(vec![spec(dir)]))
}

pub(crate) fn id(n: u64) -> ChunkId {
    ChunkId(n)
}

pub(crate) fn v(n: u32) -> ChunkVersion {
    ChunkVersion(n)
}

/// The file of a chunk, wherever it is.
pub(crate) fn find(dir: &Path, chunk: ChunkId, version: ChunkVersion) -> Option<PathBuf> {
    (0..=255u8).map(|f| dir.join(format!("{f:02X}")).join(file_name(chunk, version))).find(|p| p.exists())
}

pub(crate) fn pattern(seed: u8) -> Vec<u8> {
    (0..BLOCK).map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed) | 1).collect()
}

pub(crate) fn put(
    store: &Arc<Store>,
    chunk: u64,
    block: u16,
    offset: u16,
    data: &[u8],
) -> Result<(), Status> {
    store.open(id(chunk), v(0))?.write(block, offset, data, crc32fast::hash(data))
}

pub(crate) fn get(store: &Arc<Store>, chunk: u64, block: u16) -> Result<Vec<u8>, Status> {
    let mut buf = vec![0xAA; BLOCK];
    let crc = store.open(id(chunk), v(0))?.read_block(block, &mut buf)?;
    assert_eq!(crc, crc32fast::hash(&buf));
    Ok(buf)
}

/// Waits for something that must come.
pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while !is() {
        assert!(std::time::Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Names in `.elkfs_aside`.
pub(crate) fn aside(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir.join(".elkfs_aside")) else { return Vec::new() };
    entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}
