//! Remembers every operation a file system has acknowledged, and later demands each of them.

mod worker;

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use worker::Worker;

/// Threads that create, change, rename and remove files, each in a directory of its own.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Worker>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    acknowledged: AtomicUsize,
}

/// What was acknowledged.
#[derive(Debug)]
pub struct Record {
    workers: Vec<Worker>,
    acknowledged: usize,
}

impl Recorder {
    /// Starts `workers` threads below the existing directory `dir`.
    pub fn start(dir: &Path, workers: usize) -> Result<Recorder> {
        let shared = Arc::new(Shared::default());
        let mut threads = Vec::new();
        for index in 0..workers {
            let home = dir.join(format!("worker-{index}"));
            fs::create_dir(&home).with_context(|| format!("make {}", home.display()))?;
            let shared = Arc::clone(&shared);
            threads.push(std::thread::spawn(move || {
                let mut worker = Worker::new(home, index as u64);
                while !shared.stop.load(Ordering::Relaxed) {
                    if worker.step() {
                        shared.acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                }
                worker
            }));
        }
        Ok(Recorder { shared, threads })
    }

    /// Operations acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until `more` operations beyond those of now are acknowledged.
    pub fn wait_progress(&self, more: usize, timeout: Duration) -> Result<()> {
        let goal = self.acknowledged() + more;
        crate::wait::until(&format!("{more} more operations"), timeout, || Ok(self.acknowledged() >= goal))
    }

    /// Stops the threads after their current operation.
    pub fn finish(self) -> Result<Record> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut workers = Vec::new();
        for thread in self.threads {
            match thread.join() {
                Ok(worker) => workers.push(worker),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(Record { workers, acknowledged: self.shared.acknowledged.load(Ordering::Relaxed) })
    }
}

impl Record {
    /// How many operations were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    /// Operations that returned an error, with the error. Whether they took effect is unknown.
    pub fn failures(&self) -> impl Iterator<Item = &str> {
        self.workers.iter().flat_map(|worker| worker.failures().iter().map(String::as_str))
    }

    /// Demands that `dir` holds what was acknowledged, no less and no more: everything made is there with its data,
    /// everything removed is gone.
    pub fn verify(&self, dir: &Path) -> Result<()> {
        for worker in &self.workers {
            let home: PathBuf = dir.join(worker.name());
            worker.verify(&home)?;
        }
        ensure!(self.acknowledged > 0, "nothing was done");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losing_or_reviving_a_file_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let recorder = Recorder::start(dir.path(), 2).unwrap();
        recorder.wait_progress(500, Duration::from_secs(30)).unwrap();
        let record = recorder.finish().unwrap();
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

    use std::fs::File;
}
