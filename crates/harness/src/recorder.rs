//! Remembers every operation a file system has acknowledged, and later demands each of them.
//!
//! The operations are done by another process (`harness record`): a process that has files of a mount open waits, when
//! it starts a program, until the mount has answered the closing of the copies, so a test that itself had some could
//! not start the server that the mount waits for.

mod worker;

use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use worker::Worker;

/// A process that creates, changes, renames and removes files in several threads, each in a directory of its own.
#[derive(Debug)]
pub struct Recorder {
    child: Child,
    acknowledged: Arc<AtomicUsize>,
    reader: JoinHandle<Result<Vec<Worker>>>,
}

/// What was acknowledged.
#[derive(Debug)]
pub struct Record {
    workers: Vec<Worker>,
    acknowledged: usize,
}

impl Recorder {
    /// Starts `program record DIR WORKERS`, where `program` is the harness's own binary.
    pub fn start(program: &Path, dir: &Path, workers: usize) -> Result<Recorder> {
        let mut command = Command::new(program);
        command.arg("record").arg(dir).arg(workers.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("start the recorder")?;
        let output = child.stdout.take().context("output of the recorder")?;
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&acknowledged);
        let reader = std::thread::spawn(move || read_progress(output, &count));
        Ok(Recorder { child, acknowledged, reader })
    }

    /// Operations acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until `more` operations beyond those of now are acknowledged.
    pub fn wait_progress(&self, more: usize, timeout: Duration) -> Result<()> {
        let goal = self.acknowledged() + more;
        crate::wait::until(&format!("{more} more operations"), timeout, || {
            ensure!(!self.reader.is_finished(), "the recorder has ended");
            Ok(self.acknowledged() >= goal)
        })
    }

    /// Kills it without asking what it did. An operation it waits in may keep it until the mount is gone.
    pub fn abandon(mut self) -> Result<()> {
        self.child.kill().context("kill the recorder")
    }

    /// Stops after the current operations.
    pub fn finish(mut self) -> Result<Record> {
        drop(self.child.stdin.take());
        let workers = match self.reader.join() {
            Ok(workers) => workers?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let status = self.child.wait().context("wait for the recorder")?;
        ensure!(status.success(), "the recorder ended with {status}");
        Ok(Record { workers, acknowledged: self.acknowledged.load(Ordering::Relaxed) })
    }
}

/// Reads counts, one a line, then the workers.
fn read_progress(output: ChildStdout, count: &AtomicUsize) -> Result<Vec<Worker>> {
    for line in BufReader::new(output).lines() {
        let line = line.context("read from the recorder")?;
        match line.parse() {
            Ok(number) => count.store(number, Ordering::Relaxed),
            Err(_) => return serde_json::from_str(&line).context("what the recorder did"),
        }
    }
    anyhow::bail!("the recorder ended without saying what it did")
}

/// The other process: works below the existing directory `dir` until its input ends, printing how many operations were
/// acknowledged, and at the end what they were.
pub fn record(dir: &Path, workers: usize) -> Result<()> {
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let homes: Vec<PathBuf> = (0..workers).map(|index| dir.join(format!("worker-{index}"))).collect();
    for home in &homes {
        fs::create_dir(home).with_context(|| format!("make {}", home.display()))?;
    }
    let work = |home: PathBuf, seed: u64| {
        let mut worker = Worker::new(home, seed);
        while !stop.load(Ordering::Relaxed) {
            if worker.step() {
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
        }
        worker
    };
    let done = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..).zip(homes).map(|(seed, home)| scope.spawn(move || work(home, seed))).collect();
        scope.spawn(|| {
            // Ends when the other side closes it or is gone.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            stop.store(true, Ordering::Relaxed);
        });
        while !stop.load(Ordering::Relaxed) {
            println!("{}", acknowledged.load(Ordering::Relaxed));
            std::thread::sleep(Duration::from_millis(10));
        }
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Result<Vec<_>, _>>()
    });
    let done = done.map_err(|_| anyhow::anyhow!("a worker panicked"))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", acknowledged.load(Ordering::Relaxed)).context("write the result")?;
    writeln!(out, "{}", serde_json::to_string(&done).context("write JSON")?).context("write the result")
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
