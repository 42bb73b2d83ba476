//! Moves between disks.

use crate::*;
use std::sync::atomic::{AtomicBool, Ordering};

fn on(dir: &Path) -> usize {
    (0..=255u8)
        .filter_map(|f| std::fs::read_dir(dir.join(format!("{f:02X}"))).ok())
        .map(|entries| entries.count())
        .sum()
}

fn drained(store: &Store) -> bool {
    store.disks()[0].chunks == 0
}

fn two(a: &Path, b: &Path) -> StoreConfig {
    let mut config = config(vec![DiskSpec { drain: true, ..spec(a) }, spec(b)]);
    config.tunables.move_percent = 100;
    config
}

fn fill(dir: &Path, chunks: u64) {
    let store = one(dir);
    for chunk in 1..=chunks {
        store.create(id(chunk), v(chunk as u32)).expect("a chunk of the test");
        for block in 0..=(chunk % 4) as u16 {
            put(&store, chunk, block * 2, 0, &pattern(chunk as u8)).expect("a chunk of the test");
        }
    }
    store.stop();
}

fn verify(store: &Arc<Store>, chunks: u64) {
    for chunk in 1..=chunks {
        for block in 0..=(chunk % 4) as u16 {
            assert_eq!(
                get(store, chunk, block * 2).expect("a chunk of the test"),
                pattern(chunk as u8),
                "{chunk} {block}"
            );
        }
        assert_eq!(
            store.open(id(chunk), v(0)).expect("a chunk of the test").version().expect("a chunk of the test"),
            v(chunk as u32)
        );
    }
}

#[test]
fn a_disk_is_emptied_to_another() {
    for fast in [0, 4] {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fill(a.path(), 40);
        let mut config = two(a.path(), b.path());
        config.tunables.fast_moves = fast;
        let store = start(config);
        until("all chunks have moved", || drained(&store));
        until("the old files are gone", || on(a.path()) == 0);
        assert_eq!((on(b.path()), store.space().chunks), (40, 40));
        verify(&store, 40);
        let counters = store.counters();
        assert_eq!((counters.slow_moves + counters.fast_moves, counters.fast_moves > 0), (40, fast > 0));
        let job = store.jobs().into_iter().find(|job| job.name == "rebalance").unwrap();
        assert_eq!(job.done, 40);
        let reports = store.take_reports();
        assert!(reports.lost.is_empty() && reports.damaged.is_empty(), "{reports:?}");
        store.stop();
        drop(store);
        // Whole files, by the rules of the format.
        let store = one(b.path());
        verify(&store, 40);
        for chunk in 1..=40 {
            store.test(id(chunk), v(0)).unwrap();
        }
        store.stop();
    }
}

#[test]
fn writers_do_not_notice_moves() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(a.path(), 30);
    let store = start(two(a.path(), b.path()));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut turn = 0_u8;
            while !stop.load(Ordering::Relaxed) {
                turn = turn.wrapping_add(1);
                for chunk in 1..=30 {
                    let handle = store.open(id(chunk), v(0)).unwrap();
                    let data = pattern(turn);
                    handle.write(7, 0, &data[..1000], crc32fast::hash(&data[..1000])).unwrap();
                    handle.write(7, 500, &data[..10], crc32fast::hash(&data[..10])).unwrap();
                    handle.sync().unwrap();
                    let mut buf = vec![0; BLOCK];
                    handle.read_block(7, &mut buf).unwrap();
                    assert!(buf[..500] == data[..500] && buf[500..510] == data[..10]);
                }
            }
        });
        until("all chunks have moved", || drained(&store) || writer.is_finished());
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
    });
    verify(&store, 30);
    assert!(store.take_reports().damaged.is_empty());
    store.stop();
    assert_eq!((on(a.path()), on(b.path())), (0, 30));
}

#[test]
fn a_paused_job_rests() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(a.path(), 5);
    let mut config = two(a.path(), b.path());
    config.tunables.move_percent = 0;
    let store = start(config);
    assert_eq!(store.pause_jobs("rebalance", None, true), 1);
    assert_eq!(store.pause_jobs("nothing", None, true), 0);
    assert_eq!(store.pause_jobs("scrub", Some(&a.path().display().to_string()), true), 1);
    let mut tunables = (*store.tunables()).clone();
    tunables.move_percent = 100;
    store.set_tunables(tunables);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(store.disks()[0].chunks, 5);
    let state = |name| store.jobs().into_iter().find(|job| job.name == name).unwrap().state;
    assert_eq!(
        (state("rebalance"), state("scrub")),
        (chunkstore::JobState::Paused, chunkstore::JobState::Paused)
    );
    store.pause_jobs("rebalance", None, false);
    until("all chunks have moved", || drained(&store));
    store.stop();
}

#[test]
fn a_rotten_chunk_is_not_moved() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(a.path(), 3);
    let path = find(a.path(), id(2), v(2)).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8192 + 77] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let store = start(two(a.path(), b.path()));
    until("the others have moved", || store.disks()[0].chunks == 1);
    let mut damaged = Vec::new();
    until("the damage is reported", || {
        damaged.extend(store.take_reports().damaged);
        !damaged.is_empty()
    });
    assert_eq!(damaged, [id(2)]);
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "left as it was");
    store.stop();
}
