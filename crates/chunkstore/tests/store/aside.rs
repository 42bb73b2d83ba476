//! Copies that are kept aside.

use crate::*;
use std::fs;
use std::os::unix::fs::FileExt;

fn rot(path: &Path, block: usize) {
    let file = fs::File::options().read(true).write(true).open(path).expect("a file of the test");
    let at = (8192 + block * BLOCK + 100) as u64;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("a file of the test");
    file.write_all_at(&[byte[0] ^ 0x10], at).expect("a file of the test");
}

#[test]
fn a_damaged_copy_outlives_its_deletion() {
    let dir = tempfile::tempdir().unwrap();
    let store = one(dir.path());
    for chunk in [1, 2] {
        store.create(id(chunk), v(3)).unwrap();
        put(&store, chunk, 0, 0, &pattern(1)).unwrap();
    }
    let path = find(dir.path(), id(1), v(3)).unwrap();
    rot(&path, 0);
    let bytes = fs::read(&path).unwrap();
    assert_eq!(get(&store, 1, 0).err(), Some(Status::CRC));
    let reports = store.take_reports();
    assert_eq!((reports.errors, reports.damaged), (1, vec![id(1)]));
    assert_eq!(store.disks()[0].last_error.map(|(chunk, _)| chunk), Some(id(1)));
    // The master has replaced it, and may put the replacement right here.
    store.delete(id(1), v(0)).unwrap();
    store.delete(id(2), v(0)).unwrap();
    store.create(id(1), v(3)).unwrap();
    let names = aside(dir.path());
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].starts_with("damaged_") && names[0].ends_with("_chunk_0000000000000001_00000003.mfs"));
    assert_eq!(fs::read(dir.path().join(".elkfs_aside").join(&names[0])).unwrap(), bytes);
    put(&store, 1, 0, 0, &pattern(9)).unwrap();
    store.stop();
    drop(store);
    // It is no chunk to anybody, and goes when its time is over.
    let mut short = config(vec![spec(dir.path())]);
    short.tunables.keep_damaged = Duration::ZERO;
    let store = start(short);
    assert_eq!(store.space().chunks, 1);
    until("the damaged copy is deleted", || aside(dir.path()).is_empty());
    assert_eq!(get(&store, 1, 0).unwrap(), pattern(9));
    let cleanup = store.jobs().into_iter().find(|job| job.name == "cleanup").unwrap();
    assert_eq!(cleanup.done, 1);
    store.stop();
}

#[test]
fn a_second_copy_stays_while_the_first_is_not_good() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (dir, version) in [(&a, 1), (&b, 2)] {
        let store = one(dir.path());
        store.create(id(5), v(version)).unwrap();
        put(&store, 5, 0, 0, &pattern(version as u8)).unwrap();
        store.stop();
    }
    rot(&find(b.path(), id(5), v(2)).unwrap(), 0);
    let mut short = config(vec![spec(a.path()), spec(b.path())]);
    short.tunables.keep_duplicates = Duration::ZERO;
    let store = start(short);
    until("the damage is reported", || !store.take_reports().damaged.is_empty());
    store.stop();
    assert_eq!(aside(a.path()).len(), 1, "the only good copy here");
}

#[test]
fn of_two_equal_copies_the_one_written_last_counts() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (dir, seed) in [(&a, 1), (&b, 2)] {
        let store = one(dir.path());
        store.create(id(5), v(4)).unwrap();
        put(&store, 5, 0, 0, &pattern(seed)).unwrap();
        store.stop();
        std::thread::sleep(Duration::from_millis(20));
    }
    let store = start(config(vec![spec(a.path()), spec(b.path())]));
    assert_eq!(get(&store, 5, 0).unwrap(), pattern(2));
    assert_eq!((aside(a.path()).len(), aside(b.path()).len()), (1, 0));
    store.stop();
}
