//! A tree copied in, compared, and compared again after all processes were stopped and started.

use crate::setups;
use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, Make, Tree, TreeSize, compare_trees, copy_tree, until};
use std::fs;
use std::path::Path;
use std::time::Duration;

fn tree_copy(spec: &ClusterSpec) -> Result<()> {
    let mut cluster = Cluster::start(spec)?;
    let tree = cluster.scratch()?.join("tree");
    Tree::generate(&tree, TreeSize::from_env(), 42)?;
    let copy = cluster.mount_point(0).join("tree");
    copy_tree(&tree, &copy).context("copy")?;
    check_metalogger(&cluster)?;

    cluster.stop_mount(0)?;
    cluster.start_mount(0)?;
    compare_trees(&tree, &copy).context("after mounting again")?;

    cluster.stop_all().context("stop")?;
    cluster.start_all().context("start again")?;
    compare_trees(&tree, &copy).context("after all was stopped and started")?;

    // What came from the image can be changed and removed like what was made in this life.
    fs::rename(&copy, cluster.mount_point(0).join("moved")).context("rename")?;
    fs::remove_dir_all(cluster.mount_point(0).join("moved")).context("remove")?;
    ensure!(fs::read_dir(cluster.mount_point(0))?.count() == 0, "something is left");
    check_metalogger(&cluster)?;
    cluster.check()?;
    cluster.stop_all()
}

/// The metalogger has the lines of the master's newest changelog, from when it registered on to the very last.
fn check_metalogger(cluster: &Cluster) -> Result<()> {
    let lines = |path: &Path| fs::read_to_string(path).unwrap_or_default().trim_end().to_owned();
    let master = cluster.master_data().join("changelog.0.mfs");
    let mirror = cluster.metalogger_data().join("changelog_ml.0.mfs");
    until("the metalogger's changelog like the master's", Duration::from_secs(20), || {
        let (master, mirror) = (lines(&master), lines(&mirror));
        // Line by line, as a suffix of text could begin inside a number.
        let suffix = master.ends_with(&format!("\n{mirror}"))
            || format!("\n{mirror}").ends_with(&format!("\n{master}"));
        Ok(!master.is_empty() && !mirror.is_empty() && suffix)
    })
    .with_context(|| format!("{} and {}", master.display(), mirror.display()))
}

#[test]
fn stock() {
    tree_copy(&setups::stock()).unwrap();
}

#[test]
fn ours() {
    tree_copy(&setups::ours()).unwrap();
}

#[test]
fn stock_mount_among_ours() {
    tree_copy(&setups::but_mount(Make::Ours, Make::Stock)).unwrap();
}

#[test]
fn stock_chunkserver_among_ours() {
    tree_copy(&setups::but_chunkserver(Make::Ours, Make::Stock)).unwrap();
}

#[test]
fn stock_master_among_ours() {
    tree_copy(&setups::but_master(Make::Ours, Make::Stock)).unwrap();
}

#[test]
fn stock_metalogger_among_ours() {
    tree_copy(&setups::but_metalogger(Make::Ours, Make::Stock)).unwrap();
}

#[test]
fn our_mount_among_stock() {
    tree_copy(&setups::but_mount(Make::Stock, Make::Ours)).unwrap();
}

#[test]
fn our_chunkserver_among_stock() {
    tree_copy(&setups::but_chunkserver(Make::Stock, Make::Ours)).unwrap();
}

#[test]
fn our_master_among_stock() {
    tree_copy(&setups::but_master(Make::Stock, Make::Ours)).unwrap();
}

#[test]
fn our_metalogger_among_stock() {
    tree_copy(&setups::but_metalogger(Make::Stock, Make::Ours)).unwrap();
}
