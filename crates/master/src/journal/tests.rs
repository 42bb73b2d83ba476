use super::*;
use crate::storage::{AppendFile, DirStorage};
use std::io::{self, Write};

/// A directory whose disk fails while told to, after leaving half of what it was given behind.
struct Flaky {
    dir: DirStorage,
    fail: Arc<AtomicBool>,
}

struct FlakyFile {
    file: Box<dyn AppendFile>,
    fail: Arc<AtomicBool>,
}

impl Storage for Flaky {
    fn append(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        Ok(Box::new(FlakyFile { file: self.dir.append(name)?, fail: self.fail.clone() }))
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn crate::storage::NewFile>> {
        self.dir.create(name)
    }
    fn open_at(&self, name: &str) -> io::Result<Box<dyn crate::storage::ReadAt>> {
        self.dir.open_at(name)
    }
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.dir.read(name)
    }
    fn exists(&self, name: &str) -> bool {
        self.dir.exists(name)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        self.dir.list()
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.dir.rename(from, to)
    }
    fn link(&self, name: &str, other: &str) -> io::Result<()> {
        self.dir.link(name, other)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.dir.remove(name)
    }
    fn sync_dir(&self) -> io::Result<()> {
        self.dir.sync_dir()
    }
    fn describe(&self, name: &str) -> String {
        self.dir.describe(name)
    }
}

impl Write for FlakyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.fail.load(Ordering::SeqCst) {
            self.file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl AppendFile for FlakyFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.file.cut(len)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

fn line(version: u64) -> String {
    format!("{version}: 100|ACCESS({version})\n")
}

fn add(journal: &mut Journal, version: u64) {
    journal.append(version, |out| out.extend_from_slice(line(version).as_bytes()));
}

fn content(dir: &std::path::Path, n: u32) -> String {
    std::fs::read_to_string(dir.join(changelog_name(n))).unwrap_or_default()
}

#[test]
fn lines_become_durable_in_order_and_rotate() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Arc::new(DirStorage::new(dir.path()));
    let mut journal = Journal::start(storage, 10, Durability::Synced, || {}).unwrap();
    assert_eq!(journal.durable(), 9);
    for version in 10..20 {
        add(&mut journal, version);
        journal.commit();
    }
    assert!(journal.flush(Duration::from_secs(20)));
    assert_eq!(journal.durable(), 19);
    journal.rotate(2);
    add(&mut journal, 20);
    assert!(journal.flush(Duration::from_secs(20)));
    drop(journal);
    assert_eq!(content(dir.path(), 1), (10..20).map(line).collect::<String>());
    assert_eq!(content(dir.path(), 0), line(20));
}

#[test]
fn rotation_keeps_as_many_as_told_and_what_no_image_has() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal =
        Journal::start(Arc::new(DirStorage::new(dir.path())), 1, Durability::Synced, || {}).unwrap();
    for version in 1..6 {
        add(&mut journal, version);
        journal.rotate(2);
    }
    assert!(journal.flush(Duration::from_secs(20)));
    let kept = [0, 1, 2, 3, 4, 5].map(|n| content(dir.path(), n));
    assert_eq!(kept, ["".into(), line(5), line(4), line(3), line(2), line(1)], "no image has any of them");
    journal.set_base(4);
    journal.rotate(0);
    assert!(journal.flush(Duration::from_secs(20)));
    let kept = [1, 2, 3, 4, 5, 6].map(|n| content(dir.path(), n));
    assert_eq!(kept, ["".into(), line(5), line(4), "".into(), "".into(), "".into()]);
    journal.set_base(11);
    for version in 6..11 {
        add(&mut journal, version);
        journal.rotate(2);
    }
    drop(journal);
    assert_eq!([0, 1, 2, 3].map(|n| content(dir.path(), n)), ["".into(), line(10), line(9), "".into()]);
}

#[test]
fn each_mode_says_when_answers_may_leave_and_may_be_changed() {
    let dir = tempfile::tempdir().unwrap();
    let fail = Arc::new(AtomicBool::new(true));
    let storage = Arc::new(Flaky { dir: DirStorage::new(dir.path()), fail: fail.clone() });
    let mut journal = Journal::start(storage, 1, Durability::Background, || {}).unwrap();
    add(&mut journal, 1);
    journal.commit();
    assert_eq!((journal.durable(), journal.on_disk()), (1, 0), "mode 0 does not wait for the disk");
    assert!(!journal.behind().is_zero());
    journal.set_durability(Durability::Written);
    assert_eq!(journal.durable(), 0, "mode 1 does");
    fail.store(false, Ordering::SeqCst);
    assert!(journal.flush(Duration::from_secs(20)));
    assert_eq!((journal.durable(), journal.behind()), (1, Duration::ZERO));
    journal.set_durability(Durability::Synced);
    add(&mut journal, 2);
    assert!(journal.flush(Duration::from_secs(20)));
    assert_eq!(content(dir.path(), 0), line(1) + &line(2));
}

#[test]
fn a_full_disk_holds_answers_back_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let fail = Arc::new(AtomicBool::new(false));
    let storage = Arc::new(Flaky { dir: DirStorage::new(dir.path()), fail: fail.clone() });
    let mut journal = Journal::start(storage, 1, Durability::Synced, || {}).unwrap();
    add(&mut journal, 1);
    assert!(journal.flush(Duration::from_secs(20)));
    fail.store(true, Ordering::SeqCst);
    add(&mut journal, 2);
    assert!(!journal.flush(Duration::from_millis(600)));
    add(&mut journal, 3);
    journal.commit();
    assert_eq!(journal.durable(), 1);
    assert!(journal.failure().expect("the disk fails").error.contains("space"));
    fail.store(false, Ordering::SeqCst);
    assert!(journal.flush(Duration::from_secs(20)));
    assert_eq!(journal.durable(), 3);
    assert!(journal.failure().is_none());
    assert_eq!(content(dir.path(), 0), (1..4).map(line).collect::<String>());
}
