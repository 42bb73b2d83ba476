//! Reads files whose content it knows, again and again, and demands that it is right.
//!
//! In a process of its own, for the reason that [`crate::Recorder`] is.

use crate::tree::Random;
use anyhow::{Context, Result, ensure};
use rustix::fs::{Advice, fadvise};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The process.
#[derive(Debug)]
pub struct Rereader {
    child: Child,
}

impl Rereader {
    /// Starts `program reread DIR…`, where `program` is the harness's own binary.
    pub fn start(program: &Path, dirs: &[&Path]) -> Result<Rereader> {
        let mut command = Command::new(program);
        command.arg("reread").args(dirs).stdin(Stdio::piped()).stdout(Stdio::piped());
        Ok(Rereader { child: command.spawn().context("start the rereader")? })
    }

    /// An error if it found something wrong.
    pub fn check(&mut self) -> Result<()> {
        let status = self.child.try_wait().context("wait for the rereader")?;
        ensure!(status.is_none(), "the rereader ended: {status:?}");
        Ok(())
    }

    /// Stops it; how many files were read.
    pub fn finish(mut self) -> Result<u64> {
        drop(self.child.stdin.take());
        let output = self.child.wait_with_output().context("wait for the rereader")?;
        ensure!(output.status.success(), "the rereader ended with {}", output.status);
        String::from_utf8_lossy(&output.stdout).trim().parse().context("what the rereader says")
    }
}

/// Writes a file that [`reread`] knows: number `seed`, of `length` bytes, on stable storage afterwards.
pub fn known_file(dir: &Path, seed: u64, length: usize) -> Result<PathBuf> {
    let path = dir.join(format!("known-{seed}-{length}"));
    let mut file = File::create_new(&path).with_context(|| format!("make {}", path.display()))?;
    let written = file.write_all(&content(seed, length)).and_then(|()| file.sync_all());
    written.with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

fn content(seed: u64, length: usize) -> Vec<u8> {
    let mut data = vec![0; length];
    Random::new(seed).fill(&mut data);
    data
}

/// The other process: reads all known files in `dirs` until its input ends, and prints how many it has read.
pub fn reread(dirs: &[PathBuf]) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut files = Vec::new();
    for dir in dirs {
        files.extend(known_files(dir)?);
    }
    ensure!(!files.is_empty(), "nothing to read");
    // Not waited for: after an error its input may never end.
    let stopped = Arc::clone(&stop);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stopped.store(true, Ordering::Relaxed);
    });
    let mut count = 0_u64;
    for (path, want) in files.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        check(path, want)?;
        count += 1;
    }
    println!("{count}");
    Ok(())
}

/// Compares every known file in `dir` once.
pub fn check_known(dir: &Path) -> Result<()> {
    known_files(dir)?.iter().try_for_each(|(path, want)| check(path, want))
}

fn known_files(dir: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))? {
        let path = entry.context("list")?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((seed, length)) = name.strip_prefix("known-").and_then(|rest| rest.split_once('-')) else {
            continue;
        };
        let data = content(seed.parse()?, length.parse()?);
        files.push((path, data));
    }
    Ok(files)
}

fn check(path: &Path, want: &[u8]) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    // Else the kernel's cache would answer.
    fadvise(&file, 0, None, Advice::DontNeed).context("forget what is cached")?;
    let mut data = Vec::with_capacity(want.len());
    file.read_to_end(&mut data).with_context(|| format!("read {}", path.display()))?;
    let wrong = data.iter().zip(want).position(|(got, want)| got != want);
    ensure!(wrong.is_none(), "{}: WRONG DATA at {}", path.display(), wrong.unwrap_or_default());
    ensure!(data.len() == want.len(), "{}: {} bytes instead of {}", path.display(), data.len(), want.len());
    Ok(())
}
