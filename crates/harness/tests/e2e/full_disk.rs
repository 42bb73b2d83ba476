//! The disk of the changelog is full: nothing is acknowledged, reads go on, the master says so; there is room again: it
//! goes on by itself, and nothing is missing, also not after a crash right then.

use anyhow::{Context, Result, ensure};
use bench::master::requests::{getattr, lookup, mknod};
use bench::master::{Link, expect_ok};
use harness::{Cluster, ClusterSpec, Make, until};
use proto::health::{Health, HealthReply};
use proto::{Packet, client_master as p};
use rustix::mount::{MountFlags, mount};
use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use types::{MsgId, ROOT, Wire};

const PATIENCE: Duration = Duration::from_secs(30);
/// Callers that wait for the disk at the same time.
const CALLERS: usize = 8;

fn connect() -> Result<Link> {
    Link::connect(&Cluster::master_address().to_string(), Cluster::MASTER_PORT)
}

fn make(link: &mut Link, name: &str) -> Result<()> {
    expect_ok("mknod", &link.call(&mknod(MsgId(0), ROOT, name), p::FuseMknodReply::ID)?)
}

/// The number and severity of one of the master's readings.
fn reading(link: &mut Link, name: &str) -> Result<(u64, u8)> {
    let body = link.call(&Health { msgid: MsgId(0) }, HealthReply::ID)?;
    // The message id was taken off already.
    let whole = [&[0; 4], body.as_slice()].concat();
    let reply = HealthReply::decode_whole(&whole)?;
    let line = reply.lines.iter().find(|line| line.name.as_bytes() == name.as_bytes());
    line.map(|line| (line.value, line.severity)).with_context(|| format!("no {name}"))
}

/// Puts the master's data on a tmpfs of 4 MiB of its own.
fn on_small_disk(cluster: &mut Cluster) -> Result<()> {
    cluster.master().stop()?;
    let data = cluster.master_data();
    let image = fs::read(data.join("metadata.mfs")).context("the image of the stop")?;
    let options: Option<&std::ffi::CStr> = Some(c"size=4m");
    mount("tmpfs", &data, "tmpfs", MountFlags::empty(), options).context("mount a small tmpfs")?;
    fs::write(data.join("metadata.mfs"), image).context("copy the image")?;
    cluster.start_master(false)
}

/// Takes all room that there is.
fn fill(path: &std::path::Path) -> Result<()> {
    let mut file = fs::File::create(path).context("make the filler")?;
    let mut piece = vec![7; 1 << 16];
    while !piece.is_empty() {
        if file.write_all(&piece).is_err() {
            piece.truncate(piece.len() / 2);
        }
    }
    Ok(())
}

/// Callers wait; their number that got an answer is counted.
fn while_full(cluster: &mut Cluster, done: &AtomicUsize) -> Result<()> {
    let filler = cluster.master_data().join("filler");
    cluster.inside(|| {
        let mut monitor = connect()?;
        let mut links = (0..CALLERS).map(|_| connect()).collect::<Result<Vec<_>>>()?;
        make(&mut links[0], "before")?;
        ensure!(reading(&mut monitor, "changelog.failing_s")? == (0, 0), "an alarm although all is well");
        fill(&filler)?;
        std::thread::scope(|scope| {
            let callers: Vec<_> = links
                .iter_mut()
                .enumerate()
                .map(|(i, link)| {
                    scope.spawn(move || {
                        for n in 0..200 {
                            make(link, &format!("caller-{i}-{n}"))?;
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                        anyhow::Ok(())
                    })
                })
                .collect();
            until("an alarm", PATIENCE, || Ok(reading(&mut monitor, "changelog.failing_s")?.1 == 2))?;
            let acknowledged = done.load(Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(800));
            ensure!(done.load(Ordering::SeqCst) == acknowledged, "acknowledged although the disk is full");
            ensure!(acknowledged < CALLERS * 200, "the disk was never full");
            let body = monitor.call(&getattr(MsgId(0), ROOT), p::FuseGetattrReply::ID)?;
            expect_ok("a read while the disk is full", &body)?;
            fs::remove_file(&filler).context("make room")?;
            for caller in callers {
                caller.join().expect("a caller panicked")?;
            }
            until("the end of the alarm", PATIENCE, || {
                Ok(reading(&mut monitor, "changelog.failing_s")? == (0, 0))
            })
        })
    })
}

#[test]
fn ours() {
    let alone =
        ClusterSpec { metalogger: None, mounts: vec![], tmpfs: true, ..ClusterSpec::all(Make::Ours, 0) };
    let mut cluster = Cluster::start(&alone).unwrap();
    on_small_disk(&mut cluster).unwrap();
    let done = AtomicUsize::new(0);
    while_full(&mut cluster, &done).unwrap();
    assert_eq!(done.load(Ordering::SeqCst), CALLERS * 200);
    assert!(cluster.master().log().contains("changelog cannot be written"), "nothing in the log");
    cluster.master().kill().unwrap();
    cluster.start_master(true).unwrap();
    cluster
        .inside(|| {
            let mut link = connect()?;
            for i in 0..CALLERS {
                for n in 0..200 {
                    let name = format!("caller-{i}-{n}");
                    let body = link.call(&lookup(MsgId(0), ROOT, &name), p::FuseLookupReply::ID)?;
                    expect_ok(&name, &body)?;
                }
            }
            Ok(())
        })
        .unwrap();
    cluster.master().stop().unwrap();
}
