//! A flipped bit in one copy: readers get the right data at once, the copy is replaced, and operators see it.

use crate::chaos::{set_goal, wait_full_goal};
use anyhow::{Context, Result, ensure};
use harness::{ChunkFile, Cluster, ClusterSpec, Make, Part, check_known, known_file, survey, until};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// A reader who meets the bad copy goes to the other; no timeout is involved.
const AT_ONCE: Duration = Duration::from_secs(5);

fn rot(servers: usize, part: Part) -> Result<()> {
    let mut cluster = Cluster::start(&ClusterSpec {
        metalogger: None,
        tmpfs: true,
        master_cfg: vec!["REPLICATIONS_DELAY_INIT = 0".into()],
        ..ClusterSpec::all(Make::Ours, servers)
    })?;
    let dir = cluster.mount_point(0).join("known");
    fs::create_dir(&dir)?;
    set_goal(&cluster, 2, &dir)?;
    known_file(&dir, 1, 3_000_000)?;
    wait_full_goal(&cluster)?;
    let disks: Vec<PathBuf> = (0..servers).map(|server| cluster.disk(server)).collect();
    let before = survey(&disks)?;
    let (id, copies) = before.iter().next().context("a chunk")?;
    ensure!(before.len() == 1 && copies.good.len() == 2, "{before:?}");
    // Restarted, so that nothing of the chunk is in its server's memory.
    let server = copies.good[0];
    cluster.chunkserver(server).stop()?;
    let file = ChunkFile::list(&disks[server])?.remove(0);
    file.flip(part, 8 * 70_001)?;
    cluster.start_chunkserver(server)?;
    cluster.wait_registered()?;

    let damaged = format!("{id:016X}");
    let start = Instant::now();
    let mut replaced = false;
    // Sooner or later a reader is sent to the bad copy; no reader ever sees it.
    until("the bad copy replaced", PATIENCE, || {
        let read = Instant::now();
        check_known(&dir)?;
        ensure!(read.elapsed() < AT_ONCE, "a read took {:?}", read.elapsed());
        let bad_is_there = file.path.exists();
        let good = survey(&disks)?.get(id).map_or(0, |copies| copies.good.len());
        ensure!(good >= 1, "no good copy is left");
        // With a server that has none it goes there first; else the bad one has to make room.
        ensure!(
            servers == 2 || bad_is_there || good == 2,
            "the bad copy was given up before there was another"
        );
        replaced = good == 2 && ChunkFile::list(&disks[server])?.iter().all(|file| file.blocks().is_ok());
        Ok(replaced)
    })?;
    eprintln!("replaced after {:.1} s", start.elapsed().as_secs_f64());
    wait_full_goal(&cluster)?;
    let log = cluster.chunkserver(server).log();
    ensure!(log.contains(&damaged), "the server's log does not name the chunk");
    let errors: u32 = cluster.server_list()?.iter().map(|line| line.errors).sum();
    ensure!(errors > 0, "the list of servers shows no error");
    check_known(&dir)?;
    cluster.stop_all()
}

#[test]
fn in_the_data() {
    rot(3, Part::Data).unwrap();
}

#[test]
fn in_the_data_with_no_other_server() {
    rot(2, Part::Data).unwrap();
}
