//! A disk that hangs, and one that goes away. Needs root, for file systems on loop devices.

use crate::*;
use std::process::Command;
use std::time::Instant;

/// A file system of its own.
struct Volume {
    image: PathBuf,
    path: PathBuf,
}

fn run(program: &str, arguments: &[&std::ffi::OsStr]) {
    let output = Command::new(program).args(arguments).output().expect("start a program");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Volume {
    fn new(dir: &Path) -> Volume {
        let (image, path) = (dir.join("image"), dir.join("mnt"));
        std::fs::File::create(&image)
            .expect("a file of the test")
            .set_len(64 << 20)
            .expect("a file of the test");
        std::fs::create_dir(&path).expect("a file of the test");
        run("mkfs.ext4", &["-q".as_ref(), image.as_os_str()]);
        run("mount", &["-o".as_ref(), "loop".as_ref(), image.as_os_str(), path.as_os_str()]);
        Volume { image, path }
    }

    fn freeze(&self, freeze: bool) {
        run("fsfreeze", &[if freeze { "-f" } else { "-u" }.as_ref(), self.path.as_os_str()]);
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("fsfreeze").arg("-u").arg(&self.path).output();
        let _ = Command::new("umount").arg("-l").arg(&self.path).output();
        let _ = std::fs::remove_file(&self.image);
    }
}

#[test]
fn a_disk_that_hangs_delays_only_its_own_requests() {
    let (dir, good) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let slow = Volume::new(dir.path());
    for (path, chunks) in [(&*slow.path, 1..=8_u64), (good.path(), 101..=108)] {
        let store = one(path);
        for chunk in chunks {
            store.create(id(chunk), v(1)).unwrap();
            put(&store, chunk, 0, 0, &pattern(1)).unwrap();
        }
        store.stop();
    }
    let mut config = config(vec![spec(&slow.path), spec(good.path())]);
    config.disk_threads = 4;
    let store = start(config);
    slow.freeze(true);
    std::thread::scope(|scope| {
        let stuck: Vec<_> = (1..=4)
            .map(|chunk| {
                scope.spawn({
                    let store = &store;
                    move || put(store, chunk, 0, 0, &pattern(2))
                })
            })
            .collect();
        until("all places are taken", || store.waiting_requests() >= 4);
        // The other disk, the list for the master, and what is to be told: all at once, as always.
        let start = Instant::now();
        for chunk in 101..=108 {
            put(&store, chunk, 1, 0, &pattern(3)).unwrap();
            store.set_version(id(chunk), v(2), v(1)).unwrap();
            assert_eq!(get(&store, chunk, 1).unwrap(), pattern(3));
        }
        let mut list = Vec::new();
        store.start_list();
        (0..Store::LIST_PARTS).for_each(|part| store.list_part(part, &mut list));
        assert_eq!(list.len(), 12, "what hangs is told later");
        assert!(store.take_reports().new.is_empty());
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        // More for the slow disk is refused soon, so that its senders go elsewhere.
        let start = Instant::now();
        assert_eq!(put(&store, 5, 0, 0, &pattern(2)), Err(Status::NOTDONE));
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert!(stuck.iter().all(|thread| !thread.is_finished()), "the test does not test");
        slow.freeze(false);
        stuck.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
    });
    let mut told = Vec::new();
    until("what hung is told", || {
        told.extend(store.take_reports().new);
        told.len() == 4
    });
    assert_eq!(get(&store, 1, 0).unwrap(), pattern(2));
    assert!(store.take_reports().damaged.is_empty());
    store.stop();
}

#[test]
fn a_disk_that_is_unmounted_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let volume = Volume::new(dir.path());
    let store = one(&volume.path);
    store.create(id(1), v(1)).unwrap();
    put(&store, 1, 0, 0, &pattern(1)).unwrap();
    store.reload_disks(&[spec(&volume.path), spec(other.path())]).unwrap();
    until("both are in use", || !store.is_scanning());
    run("umount", &["-l".as_ref(), volume.path.as_os_str()]);
    // Any change makes it look at once, not only after a minute.
    store.set_tunables((*store.tunables()).clone());
    until("it is given up", || store.disks()[0].state == Some(chunkstore::DiskState::Damaged));
    until("its chunk is reported lost", || store.take_reports().lost == [id(1)]);
    assert_eq!(
        std::fs::read_dir(&volume.path).unwrap().count(),
        0,
        "nothing is written below the mount point"
    );
    store.stop();
    drop(store);
}
