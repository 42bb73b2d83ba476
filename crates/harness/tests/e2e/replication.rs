//! Stock and our chunkservers copy from each other: goals raised and lowered, copies moved to the servers with a label.

use crate::chaos::{set_goal, wait_full_goal};
use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, Copies, Make, check_known, checked, known_file, survey, until};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(100);
const FILES: u64 = 16;

struct Mixed {
    cluster: Cluster,
    dir: PathBuf,
    disks: Vec<PathBuf>,
}

impl Mixed {
    fn start(master: Make) -> Result<Mixed> {
        let limits =
            ["CHUNKS_WRITE_REP_LIMIT = 10", "CHUNKS_READ_REP_LIMIT = 10", "CHUNKS_SOFT_DEL_LIMIT = 100"];
        let mut master_cfg: Vec<String> = limits.map(String::from).into();
        master_cfg.extend(["REPLICATIONS_DELAY_INIT = 0".into(), "AUTH_CODE = let me in".into()]);
        let cluster = Cluster::start(&ClusterSpec {
            metalogger: None,
            tmpfs: true,
            chunkservers: vec![Make::Stock, Make::Ours],
            mounts: vec![Make::Ours],
            master_cfg,
            chunkserver_cfg: vec!["AUTH_CODE = let me in".into()],
            ..ClusterSpec::all(master, 0)
        })?;
        let dir = cluster.mount_point(0).join("known");
        let disks = (0..2).map(|server| cluster.disk(server)).collect();
        Ok(Mixed { cluster, dir, disks })
    }

    fn survey(&self) -> Result<BTreeMap<u64, Copies>> {
        survey(&self.disks)
    }

    /// Waits until every chunk is on the servers that `right` accepts, by number.
    fn wait(&self, what: &str, right: impl Fn(&[usize]) -> bool) -> Result<()> {
        until(what, PATIENCE, || {
            let found = self.survey()?;
            ensure!(found.values().all(|copies| !copies.differ), "copies differ: {found:?}");
            Ok(found.len() == FILES as usize && found.values().all(|c| c.bad.is_empty() && right(&c.good)))
        })
        .with_context(|| format!("{:?}", self.survey()))?;
        check_known(&self.dir).with_context(|| what.to_owned())
    }
}

fn both_ways(master: Make) -> Result<()> {
    let mut mixed = Mixed::start(master)?;
    until("space on both servers", PATIENCE, || {
        Ok(mixed.cluster.server_list()?.iter().filter(|line| line.total > 0).count() == 2)
    })?;
    fs::create_dir(&mixed.dir)?;
    set_goal(&mixed.cluster, 1, &mixed.dir)?;
    for seed in 0..FILES {
        known_file(&mixed.dir, seed, 200_000)?;
    }
    wait_full_goal(&mixed.cluster)?;
    let found = mixed.survey()?;
    let on = |server| found.values().filter(|copies| copies.good == [server]).count();
    ensure!(on(0) > 2 && on(1) > 2 && on(0) + on(1) == FILES as usize, "one-sided: {found:?}");

    set_goal(&mixed.cluster, 2, &mixed.dir)?;
    mixed.wait("copied both ways", |good| good == [0, 1])?;
    set_goal(&mixed.cluster, 1, &mixed.dir)?;
    mixed.wait("one copy each", |good| good.len() == 1)?;

    // All to one, then all to the other.
    for (server, label) in [(0, "A"), (1, "B")] {
        let cfg = mixed.cluster.hdd_cfg(server).with_file_name("mfschunkserver.cfg");
        let text = fs::read_to_string(&cfg).context("read a configuration")?;
        fs::write(&cfg, format!("{text}LABELS = {label}\n"))?;
        mixed.cluster.chunkserver(server).reload();
    }
    let root = mixed.cluster.mount_point(0);
    for label in ["A", "B"] {
        let mut create = mixed.cluster.command("mfsscadmin");
        checked(create.arg(&root).args(["create", "-K", label, &format!("class{label}")]))?;
    }
    for (server, label) in [(0, "A"), (1, "B"), (0, "A")] {
        let mut change = mixed.cluster.command("mfssetsclass");
        checked(change.args(["-r", &format!("class{label}")]).arg(&mixed.dir))?;
        mixed.wait(&format!("all on the server with label {label}"), |good| good == [server])?;
    }
    mixed.cluster.check()?;
    if master == Make::Ours {
        refuses_a_wrong_code(&mut mixed.cluster)?;
    }
    mixed.cluster.stop_all()
}

/// Until now all had the right one.
fn refuses_a_wrong_code(cluster: &mut Cluster) -> Result<()> {
    let cfg = cluster.hdd_cfg(0).with_file_name("mfschunkserver.cfg");
    let text = fs::read_to_string(&cfg).context("read a configuration")?;
    fs::write(&cfg, text.replace("let me in", "open up"))?;
    cluster.chunkserver(0).stop()?;
    cluster.start_chunkserver(0)?;
    until("the wrong AUTH_CODE refused", PATIENCE, || {
        Ok(cluster.master().log().contains("wrong AUTH_CODE"))
    })?;
    let connected = cluster.server_list()?.iter().filter(|line| line.connected).count();
    ensure!(connected == 1, "{connected} servers are connected");
    Ok(())
}

#[test]
fn our_master() {
    both_ways(Make::Ours).unwrap();
}

#[test]
fn stock_master() {
    both_ways(Make::Stock).unwrap();
}
