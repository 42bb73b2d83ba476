//! Starts from what is found in a directory.

use super::*;
use crate::images::{BACK, CURRENT, TMP};
use crate::storage::{DirStorage, Storage};
use metadata::Fs;
use ondisk::{Line, NewNode, Op};
use std::io::Cursor;
use types::{ChunkId, ChunkIndex, Inode, Name, NodeType, ROOT};

const USUAL: Rules =
    Rules { recover: false, ignore_errors: false, best: false, every_log: false, verbose: 0 };
const RECOVER: Rules = Rules { recover: true, ..USUAL };
const NOW: u32 = 1000;

/// A state made by operations, with the line of each.
struct Written {
    fs: Fs,
    lines: Vec<String>,
}

impl Written {
    fn new() -> Self {
        let mut written = Written { fs: Fs::new_empty(NOW), lines: Vec::new() };
        written.run(&Op::SetMetaId { id: 77 });
        written
    }

    fn run(&mut self, op: &Op<'_>) {
        let version = self.fs.version();
        let outcome = self.fs.apply(NOW, op).unwrap();
        let mut line = Vec::new();
        Line { version, ts: NOW.into(), op: *op, outcome }.write(&mut line);
        self.lines.push(String::from_utf8(line).unwrap());
    }

    fn mkdir(&mut self, name: &str) {
        let name = Name::new(name.as_bytes()).unwrap();
        let node = NewNode { kind: NodeType::Dir, mode: 0o755, umask: 0 };
        self.run(&Op::Create { parent: ROOT, name, node, uid: 0, gid: 0, rdev: 0 });
    }

    fn image(&self) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        self.fs.snapshot().write_image(&mut out, NOW).unwrap();
        out.into_inner()
    }
}

fn dir() -> (tempfile::TempDir, DirStorage) {
    let dir = tempfile::tempdir().unwrap();
    let storage = DirStorage::new(dir.path());
    (dir, storage)
}

fn put(dir: &tempfile::TempDir, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(dir.path().join(name), bytes).unwrap();
}

fn told(result: anyhow::Result<Loaded>) -> String {
    format!("{:#}", result.err().expect("must be refused"))
}

/// An image of version 3 (one directory), then lines 3 to 5 (three more).
fn crashed(dir: &tempfile::TempDir) -> Written {
    let mut w = Written::new();
    w.mkdir("a");
    put(dir, BACK, w.image());
    ["b", "c", "d"].iter().for_each(|name| w.mkdir(name));
    put(dir, "changelog.1.mfs", w.lines[..3].concat());
    put(dir, "changelog.0.mfs", w.lines[3..].concat());
    w
}

#[test]
fn after_a_crash_everything_logged_is_there() {
    let (dir, storage) = dir();
    let w = crashed(&dir);
    put(&dir, TMP, "half an image");
    let loaded = load(&storage, &USUAL, NOW).unwrap();
    assert_eq!((loaded.fs.version(), loaded.replayed), (6, 3));
    assert!(loaded.fs.lookup(ROOT, b"d").is_some());
    assert!(!storage.exists(TMP) && storage.exists(BACK));
    loaded.fs.validate().unwrap();
    assert_eq!(loaded.fs.version(), w.fs.version());
}

#[test]
fn a_torn_last_line_is_cut_off_so_that_the_next_one_stands_alone() {
    let (dir, storage) = dir();
    let w = crashed(&dir);
    let torn = [w.lines[3..].concat(), "6: 1000|CREA".into()].concat();
    put(&dir, "changelog.0.mfs", torn);
    assert_eq!(load(&storage, &USUAL, NOW).unwrap().fs.version(), 6);
    assert_eq!(storage.read("changelog.0.mfs").unwrap(), w.lines[3..].concat().into_bytes());
}

#[test]
fn a_hole_is_refused_by_name_and_nothing_is_touched() {
    let (dir, storage) = dir();
    let w = crashed(&dir);
    put(&dir, "changelog.0.mfs", w.lines[4..].concat());
    put(&dir, "changelog.1.mfs", w.lines[..2].concat());
    let why = told(load(&storage, &USUAL, NOW));
    assert!(why.contains("changes 3 to 4 are missing"), "{why}");
    let ignoring = Rules { ignore_errors: true, ..USUAL };
    assert_eq!(load(&storage, &ignoring, NOW).unwrap().fs.version(), 3);
}

#[test]
fn a_clean_image_is_taken_and_put_where_metaloggers_look() {
    let (dir, storage) = dir();
    let w = Written::new();
    put(&dir, CURRENT, w.image());
    put(&dir, "changelog.0.mfs", w.lines.concat());
    assert_eq!(load(&storage, &USUAL, NOW).unwrap().replayed, 0);
    assert!(storage.exists(BACK) && !storage.exists(CURRENT));
}

#[test]
fn half_written_images_and_older_ones_are_refused() {
    let (dir, storage) = dir();
    let mut w = Written::new();
    let old = w.image();
    put(&dir, CURRENT, &old[..old.len() - 5]);
    assert!(told(load(&storage, &USUAL, NOW)).contains("wrong ending"));
    put(&dir, CURRENT, "rubbish that is long enough to be looked at");
    assert!(told(load(&storage, &USUAL, NOW)).contains("wrong header"));
    w.mkdir("a");
    put(&dir, CURRENT, &old);
    put(&dir, BACK, w.image());
    let why = told(load(&storage, &USUAL, NOW));
    assert!(why.contains("is newer than metadata.mfs (version 2") && why.contains("'-a'"), "{why}");
    assert_eq!(load(&storage, &RECOVER, NOW).unwrap().fs.version(), 3);
}

#[test]
fn an_empty_file_system_beside_old_changes_is_a_mistake() {
    let (dir, storage) = dir();
    put(&dir, CURRENT, "MFSM NEW");
    assert_eq!(load(&storage, &USUAL, NOW).unwrap().fs.version(), 1);
    let w = Written::new();
    put(&dir, CURRENT, "MFSM NEW");
    put(&dir, "changelog.3.mfs", w.lines.concat());
    assert!(told(load(&storage, &USUAL, NOW)).contains("changes of an earlier one"));
    assert_eq!(load(&storage, &RECOVER, NOW).unwrap().fs.version(), 2);
}

#[test]
fn metaloggers_files_make_a_master_with_a_only() {
    let (dir, storage) = dir();
    let mut w = Written::new();
    put(&dir, "metadata_ml.mfs.back", w.image());
    w.mkdir("a");
    put(&dir, "changelog_ml.0.mfs", &w.lines[1]);
    put(&dir, "changelog_ml_back.0.mfs", w.lines.concat());
    assert!(told(load(&storage, &USUAL, NOW)).contains("try using option '-a'"));
    assert_eq!(load(&storage, &RECOVER, NOW).unwrap().fs.version(), 3);
    assert!(told(load(&DirStorage::new("/nonexistent"), &RECOVER, NOW)).contains("No such file"));
}

#[test]
fn a_metalogger_that_knows_more_is_not_passed_over() {
    let (dir, storage) = dir();
    let mut w = crashed(&dir);
    put(&dir, "changelog_ml.0.mfs", w.lines[2..].concat());
    assert_eq!(load(&storage, &USUAL, NOW).unwrap().fs.version(), 6, "it knows no more");
    w.mkdir("e");
    put(&dir, "changelog_ml.0.mfs", w.lines[2..].concat());
    let why = told(load(&storage, &USUAL, NOW));
    assert!(why.contains("changelog_ml.0.mfs holds changes up to 6") && why.contains("'-a'"), "{why}");
    assert_eq!(load(&storage, &RECOVER, NOW).unwrap().fs.version(), 7);
}

#[test]
fn two_file_systems_in_one_directory_are_told_apart() {
    let (dir, storage) = dir();
    let one = Written::new();
    let mut other = Written { fs: Fs::new_empty(NOW), lines: Vec::new() };
    other.run(&Op::SetMetaId { id: 78 });
    put(&dir, BACK, one.image());
    put(&dir, "metadata.mfs.back.1", other.image());
    let why = told(load(&storage, &RECOVER, NOW));
    assert!(why.contains("different file systems") && why.contains("000000000000004E"), "{why}");
}

#[test]
fn a_write_without_an_end_is_remembered() {
    let (dir, storage) = dir();
    let mut w = Written::new();
    put(&dir, BACK, w.image());
    let node = NewNode { kind: NodeType::File, mode: 0o644, umask: 0 };
    for name in ["two", "three"] {
        let name = Name::new(name.as_bytes()).unwrap();
        w.run(&Op::Create { parent: ROOT, name, node, uid: 0, gid: 0, rdev: 0 });
    }
    let write = |inode| Op::Write { inode, index: ChunkIndex(0), new_version: false, set_mtime: false };
    w.run(&write(Inode(2)));
    w.run(&Op::Unlock { chunk: ChunkId(1) });
    w.run(&write(Inode(2)));
    w.run(&write(Inode(3)));
    put(&dir, "changelog.0.mfs", w.lines.concat());
    let left = load(&storage, &USUAL, NOW).unwrap().unfinished;
    let expected = Unfinished { inode: Inode(3), index: ChunkIndex(0), prev: ChunkId(0), cur: ChunkId(2) };
    assert_eq!(left, [expected], "chunk 1 was written before, so it exists");
}

#[test]
fn changes_given_up_are_never_replayed_later() {
    let (dir, storage) = dir();
    let w = crashed(&dir);
    put(&dir, "changelog.0.mfs", w.lines[4..].concat());
    put(&dir, "changelog.1.mfs", w.lines[..2].concat());
    let ignoring = Rules { ignore_errors: true, ..USUAL };
    let loaded = load(&storage, &ignoring, NOW).unwrap();
    assert!(loaded.stopped.unwrap().contains("changes 3 to 4 are missing"));
    assert!(!storage.exists("changelog.0.mfs") && storage.exists("given_up.0.changelog.0.mfs"));
    assert_eq!(storage.read("given_up.0.changelog.0.mfs").unwrap(), w.lines[4..].concat().into_bytes());
    // Started once more, as if nothing had been written since.
    assert_eq!(load(&storage, &USUAL, NOW).unwrap().fs.version(), 3);
}

/// A jump inside a file ends it for every reader: nothing may be appended behind an older end.
#[test]
fn a_changelog_that_ends_before_the_metaloggers_is_not_continued() {
    let (dir, storage) = dir();
    let w = crashed(&dir);
    put(&dir, "changelog.0.mfs", &w.lines[2]);
    put(&dir, "changelog.1.mfs", w.lines[..2].concat());
    put(&dir, "changelog_ml.0.mfs", w.lines[2..].concat());
    assert_eq!(load(&storage, &RECOVER, NOW).unwrap().fs.version(), 6);
    assert!(!storage.exists("changelog.0.mfs"));
    assert_eq!(storage.read("changelog.1.mfs").unwrap(), w.lines[2].clone().into_bytes());
    assert_eq!(storage.read("changelog.2.mfs").unwrap(), w.lines[..2].concat().into_bytes());
}

#[test]
fn a_damaged_image_is_passed_over_when_an_older_one_leads_as_far() {
    let (dir, storage) = dir();
    let w = crashed(&dir);
    let mut newer = w.image();
    // The number of nodes stays plausible; the name of one is gone.
    let at = newer.windows(4).position(|w| w == b"EDGE").unwrap() + 16 + 8 + 16;
    newer[at] = 0xFF;
    put(&dir, "metadata_ml.mfs.back", &newer);
    let loaded = load(&storage, &RECOVER, NOW).unwrap();
    assert_eq!((loaded.fs.version(), loaded.base.name.as_str()), (6, BACK));
    put(&dir, "changelog.0.mfs", &w.lines[3]);
    let why = told(load(&storage, &RECOVER, NOW));
    assert!(
        why.contains("metadata_ml.mfs.back (version 6) is damaged") && why.contains("to version 5"),
        "{why}"
    );
}
