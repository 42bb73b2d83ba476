//! A disk that fills up. Needs root, to mount a file system of 2 MiB.

use chunkstore::{DiskSpec, SpaceLimit, Store, StoreConfig, Tunables};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use types::{ChunkId, ChunkVersion, Status};

const BLOCK: usize = 65536;

struct Small(PathBuf);

impl Small {
    fn new(path: &Path) -> Small {
        mount("tmpfs", path, "tmpfs", MountFlags::empty(), Some(c"size=2m")).expect("mount (needs root)");
        Small(path.into())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

fn start(path: &Path) -> Arc<Store> {
    let spec = DiskSpec {
        path: path.into(),
        removal: false,
        drain: false,
        fill: false,
        may_resize: false,
        limit: SpaceLimit::Leave(0),
        line: 1,
    };
    let store = Store::start(StoreConfig {
        disks: vec![spec],
        allow_invalid_disks: false,
        metaid: None,
        disk_threads: 8,
        max_open: 100,
        tunables: Tunables { leave_space: 0, test_speed: 0, ..Tunables::default() },
        on_report: Box::new(|| ()),
    })
    .expect("start");
    while store.is_scanning() || store.space().total == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    store
}

fn block(seed: u8) -> Vec<u8> {
    (0..BLOCK).map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed) | 1).collect()
}

fn write(store: &Arc<Store>, chunk: u64, number: u16, data: &[u8]) -> Result<(), Status> {
    store.open(ChunkId(chunk), ChunkVersion(0))?.write(number, 0, data, crc32fast::hash(data))
}

fn read(store: &Arc<Store>, chunk: u64, number: u16) -> Result<Vec<u8>, Status> {
    let mut buf = vec![0; BLOCK];
    store.open(ChunkId(chunk), ChunkVersion(0))?.read_block(number, &mut buf).map(|_| buf)
}

#[test]
fn a_full_disk_refuses_and_damages_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let small = Small::new(dir.path());
    let store = start(dir.path());
    let any = ChunkVersion(0);
    for chunk in [1, 2] {
        store.create(ChunkId(chunk), ChunkVersion(1)).unwrap();
    }
    write(&store, 2, 0, &block(200)).unwrap();
    let mut written = 0;
    let refused = loop {
        match write(&store, 1, written, &block(written as u8)) {
            Ok(()) => written += 1,
            Err(status) => break status,
        }
    };
    assert_eq!(refused, Status::NOSPACE);
    assert!(written > 10);
    let blocks = || store.open(ChunkId(1), any).unwrap().blocks().unwrap();
    assert_eq!(blocks(), written);
    // Orders that need room are refused too, and leave nothing behind.
    assert_eq!(store.duplicate(ChunkId(3), any, ChunkId(1), ChunkVersion(1)), Err(Status::NOSPACE));
    assert_eq!(store.open(ChunkId(3), any).err(), Some(Status::NOCHUNK));
    // What is there can be read and overwritten, here and after a restart.
    write(&store, 1, 3, &block(99)).unwrap();
    for number in 0..written {
        let seed = if number == 3 { 99 } else { number as u8 };
        assert_eq!(read(&store, 1, number), Ok(block(seed)));
    }
    assert!(store.take_reports().damaged.is_empty());
    store.stop();
    drop(store);
    let store = start(dir.path());
    store.test(ChunkId(1), any).unwrap();
    store.test(ChunkId(2), any).unwrap();
    // Room again.
    store.delete(ChunkId(2), any).unwrap();
    write(&store, 1, written, &block(7)).unwrap();
    assert_eq!(read(&store, 1, written), Ok(block(7)));
    store.stop();
    drop(small);
}
