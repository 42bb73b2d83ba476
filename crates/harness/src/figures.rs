//! `bench/figures`: what a master with a million files costs: memory, stop, start, image, and pauses while it is written.

use crate::compare::{MasterSubject, start_master};
use crate::{Cluster, Make};
use anyhow::{Context, Result, ensure};
use bench::master::requests::{getattr, mkdir, mknod, snapshot, text};
use bench::master::{Link, expect_ok, inode_of};
use clap::Args;
use proto::health::{StoreImage, StoreImageReply};
use proto::{Packet, client_master as p, encode_frame};
use serde::Serialize;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use types::{Inode, MsgId, ROOT};

/// Files in one directory.
const PER_DIR: usize = 1000;

/// Figures of masters with many files, alone, with their data on the disk of /tmp.
#[derive(Debug, Clone, Args)]
pub struct FiguresArgs {
    /// Masters with their CHANGELOG_SAVE_MODE, and thousands of files each gets
    #[arg(long, value_delimiter = ',', default_value = "stock:0,ours", value_name = "MAKE[:MODE],...")]
    pub subjects: Vec<MasterSubject>,

    /// Thousands of files
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub thousands: usize,

    /// Keep the data in memory instead
    #[arg(long)]
    pub tmpfs: bool,

    /// Write all numbers to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// What was measured of one master.
#[derive(Debug, Clone, Serialize)]
struct Figures {
    master: String,
    files: usize,
    /// Resident memory more than before the files were made, bytes per file.
    memory_per_file: f64,
    image_bytes: u64,
    /// Longest answer to a client that asks each millisecond, ms: without, and with an image being written.
    pause_quiet_ms: f64,
    pause_image_ms: Option<f64>,
    image_ms: Option<f64>,
    stop_s: f64,
    start_s: f64,
}

/// Measures and prints a table.
pub fn figures(args: &FiguresArgs) -> Result<()> {
    ensure!(args.thousands >= 1, "--thousands must be at least 1");
    let all = args.subjects.iter().map(|s| measure(*s, args)).collect::<Result<Vec<_>>>()?;
    println!(
        "{:<9}{:>10}{:>12}{:>12}{:>13}{:>13}{:>11}{:>9}{:>9}",
        "master", "files", "RAM B/file", "image MB", "pause ms", "with image", "image s", "stop s", "start s"
    );
    for f in &all {
        let dash = |value: Option<f64>| value.map_or("-".into(), |v| format!("{v:.2}"));
        println!(
            "{:<9}{:>10}{:>12.0}{:>12.1}{:>13.2}{:>13}{:>11}{:>9.2}{:>9.2}",
            f.master,
            f.files,
            f.memory_per_file,
            f.image_bytes as f64 / 1e6,
            f.pause_quiet_ms,
            dash(f.pause_image_ms),
            dash(f.image_ms.map(|ms| ms / 1000.0)),
            f.stop_s,
            f.start_s
        );
    }
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&all)?;
        fs::write(path, json).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn connect() -> Result<Link> {
    Link::connect(&Cluster::master_address().to_string(), Cluster::MASTER_PORT)
}

fn measure(subject: MasterSubject, args: &FiguresArgs) -> Result<Figures> {
    eprintln!("{subject}: {} files", args.thousands * PER_DIR);
    let mut cluster = start_master(subject, !args.tmpfs, &[])?;
    let pid = cluster.master().pid().context("no master")?;
    let before = resident(pid)?;
    cluster.inside(|| make_files(args.thousands))?;
    let files = args.thousands * PER_DIR;
    let memory_per_file = resident(pid)?.saturating_sub(before) as f64 / files as f64;
    let pause_quiet_ms = cluster.inside(|| longest_pause(|| std::thread::sleep(Duration::from_secs(2))))?.0;
    let image = match subject.make {
        Make::Stock => None,
        Make::Ours => Some(cluster.inside(|| longest_pause(store_image))?),
    };
    let began = Instant::now();
    cluster.master().stop()?;
    let stop_s = began.elapsed().as_secs_f64();
    let image_bytes = fs::metadata(cluster.master_data().join("metadata.mfs")).context("no image")?.len();
    let began = Instant::now();
    cluster.start_master(false)?;
    let start_s = began.elapsed().as_secs_f64();
    cluster.inside(|| {
        let body = connect()?.call(&getattr(MsgId(0), ROOT), p::FuseGetattrReply::ID)?;
        expect_ok("getattr", &body)
    })?;
    Ok(Figures {
        master: subject.to_string(),
        files,
        memory_per_file,
        image_bytes,
        pause_quiet_ms,
        pause_image_ms: image.map(|(pause, _)| pause),
        image_ms: image.map(|(_, took)| took),
        stop_s,
        start_s,
    })
}

/// Resident memory of a process, bytes.
fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("read a process's status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib = line.trim().trim_end_matches(" kB").parse::<u64>().context("read VmRSS")?;
    Ok(kib * 1024)
}

/// A directory of a thousand files, and snapshots of it.
fn make_files(thousands: usize) -> Result<()> {
    let mut link = connect()?;
    let mut dir = |name: &str, parent| -> Result<Inode> {
        let body = link.call(&mkdir(MsgId(0), parent, name), p::FuseMkdirReply::ID)?;
        expect_ok("mkdir", &body)?;
        inode_of(&body)
    };
    let top = dir("tree", ROOT)?;
    let first = dir(&text("dir", 0), top)?;
    link.drive(
        PER_DIR,
        64,
        p::FuseMknodReply::ID,
        &mut |n, msgid, out| encode_frame(&mknod(msgid, first, &text("file", n)), out),
        &mut |_, body| expect_ok("mknod", body),
    )?;
    for n in 1..thousands {
        let name = text("dir", n);
        let request = snapshot(MsgId(0), first, (top, &name));
        expect_ok("snapshot", &link.call(&request, p::FuseSnapshotReply::ID)?)?;
    }
    Ok(())
}

fn store_image() {
    let stored = connect()
        .and_then(|mut link| link.call(&StoreImage { msgid: MsgId(0) }, StoreImageReply::ID))
        .and_then(|body| expect_ok("store an image", &body));
    if let Err(error) = stored {
        eprintln!("{error:#}");
    }
}

/// The longest answer, ms, to a client that asks each millisecond while `during` runs, and how long that took, ms.
fn longest_pause(during: impl FnOnce() + Send) -> Result<(f64, f64)> {
    let done = AtomicBool::new(false);
    let mut link = connect()?;
    std::thread::scope(|scope| {
        let during = scope.spawn(|| {
            let began = Instant::now();
            during();
            done.store(true, Ordering::Relaxed);
            began.elapsed()
        });
        let mut longest = Duration::ZERO;
        while !done.load(Ordering::Relaxed) {
            let began = Instant::now();
            expect_ok("getattr", &link.call(&getattr(MsgId(0), ROOT), p::FuseGetattrReply::ID)?)?;
            let took = began.elapsed();
            longest = longest.max(took);
            std::thread::sleep(Duration::from_millis(1).saturating_sub(took));
        }
        let took = during.join().expect("does not panic");
        Ok((longest.as_secs_f64() * 1e3, took.as_secs_f64() * 1e3))
    })
}
