//! The recorder sees what a file system loses, revives or changes.

use harness::{Record, Recorder};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn record(dir: &Path) -> anyhow::Result<Record> {
    let recorder = Recorder::start(Path::new(env!("CARGO_BIN_EXE_harness")), dir, 2)?;
    recorder.wait_progress(500, Duration::from_secs(60))?;
    recorder.finish()
}

#[test]
fn losing_or_reviving_a_file_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let record = record(dir.path()).unwrap();
    assert!(record.acknowledged() >= 500);
    assert_eq!(record.failures().count(), 0);
    record.verify(dir.path()).unwrap();

    let home = dir.path().join("worker-1");
    let is_file = |path: &PathBuf| path.symlink_metadata().unwrap().is_file();
    let mut files = fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(is_file).unwrap();
    let aside = dir.path().join("aside");
    fs::rename(&file, &aside).unwrap();
    assert!(record.verify(dir.path()).is_err(), "a lost file");
    fs::rename(&aside, &file).unwrap();
    record.verify(dir.path()).unwrap();
    fs::write(home.join("n999"), "").unwrap();
    assert!(record.verify(dir.path()).is_err(), "a revived file");
    fs::remove_file(home.join("n999")).unwrap();
    let length = fs::metadata(&file).unwrap().len();
    File::options().write(true).open(&file).unwrap().set_len(length + 1).unwrap();
    assert!(record.verify(dir.path()).is_err(), "changed data");
}
