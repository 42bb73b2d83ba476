//! Large files: sequential streams and random 4 KiB blocks.

use super::pattern::{self, BLOCK, Origin, mix};
use super::report::Row;
use super::run::Bench;
use super::small::close;
use super::workers::{Laps, share, timed};
use crate::timing::Done;
use anyhow::{Context, Result, ensure};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Bytes per system call of a sequential stream.
const STEP: usize = 1 << 20;

/// Runs all stream tests with each number of jobs.
pub(super) fn run(bench: &mut Bench) -> Result<()> {
    for jobs in bench.args().jobs.clone() {
        let set = Set::new(bench, jobs);
        let outcome = set.run_all(bench);
        outcome.with_context(|| format!("stream tests with {jobs} jobs"))?;
        for path in &set.paths {
            fs::remove_file(path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// One file per job, all of the same size.
struct Set {
    paths: Vec<PathBuf>,
    /// MiB in each file.
    steps: usize,
    random_ops: usize,
}

impl Set {
    fn new(bench: &Bench, jobs: usize) -> Set {
        Set {
            paths: (0..jobs).map(|job| bench.root().join(format!("stream-{jobs}-{job}"))).collect(),
            steps: bench.args().stream_mib / jobs,
            random_ops: bench.args().random_ops,
        }
    }

    fn jobs(&self) -> usize {
        self.paths.len()
    }

    fn run_all(&self, bench: &mut Bench) -> Result<()> {
        let bytes = self.jobs() * self.steps * STEP;
        let random_bytes = self.random_ops * BLOCK;
        self.test(bench, "sequential write and fsync", bytes, |job, laps| self.write(job, laps))?;
        bench.cool(&self.paths)?;
        self.test(bench, "sequential read, cold", bytes, |job, laps| self.read(job, laps))?;
        self.verify(bench, false)?;
        bench.cool(&self.paths)?;
        self.test(bench, "random 4 KiB read, cold", random_bytes, |job, laps| self.random_read(job, laps))?;
        bench.cool(&self.paths)?;
        self.test(bench, "random 4 KiB write and fsync", random_bytes, |job, laps| {
            self.random_write(job, laps)
        })?;
        bench.cool(&self.paths)?;
        self.verify(bench, true)
    }

    fn test<F>(&self, bench: &mut Bench, test: &str, bytes: usize, work: F) -> Result<()>
    where
        F: Fn(usize, &mut Laps) -> Result<()> + Sync,
    {
        let timing = timed(self.jobs(), bench.stop(), |job, laps: &mut Laps| {
            work(job, laps).with_context(|| self.paths[job].display().to_string())
        })
        .with_context(|| format!("test \"{test}\""))?;
        bench.push(Row::new(test, self.jobs(), &timing, Done::Bytes(bytes)));
        Ok(())
    }

    fn write(&self, job: usize, laps: &mut Laps) -> Result<()> {
        let file =
            OpenOptions::new().write(true).create_new(true).open(&self.paths[job]).context("create")?;
        let mut data = vec![0; STEP];
        for step in 0..self.steps {
            pattern::fill(origin(job, 0), first_block(step), &mut data);
            laps.lap(|| file.write_all_at(&data, offset(step)).context("write"))?;
        }
        laps.lap(|| {
            file.sync_all().context("fsync")?;
            close(file).context("close")
        })
    }

    fn read(&self, job: usize, laps: &mut Laps) -> Result<()> {
        let file = File::open(&self.paths[job]).context("open")?;
        let mut data = vec![0; STEP];
        for step in 0..self.steps {
            laps.lap(|| file.read_exact_at(&mut data, offset(step)).context("read"))?;
            let bad = pattern::first_misplaced(origin(job, 0), first_block(step), &data);
            ensure!(bad.is_none(), "wrong data in block {}", bad.unwrap_or_default());
        }
        Ok(())
    }

    /// Which blocks a job touches at random: each at most once, the same ones in every run.
    fn random_blocks(&self, job: usize) -> Vec<u64> {
        let mut blocks: Vec<u64> = (0..(self.steps * STEP / BLOCK) as u64).collect();
        let count = share(self.random_ops, self.jobs(), job).len();
        for i in 0..count {
            let rest = (blocks.len() - i) as u64;
            let pick = mix(mix(job as u64 + 1).wrapping_add(i as u64)) % rest;
            blocks.swap(i, i + pick as usize);
        }
        blocks.truncate(count);
        blocks
    }

    fn random_read(&self, job: usize, laps: &mut Laps) -> Result<()> {
        let file = File::open(&self.paths[job]).context("open")?;
        let mut data = [0; BLOCK];
        for block in self.random_blocks(job) {
            laps.lap(|| file.read_exact_at(&mut data, block * BLOCK as u64).context("read"))?;
            ensure!(
                pattern::first_bad(origin(job, 0), block, &data).is_none(),
                "wrong data in block {block}"
            );
        }
        Ok(())
    }

    fn random_write(&self, job: usize, laps: &mut Laps) -> Result<()> {
        let file = OpenOptions::new().write(true).open(&self.paths[job]).context("open")?;
        let mut data = [0; BLOCK];
        for block in self.random_blocks(job) {
            pattern::fill(origin(job, 1), block, &mut data);
            laps.lap(|| file.write_all_at(&data, block * BLOCK as u64).context("write"))?;
        }
        laps.lap(|| {
            file.sync_all().context("fsync")?;
            close(file).context("close")
        })
    }

    /// Reads all files and compares every byte, untimed; `overwritten` = after the random writes.
    fn verify(&self, bench: &Bench, overwritten: bool) -> Result<()> {
        let mut data = vec![0; STEP];
        for (job, path) in self.paths.iter().enumerate() {
            let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
            let length = file.metadata().context("stat")?.len();
            ensure!(length == offset(self.steps), "{} has {length} bytes", path.display());
            let mut new = self.random_blocks(job);
            new.sort_unstable();
            for step in 0..self.steps {
                bench.check_stop()?;
                file.read_exact_at(&mut data, offset(step))
                    .with_context(|| format!("read {}", path.display()))?;
                for (block, content) in (first_block(step)..).zip(data.chunks(BLOCK)) {
                    let generation = u64::from(overwritten && new.binary_search(&block).is_ok());
                    let bad = pattern::first_bad(origin(job, generation), block, content).is_some();
                    ensure!(!bad, "{}: wrong data in block {block}", path.display());
                }
            }
        }
        Ok(())
    }
}

fn origin(job: usize, generation: u64) -> Origin {
    Origin { file: 1_000_000 + job as u64, generation }
}

fn offset(step: usize) -> u64 {
    (step * STEP) as u64
}

fn first_block(step: usize) -> u64 {
    (step * STEP / BLOCK) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_blocks_are_distinct_and_inside() {
        let set = Set { paths: vec!["a".into(), "b".into()], steps: 2, random_ops: 1001 };
        let counts: Vec<_> = (0..2)
            .map(|job| {
                let mut blocks = set.random_blocks(job);
                assert_ne!(blocks[..8], [0, 1, 2, 3, 4, 5, 6, 7]);
                blocks.sort_unstable();
                blocks.dedup();
                assert!(blocks.iter().all(|b| *b < 512));
                blocks.len()
            })
            .collect();
        assert_eq!(counts.iter().sum::<usize>(), 1001);
    }
}
