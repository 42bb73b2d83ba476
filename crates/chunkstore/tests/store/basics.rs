//! Chunks, orders, faults, folders.

use crate::*;
use chunkstore::StoreError;
use types::ZERO_BLOCK_CRC;

#[test]
fn a_chunk_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = one(dir.path());
    store.create(id(0x1234), v(7)).unwrap();
    assert_eq!(store.create(id(0x1234), v(7)), Err(Status::CHUNKEXIST));
    put(&store, 0x1234, 3, 0, &pattern(1)).unwrap();
    put(&store, 0x1234, 3, 10, b"hello").unwrap();
    put(&store, 0x1234, 0, 65531, b"world").unwrap();
    store.stop();
    drop(store);

    let bytes = std::fs::read(find(dir.path(), id(0x1234), v(7)).unwrap()).unwrap();
    assert_eq!(bytes.len(), 8192 + 4 * BLOCK);
    assert_eq!(bytes[..20], *b"MFSC 1.0\0\0\0\0\0\0\x12\x34\0\0\0\x07");
    assert!(bytes[20..4096].iter().all(|b| *b == 0));
    assert_eq!(bytes[4096 + 4..4096 + 8], ZERO_BLOCK_CRC.to_be_bytes());
    assert_eq!(bytes[4096 + 12..4096 + 16], crc32fast::hash(&bytes[8192 + 3 * BLOCK..]).to_be_bytes());

    let store = one(dir.path());
    let mut want = pattern(1);
    want[10..15].copy_from_slice(b"hello");
    assert_eq!(get(&store, 0x1234, 3).unwrap(), want);
    assert_eq!(get(&store, 0x1234, 1).unwrap(), vec![0; BLOCK]);
    assert_eq!(get(&store, 0x1234, 0).unwrap()[65531..], *b"world");
    assert_eq!(get(&store, 0x1234, 1000).unwrap(), vec![0; BLOCK]);
    assert_eq!(store.open(id(0x1234), v(6)).err(), Some(Status::WRONGVERSION));
    let mut list = Vec::new();
    (0..Store::LIST_PARTS).for_each(|part| store.list_part(part, &mut list));
    assert_eq!(list, [(id(0x1234), v(7), false)]);
    store.stop();
}

#[test]
fn orders() {
    let dir = tempfile::tempdir().unwrap();
    let store = one(dir.path());
    store.create(id(1), v(1)).unwrap();
    put(&store, 1, 0, 0, &pattern(1)).unwrap();
    put(&store, 1, 2, 0, &pattern(2)).unwrap();

    assert_eq!(store.set_version(id(1), v(0), v(1)), Err(Status::EINVAL));
    assert_eq!(store.set_version(id(1), v(3), v(2)), Err(Status::WRONGVERSION));
    assert_eq!(store.set_version(id(9), v(3), v(2)), Err(Status::NOCHUNK));
    store.set_version(id(1), v(2), v(1)).unwrap();
    assert!(find(dir.path(), id(1), v(1)).is_none());
    let bytes = std::fs::read(find(dir.path(), id(1), v(2)).unwrap()).unwrap();
    assert_eq!(bytes[16..20], [0, 0, 0, 2]);

    assert_eq!(store.duplicate(id(2), v(5), id(1), v(0)), Err(Status::EINVAL));
    store.duplicate(id(2), v(5), id(1), v(2)).unwrap();
    assert_eq!(get(&store, 2, 2).unwrap(), pattern(2));
    store.duptrunc(id(3), v(1), id(1), v(2), 100).unwrap();
    let mut cut = pattern(1);
    cut[100..].fill(0);
    assert_eq!(get(&store, 3, 0).unwrap(), cut);
    assert_eq!(store.open(id(3), v(1)).unwrap().blocks(), Ok(1));
    assert_eq!(store.duptrunc(id(4), v(1), id(1), v(2), (64 << 20) + 1), Err(Status::EINVAL));
    store.duptrunc(id(4), v(0), id(1), v(2), 64 << 20).unwrap();
    assert_eq!(store.open(id(4), v(2)).unwrap().blocks(), Ok(1024));

    store.truncate(id(1), 3 * 65536 + 1, v(3), v(2)).unwrap();
    assert_eq!(store.open(id(1), v(3)).unwrap().blocks(), Ok(4));
    assert_eq!(get(&store, 1, 3).unwrap(), vec![0; BLOCK]);
    store.truncate(id(1), 70000, v(3), v(3)).unwrap();
    assert_eq!(store.open(id(1), v(3)).unwrap().blocks(), Ok(2));
    store.truncate(id(1), 5 * 65536, v(3), v(3)).unwrap();
    // What was cut off does not come back.
    assert_eq!(get(&store, 1, 2).unwrap(), vec![0; BLOCK]);
    for chunk in 1..=4 {
        store.test(id(chunk), v(0)).unwrap();
    }

    assert_eq!(store.delete(id(1), v(2)), Err(Status::WRONGVERSION));
    let handle = store.open(id(1), v(3)).unwrap();
    store.delete(id(1), v(0)).unwrap();
    assert_eq!(handle.read_block(0, &mut vec![0; BLOCK]), Err(Status::NOCHUNK));
    assert_eq!(store.delete(id(1), v(0)), Err(Status::NOCHUNK));
    assert!(find(dir.path(), id(1), v(3)).is_none());
    store.stop();
}

#[test]
fn bad_writes_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = one(dir.path());
    store.create(id(1), v(1)).unwrap();
    put(&store, 1, 0, 0, &pattern(1)).unwrap();
    let handle = store.open(id(1), v(1)).unwrap();
    assert_eq!(handle.write(0, 0, b"x", 0), Err(Status::CRC));
    assert_eq!(handle.write(1024, 0, b"", 0), Err(Status::BNUMTOOBIG));
    assert_eq!(handle.write(0, 1, &pattern(0), 0), Err(Status::WRONGOFFSET));
    assert_eq!(handle.write(0, 0, &vec![0; BLOCK + 1], 0), Err(Status::WRONGSIZE));
    assert_eq!(get(&store, 1, 0).unwrap(), pattern(1));
    assert!(store.take_reports().is_empty());
    store.stop();
}

#[test]
fn rot_is_found_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let store = one(dir.path());
    for chunk in 1..=4 {
        store.create(id(chunk), v(1)).unwrap();
        put(&store, chunk, 0, 0, &pattern(1)).unwrap();
        put(&store, chunk, 1, 0, &pattern(2)).unwrap();
    }
    store.stop();
    drop(store);
    let path = |chunk| find(dir.path(), id(chunk), v(1)).unwrap();
    let mut bytes = std::fs::read(path(1)).unwrap();
    bytes[8192 + BLOCK + 77] ^= 4;
    std::fs::write(path(1), &bytes).unwrap();
    // Header of another chunk; impossible size; no file.
    bytes[15] = 99;
    std::fs::write(path(2), &bytes).unwrap();
    std::fs::write(path(3), &bytes[..9000]).unwrap();

    let store = one(dir.path());
    std::fs::remove_file(path(4)).unwrap();
    store.start_list();
    assert_eq!(get(&store, 1, 0).unwrap(), pattern(1));
    assert_eq!(get(&store, 1, 1), Err(Status::CRC));
    // Neither a partial write nor a truncation may give the rotten block a new checksum.
    assert_eq!(put(&store, 1, 1, 5, b"new"), Err(Status::CRC));
    assert_eq!(store.truncate(id(1), 65536 + 5, v(1), v(1)), Err(Status::CRC));
    assert_eq!(store.test(id(1), v(1)), Err(Status::CRC));
    assert_eq!(get(&store, 1, 1), Err(Status::CRC));
    // A whole block replaces it.
    put(&store, 1, 1, 0, &pattern(7)).unwrap();
    assert_eq!(get(&store, 1, 1).unwrap(), pattern(7));

    assert_eq!(store.open(id(2), v(1)).err(), Some(Status::IO));
    assert_eq!(store.open(id(3), v(1)).err(), Some(Status::NOCHUNK));
    assert_eq!(store.open(id(4), v(1)).err(), Some(Status::NOCHUNK));
    assert_eq!(store.open(id(77), v(1)).err(), Some(Status::NOCHUNK));
    let reports = store.take_reports();
    assert_eq!(reports.damaged, [id(1), id(2), id(3), id(4)]);
    assert_eq!(reports.lost, [id(77)]);
    assert!(reports.errors >= 4);
    assert_eq!(store.disks()[0].last_error.unwrap().0, id(4));
    store.stop();
}

#[test]
fn a_disk_that_loses_files_is_given_up() {
    let (good, bad) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = start(config(vec![spec(good.path()), spec(bad.path())]));
    for chunk in 1..=16 {
        store.create(id(chunk), v(1)).unwrap();
    }
    store.stop();
    drop(store);
    let store = start(config(vec![spec(good.path()), spec(bad.path())]));
    store.start_list();
    let on_bad: Vec<_> = (1..=16).filter(|chunk| find(bad.path(), id(*chunk), v(1)).is_some()).collect();
    assert_eq!(on_bad.len(), 8, "new chunks are spread evenly");
    for chunk in &on_bad[..3] {
        std::fs::remove_file(find(bad.path(), id(*chunk), v(1)).unwrap()).unwrap();
        assert_eq!(store.open(id(*chunk), v(1)).err(), Some(Status::NOCHUNK));
    }
    let mut lost = Vec::new();
    while lost.len() < 8 {
        lost.extend(store.take_reports().lost.iter().map(|id| id.0));
    }
    lost.sort();
    assert_eq!(lost, on_bad);
    assert_eq!(store.disks()[1].state, Some(chunkstore::DiskState::Damaged));
    store.create(id(100), v(1)).unwrap();
    assert!(find(good.path(), id(100), v(1)).is_some());
    store.stop();
}

#[test]
fn files_of_stock_and_of_older_versions() {
    let dir = tempfile::tempdir().unwrap();
    // Header of 1024 bytes and a zero table behind the data, in a folder of one digit.
    let mut file = Vec::new();
    file.extend_from_slice(b"MFSC 1.0\0\0\0\0\0\0\xAB\xCD\0\0\0\x02");
    file.resize(1024, 0);
    file.extend_from_slice(&crc32fast::hash(&pattern(3)).to_be_bytes());
    file.resize(5120, 0);
    file.extend_from_slice(&pattern(3));
    std::fs::create_dir(dir.path().join("B")).unwrap();
    std::fs::write(dir.path().join("B").join(file_name(id(0xABCD), v(2))), &file).unwrap();
    std::fs::write(dir.path().join(".chunkdb"), "stale").unwrap();

    let store = one(dir.path());
    assert!(dir.path().join("CD").join(file_name(id(0xABCD), v(2))).exists());
    assert!(!dir.path().join("B").exists() && !dir.path().join(".chunkdb").exists());
    assert_eq!(get(&store, 0xABCD, 0).unwrap(), pattern(3));
    put(&store, 0xABCD, 5, 0, &pattern(4)).unwrap();
    store.stop();
    drop(store);
    let store = one(dir.path());
    store.test(id(0xABCD), v(2)).unwrap();
    assert_eq!(get(&store, 0xABCD, 2).unwrap(), vec![0; BLOCK]);
    assert_eq!(get(&store, 0xABCD, 5).unwrap(), pattern(4));
    store.stop();
}

#[test]
fn a_version_change_that_stopped_halfway_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let store = one(dir.path());
    store.create(id(5), v(1)).unwrap();
    put(&store, 5, 0, 0, &pattern(3)).unwrap();
    store.stop();
    drop(store);
    let old = find(dir.path(), id(5), v(1)).unwrap();
    std::fs::rename(&old, old.with_file_name(file_name(id(5), v(2)))).unwrap();
    let store = one(dir.path());
    assert_eq!(get(&store, 5, 0).unwrap(), pattern(3));
    store.stop();
    let bytes = std::fs::read(find(dir.path(), id(5), v(2)).unwrap()).unwrap();
    assert_eq!(bytes[16..20], [0, 0, 0, 2]);
}

#[test]
fn of_two_copies_the_newer_is_used_and_the_older_kept() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (dir, version, seed) in [(&a, 1, 1), (&b, 2, 2)] {
        let store = one(dir.path());
        store.create(id(5), v(version)).unwrap();
        put(&store, 5, 0, 0, &pattern(seed)).unwrap();
        store.stop();
    }
    for order in [[&a, &b], [&b, &a]] {
        let store = start(config(order.iter().map(|d| spec(d.path())).collect()));
        assert_eq!(get(&store, 5, 0).unwrap(), pattern(2));
        assert_eq!(store.space().chunks, 1);
        store.stop();
        assert!(find(a.path(), id(5), v(1)).is_none(), "it can never count again");
        assert_eq!(aside(a.path()).len(), 1);
    }
    // Kept no longer than configured.
    let mut short = config(vec![spec(a.path()), spec(b.path())]);
    short.tunables.keep_duplicates = Duration::ZERO;
    let store = start(short);
    until("the older copy is deleted", || aside(a.path()).is_empty());
    assert_eq!(get(&store, 5, 0).unwrap(), pattern(2));
    store.stop();
}

#[test]
fn folders_of_others_are_refused() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = one(a.path());
    store.set_metaid(0x1122_3344_5566_7788);
    assert_eq!(std::fs::read(a.path().join(".metaid")).unwrap(), 0x1122_3344_5566_7788u64.to_be_bytes());
    store.stop();
    drop(store);
    std::fs::write(b.path().join(".metaid"), 5u64.to_be_bytes()).unwrap();
    let both = || vec![spec(a.path()), spec(b.path())];
    assert!(matches!(Store::start(config(both())), Err(StoreError::Foreign { found: 5, .. })));
    let mut lenient = config(both());
    lenient.allow_invalid_disks = true;
    let store = start(lenient);
    assert_eq!(store.metaid(), Some(0x1122_3344_5566_7788));
    assert_eq!(store.disks().iter().map(|d| d.state.is_some()).collect::<Vec<_>>(), [true, false]);
    store.stop();
    drop(store);
    assert!(matches!(
        Store::start(config(vec![spec(a.path()), spec(a.path())])),
        Err(StoreError::Twice { .. })
    ));
    let nowhere = spec(Path::new("/nonexistent/folder"));
    assert!(matches!(Store::start(config(vec![nowhere])), Err(StoreError::Folder { line: 1, .. })));
}

#[test]
fn files_are_closed_when_too_many_are_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut few = config(vec![spec(dir.path())]);
    few.max_open = 4;
    let store = start(few);
    for chunk in 0..20 {
        store.create(id(chunk), v(1)).unwrap();
        put(&store, chunk, 0, 0, &pattern(chunk as u8)).unwrap();
    }
    let held: Vec<_> = (0..4).map(|chunk| store.open(id(chunk), v(1)).unwrap()).collect();
    assert_eq!(store.open(id(10), v(1)).err(), Some(Status::NOTDONE));
    drop(held);
    for chunk in 0..20 {
        assert_eq!(get(&store, chunk, 0).unwrap(), pattern(chunk as u8));
    }
    assert!(store.take_reports().damaged.is_empty());
    store.stop();
}

#[test]
fn disks_come_and_go() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = one(a.path());
    store.create(id(1), v(1)).unwrap();
    put(&store, 1, 0, 0, &pattern(1)).unwrap();
    store.start_list();
    let scanned = |store: &Arc<Store>| {
        while store.is_scanning() || store.space().total + store.space().td_total == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    };

    // A second one; the first is marked for removal.
    let marked = DiskSpec { removal: true, ..spec(a.path()) };
    store.reload_disks(&[marked, spec(b.path())]).unwrap();
    scanned(&store);
    assert_eq!(store.take_reports().new, [(id(1), v(1), true)]);
    assert_eq!((store.space().chunks, store.space().td_chunks), (0, 1));
    store.create(id(2), v(1)).unwrap();
    assert!(find(b.path(), id(2), v(1)).is_some());

    // The first is gone; a folder that does not exist does no harm.
    assert_eq!(store.reload_disks(&[spec(b.path()), spec(Path::new("/nonexistent/folder"))]), Err(1));
    assert_eq!(store.take_reports().lost, [id(1)]);
    assert_eq!(store.open(id(1), v(1)).err(), Some(Status::NOCHUNK));
    assert_eq!(store.disks().len(), 2);

    // And comes back.
    store.reload_disks(&[spec(b.path()), spec(a.path())]).unwrap();
    scanned(&store);
    assert_eq!(get(&store, 1, 0).unwrap(), pattern(1));
    assert_eq!(store.take_reports().new, [(id(1), v(1), false)]);
    store.stop();
}

#[test]
fn the_scrub_finds_rot_nobody_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = one(dir.path());
    for chunk in 1..=3 {
        store.create(id(chunk), v(1)).unwrap();
        put(&store, chunk, 0, 0, &pattern(1)).unwrap();
        put(&store, chunk, 1, 0, &pattern(2)).unwrap();
    }
    store.stop();
    drop(store);
    let path = find(dir.path(), id(2), v(1)).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8192 + BLOCK + 9] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let mut scrubbing = config(vec![spec(dir.path())]);
    scrubbing.tunables.test_speed = 1 << 30;
    let store = start(scrubbing);
    let mut damaged = Vec::new();
    while damaged.is_empty() {
        std::thread::sleep(Duration::from_millis(1));
        damaged = store.take_reports().damaged;
    }
    assert_eq!(damaged, [id(2)]);
    store.stop();
}
