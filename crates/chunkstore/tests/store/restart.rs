//! The list of chunks that a clean stop leaves for the next start.

use crate::*;
use std::fs;

fn filled(dir: &Path) -> Arc<Store> {
    let store = one(dir);
    for chunk in 1..=20 {
        store.create(id(chunk), v(chunk as u32)).expect("a chunk of the test");
        put(&store, chunk, (chunk % 3) as u16, 0, &pattern(chunk as u8)).expect("a chunk of the test");
    }
    store
}

fn list(store: &Store) -> Vec<(ChunkId, ChunkVersion, bool)> {
    let mut list = Vec::new();
    (0..Store::LIST_PARTS).for_each(|part| store.list_part(part, &mut list));
    list.sort();
    list
}

/// Folders listed at this start.
fn was_scanned(store: &Store) -> bool {
    // A list that is believed has its chunks counted at once; a scan leaves them unknown until they are opened.
    store.disks()[0].known_chunks == 0
}

#[test]
fn a_clean_restart_does_not_scan() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(dir.path());
    let before = list(&store);
    store.stop();
    drop(store);
    let bytes = fs::read(dir.path().join(".chunkdb")).unwrap();
    assert_eq!(bytes.len(), 14 + dir.path().as_os_str().len() + 1 + 21 * 18);
    let store = one(dir.path());
    assert!(!was_scanned(&store));
    assert!(!dir.path().join(".chunkdb").exists(), "consumed");
    assert_eq!(list(&store), before);
    for chunk in 1..=20 {
        assert_eq!(get(&store, chunk, (chunk % 3) as u16).unwrap(), pattern(chunk as u8));
    }
    store.stop();
}

#[test]
fn a_stale_list_is_not_believed() {
    for change in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).stop();
        let db = dir.path().join(".chunkdb");
        let copy = fs::read(&db).unwrap();
        let victim = find(dir.path(), id(7), v(7)).unwrap();
        let expected = match change {
            0 => {
                fs::remove_file(&victim).unwrap();
                19
            }
            1 => {
                fs::rename(&victim, victim.with_file_name(file_name(id(7), v(8)))).unwrap();
                20
            }
            2 => {
                fs::copy(&victim, victim.with_file_name(file_name(id(21), v(7)))).unwrap();
                21
            }
            3 => {
                // Moved by hand to another folder.
                fs::rename(&victim, dir.path().join("7B").join(victim.file_name().unwrap())).unwrap();
                20
            }
            _ => {
                fs::write(&db, &copy[..copy.len() - 1]).unwrap();
                20
            }
        };
        let store = one(dir.path());
        assert!(was_scanned(&store), "change {change}");
        assert_eq!(list(&store).len(), expected, "change {change}");
        assert!(!db.exists());
        store.stop();
    }
}

#[test]
fn a_list_of_another_time_or_place_is_not_believed() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    filled(dir.path()).stop();
    let old = fs::read(dir.path().join(".chunkdb")).unwrap();
    // The server lives on, changes something, and dies; the old list comes back from a backup.
    let store = one(dir.path());
    store.delete(id(3), v(0)).unwrap();
    drop(store);
    let db = dir.path().join(".chunkdb");
    fs::write(&db, &old).unwrap();
    let time = fs::metadata(dir.path().join("00")).unwrap().modified().unwrap() - Duration::from_secs(1);
    fs::File::options().write(true).open(&db).unwrap().set_modified(time).unwrap();
    fs::remove_file(dir.path().join(".lock")).unwrap();
    let store = one(dir.path());
    assert!(was_scanned(&store));
    assert_eq!(list(&store).len(), 19);
    store.stop();
    drop(store);
    // Mounted elsewhere.
    let place = other.path().join("disk");
    fs::rename(dir.path(), &place).unwrap();
    let store = one(&place);
    assert!(was_scanned(&store));
    assert_eq!(list(&store).len(), 19);
    store.stop();
    fs::rename(&place, dir.path()).unwrap();
}

#[test]
fn a_disk_that_is_taken_out_keeps_its_list() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = filled(a.path());
    store.reload_disks(&[spec(b.path())]).unwrap();
    assert!(a.path().join(".chunkdb").exists());
    store.stop();
    let store = one(a.path());
    assert!(!was_scanned(&store));
    assert_eq!(list(&store).len(), 20);
    store.stop();
}
