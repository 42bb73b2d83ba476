//! Chaos: chunkservers that die, stand still, lose their cable, their disk, its space, or a bit of it, while files are
//! written and read. No wrong byte is ever returned, nothing that was synced is lost, and afterwards the cluster gets
//! back to full goal by itself.
//!
//! The test keeps a book ([`book`]) of what it has broken, so that it never destroys the last good copy itself.
//! Environment: `ELKFS_CHAOS_SECONDS` of trouble (60 by default; 1800 for the long form), `ELKFS_CHAOS_SEED` (1). What is done
//! next comes from the seed; whether it may be done depends on how far the cluster is, so a run is repeated only roughly.

mod book;
mod harm;
mod load;
mod verdict;

use anyhow::{Context, Result, ensure};
use book::Book;
use harness::{Cluster, ClusterSpec, Make, Random, checked, known_file, until};
use load::Load;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the cluster may take to get back to full goal.
const HEALING: Duration = Duration::from_secs(150);
/// Known files per goal, and their length: one chunk each.
const KNOWN: u64 = 6;
const KNOWN_BYTES: usize = 2 << 20;

/// A number from the environment.
fn env(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn spec(chunkservers: Vec<Make>) -> ClusterSpec {
    let master_cfg =
        ["REPLICATIONS_DELAY_INIT = 0", "CHUNKS_WRITE_REP_LIMIT = 5", "CHUNKS_READ_REP_LIMIT = 10"];
    // Chunks are tested at a fixed speed, soon after they were used last: readers do not come to every copy.
    let tests = ["HDD_TEST_SPEED = 50", "HDD_TEST_PASS_DAYS = 0", "HDD_MIN_TEST_INTERVAL = 10"];
    let chunkserver_cfg = tests.into_iter().chain(["HDD_LEAVE_SPACE_DEFAULT = 1MiB"]);
    ClusterSpec {
        metalogger: None,
        tmpfs: true,
        master_cfg: master_cfg.map(String::from).into(),
        chunkserver_cfg: chunkserver_cfg.map(String::from).collect(),
        chunkservers,
        disk_bytes: Some(2 << 30),
        cables: true,
        ..ClusterSpec::all(Make::Ours, 0)
    }
}

fn chaos(chunkservers: Vec<Make>, seconds: u64) -> Result<()> {
    let (seed, seconds) = (env("ELKFS_CHAOS_SEED", 1), env("ELKFS_CHAOS_SECONDS", seconds));
    eprintln!("seed {seed}, {seconds} s");
    let mut cluster = Cluster::start(&spec(chunkservers))?;
    let dirs = [2, 3].map(|goal| goal_dir(&cluster, goal));
    let [two, three] = dirs.map(|dir| dir.context("make a directory with a goal"));
    let dirs = [two?, three?];
    for (n, dir) in dirs.iter().enumerate() {
        for seed in 0..KNOWN {
            known_file(&dir.join("known"), seed + 100 * n as u64, KNOWN_BYTES)?;
        }
    }
    wait_full_goal(&cluster)?;
    let load = Load::start(&dirs, &cluster.scratch()?, seconds)?;
    let mut book = Book::new(&cluster, Random::new(seed))?;
    let outcome = trouble(&mut cluster, &mut book, load, Duration::from_secs(seconds));
    eprintln!("{}", book.story());
    let record = outcome?;

    wait_full_goal(&cluster)?;
    book.all_healed(&cluster)?;
    // Without any cache of this mount: what the servers hold.
    cluster.stop_mount(0)?;
    cluster.start_mount(0)?;
    record.verify(&dirs)?;
    let log = cluster.master().log();
    ensure!(!log.contains("METADATA IS OLDER"), "the master does not trust its metadata");
    verdict::compare_copies(cluster, &dirs)
}

fn trouble(cluster: &mut Cluster, book: &mut Book, mut load: Load, time: Duration) -> Result<load::Record> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(250));
        cluster.check()?;
        load.check()?;
        book.step(cluster)?;
    }
    book.end_all(cluster)?;
    cluster.wait_registered()?;
    load.finish()
}

/// A directory whose files get `goal` copies, with places for each kind of load.
fn goal_dir(cluster: &Cluster, goal: u8) -> Result<PathBuf> {
    let dir = cluster.mount_point(0).join(format!("goal-{goal}"));
    for name in ["known", "tree", "fio"] {
        fs::create_dir_all(dir.join(name))?;
    }
    set_goal(cluster, goal, &dir)?;
    Ok(dir)
}

pub(crate) fn set_goal(cluster: &Cluster, goal: u8, path: &Path) -> Result<()> {
    checked(cluster.command("mfssetgoal").args(["-r", &goal.to_string()]).arg(path)).map(drop)
}

pub(crate) fn wait_full_goal(cluster: &Cluster) -> Result<()> {
    let start = Instant::now();
    let mut last = None;
    let outcome = until("every chunk at its goal", HEALING, || {
        let matrix = cluster.matrix()?;
        let done = matrix.is_at_goal();
        last = Some(matrix);
        Ok(done)
    });
    if let (Err(_), Some(matrix)) = (&outcome, &last) {
        eprintln!(
            "missing {}, under goal {}, over goal {}",
            matrix.missing(),
            matrix.undergoal(),
            matrix.surplus()
        );
    }
    eprintln!("full goal after {:.1} s", start.elapsed().as_secs_f64());
    outcome?;
    ensure!(last.is_some_and(|matrix| matrix.chunks() > 0), "no chunks");
    Ok(())
}

#[test]
fn ours() {
    chaos(vec![Make::Ours; 6], 60).unwrap();
}

/// Stock keeps checksums in memory until a chunk is closed, so its servers are not killed here and their disks do not fail.
#[test]
fn with_stock_chunkservers() {
    let makes = [Make::Ours, Make::Stock, Make::Ours, Make::Ours, Make::Stock, Make::Ours];
    chaos(makes.into(), if harness::full() { 60 } else { 25 }).unwrap();
}
