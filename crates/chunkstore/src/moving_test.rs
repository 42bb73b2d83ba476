//! Death at every instant of a move.

use crate::sys::crash;
use crate::{DiskSpec, Durability, SpaceLimit, Store, StoreConfig, Tunables};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use types::{ChunkId, ChunkVersion};

const BLOCK: usize = 65536;
const ID: ChunkId = ChunkId(77);

fn start(dirs: [&Path; 2]) -> Arc<Store> {
    let spec = |path: &Path| DiskSpec {
        path: path.into(),
        removal: false,
        drain: false,
        fill: false,
        may_resize: true,
        limit: SpaceLimit::Leave(0),
        line: 1,
    };
    let store = Store::start(StoreConfig {
        disks: dirs.map(spec).into(),
        allow_invalid_disks: false,
        metaid: None,
        disk_threads: 4,
        max_open: 30,
        tunables: Tunables {
            test_speed: 0,
            move_percent: 0,
            durability: Durability::Never,
            ..Tunables::default()
        },
        on_report: Box::new(|| ()),
    })
    .unwrap();
    while store.is_scanning() {
        std::thread::sleep(Duration::from_micros(100));
    }
    store
}

fn data(block: u16) -> Vec<u8> {
    (0..BLOCK).map(|i| (i as u8).wrapping_mul(block as u8 + 3)).collect()
}

fn verify(store: &Arc<Store>) {
    let handle = store.open(ID, ChunkVersion(5)).unwrap();
    assert_eq!(handle.blocks().unwrap(), 3);
    for block in 0..3 {
        let mut buf = vec![0; BLOCK];
        handle.read_block(block, &mut buf).unwrap();
        assert_eq!(buf, data(block));
    }
}

fn files(dir: &Path) -> usize {
    let count = |path: &Path| std::fs::read_dir(path).map_or(0, Iterator::count);
    (0..=255).map(|folder: u8| count(&dir.join(crate::disk::folder_name(folder)))).sum()
}

fn leftovers(dir: &Path) -> usize {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    std::fs::read_dir(dir).unwrap().map(name).filter(|name| name.starts_with(".elkfs_move")).count()
}

#[test]
fn death_at_any_instant_of_a_move() {
    for part in [0, 100] {
        for calls in 0.. {
            let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let dirs = [a.path(), b.path()];
            let store = start(dirs);
            store.create(ID, ChunkVersion(5)).unwrap();
            for block in 0..3 {
                let handle = store.open(ID, ChunkVersion(0)).unwrap();
                handle.write(block, 0, &data(block), crc32fast::hash(&data(block))).unwrap();
            }
            let chunk = store.chunks.get(ID).unwrap();
            let disks = store.disks.read().clone();
            let on_first = chunk.glance(|s| Arc::ptr_eq(&s.disk, &disks[0])).unwrap();
            let target = &disks[usize::from(on_first)];
            crash::arm(calls, part);
            let result = catch_unwind(AssertUnwindSafe(|| store.move_chunk(&chunk, target)));
            crash::disarm();
            let over = result.is_ok();
            if let Ok(result) = result {
                assert_eq!(result, Ok(3 * BLOCK as u64));
                assert_eq!(files(&target.path), 1);
                verify(&store);
            }
            store.die();
            drop((store, chunk, disks));

            let store = start(dirs);
            verify(&store);
            assert_eq!(files(a.path()) + files(b.path()), 1, "part {part}, call {calls}");
            assert_eq!(leftovers(a.path()) + leftovers(b.path()), 0);
            assert!(store.take_reports().damaged.is_empty());
            // What is there can still be written to.
            let handle = store.open(ID, ChunkVersion(5)).unwrap();
            handle.write(0, 0, &data(0), crc32fast::hash(&data(0))).unwrap();
            store.stop();
            if over {
                assert!(calls > 5, "the test does not test");
                break;
            }
        }
    }
}

#[test]
fn nothing_moves_to_a_disk_that_was_given_up() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = start([a.path(), b.path()]);
    store.create(ID, ChunkVersion(5)).unwrap();
    for block in 0..3 {
        let handle = store.open(ID, ChunkVersion(0)).unwrap();
        handle.write(block, 0, &data(block), crc32fast::hash(&data(block))).unwrap();
    }
    let chunk = store.chunks.get(ID).unwrap();
    let disks = store.disks.read().clone();
    let on_first = chunk.glance(|s| Arc::ptr_eq(&s.disk, &disks[0])).unwrap();
    let target = &disks[usize::from(on_first)];
    store.give_up_disk(target, "a test");
    assert_eq!(store.move_chunk(&chunk, target), Err(crate::moving::NotMoved::Busy));
    verify(&store);
    assert_eq!((files(&target.path), leftovers(&target.path)), (0, 0));
    store.stop();
}
