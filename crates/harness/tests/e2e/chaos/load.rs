//! Who works meanwhile: fio, which verifies what it reads back; a tree writer that remembers what was synced; readers
//! of files that never change.

use anyhow::{Context, Result, ensure};
use harness::{Recorder, Rereader, check_known};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const HARNESS: &str = env!("CARGO_BIN_EXE_harness");
/// No operation of the tree writer takes longer.
const PATIENCE: Duration = Duration::from_secs(90);

pub(super) struct Load {
    reader: Rereader,
    writers: Vec<(Recorder, usize, Instant)>,
    fio: Vec<(Child, PathBuf)>,
}

/// What must be there afterwards.
pub(super) struct Record(Vec<harness::Record>);

impl Load {
    /// `scratch` is outside the mount.
    pub(super) fn start(dirs: &[PathBuf], scratch: &Path, seconds: u64) -> Result<Load> {
        let known: Vec<PathBuf> = dirs.iter().map(|dir| dir.join("known")).collect();
        let known: Vec<&Path> = known.iter().map(PathBuf::as_path).collect();
        let reader = Rereader::start(Path::new(HARNESS), &known)?;
        let (mut writers, mut jobs) = (Vec::new(), Vec::new());
        for (n, dir) in dirs.iter().enumerate() {
            writers.push((Recorder::start(Path::new(HARNESS), &dir.join("tree"), 1)?, 0, Instant::now()));
            jobs.push(fio(&dir.join("fio"), scratch, n, seconds)?);
        }
        Ok(Load { reader, writers, fio: jobs })
    }

    /// An error if anybody saw one, or got stuck.
    pub(super) fn check(&mut self) -> Result<()> {
        self.reader.check()?;
        for (writer, count, since) in &mut self.writers {
            if writer.acknowledged() > *count {
                (*count, *since) = (writer.acknowledged(), Instant::now());
            }
            ensure!(
                since.elapsed() < PATIENCE,
                "a tree writer got nothing done for {} s",
                PATIENCE.as_secs()
            );
        }
        for (child, log) in &mut self.fio {
            if let Some(status) = child.try_wait().context("wait for fio")? {
                ensure!(status.success(), "fio: {status}\n{}", std::fs::read_to_string(log)?);
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Record> {
        let mut records = Vec::new();
        for (writer, ..) in self.writers {
            let record = writer.finish()?;
            let failures: Vec<_> = record.failures().collect();
            ensure!(failures.is_empty(), "errors reached the application: {failures:#?}");
            eprintln!("{} operations acknowledged", record.acknowledged());
            records.push(record);
        }
        eprintln!("{} files read", self.reader.finish()?);
        for (mut child, log) in self.fio {
            let status = child.wait().context("wait for fio")?;
            let said = std::fs::read_to_string(log)?;
            ensure!(status.success(), "fio: {status}\n{said}");
            eprintln!("{}", said.lines().filter(|line| line.contains("IOPS")).collect::<Vec<_>>().join("\n"));
        }
        Ok(Record(records))
    }
}

/// Writes at random with checksums, and reads back soon after; whole blocks in one directory, parts in the other.
fn fio(dir: &Path, scratch: &Path, kind: usize, seconds: u64) -> Result<(Child, PathBuf)> {
    let log = scratch.join(format!("fio-{kind}"));
    let block = ["64k", "12k"][kind % 2];
    let mut command = Command::new("fio");
    command.args([
        "--name=chaos",
        "--ioengine=psync",
        "--rw=randwrite",
        "--size=24m",
        "--fsync=8",
        "--loops=1000000",
    ]);
    command.args(["--verify=crc32c", "--verify_backlog=32", "--verify_fatal=1", "--time_based"]);
    command.args([format!("--bs={block}"), format!("--runtime={seconds}"), format!("--direct={}", kind % 2)]);
    command.arg(format!("--directory={}", dir.display())).current_dir(scratch);
    let file = File::create(&log).context("make a log for fio")?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    Ok((command.spawn().context("start fio: ./test installs it")?, log))
}

impl Record {
    /// Reads all of it.
    pub(super) fn verify(&self, dirs: &[PathBuf]) -> Result<()> {
        for (record, dir) in self.0.iter().zip(dirs) {
            record.verify(&dir.join("tree")).context("what the tree writer had synced")?;
            check_known(&dir.join("known"))?;
        }
        Ok(())
    }
}
