//! `kill -9` of the master, again and again, under load of several clients that remember what was acknowledged, while it
//! stores images and rotates changelogs all the time.
//!
//! `ELKFS_KILL_ROUNDS` sets the number of rounds (12; the long form is 200).

use anyhow::{Context, Result, ensure};
use bench::master::Link;
use harness::{Client, Cluster, ClusterSpec, Make};
use proto::Packet;
use proto::health::{StoreImage, StoreImageReply};
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;
use types::MsgId;

const CLIENTS: usize = 4;

fn rounds() -> usize {
    std::env::var("ELKFS_KILL_ROUNDS").map_or(12, |text| text.parse().expect("a number of rounds"))
}

fn connect() -> Result<Link> {
    Link::connect(&Cluster::master_address().to_string(), Cluster::MASTER_PORT)
}

/// Keeps the master storing images until it is gone.
fn store_images() {
    let Ok(mut link) = connect() else { return };
    while link.call(&StoreImage { msgid: MsgId(0) }, StoreImageReply::ID).is_ok() {}
}

/// Lets the clients work until the master is killed, `life` from now.
fn one_life(cluster: &mut Cluster, clients: &mut [Client], life: Duration) -> Result<()> {
    let pid = cluster.master().pid().and_then(|pid| Pid::from_raw(pid as i32)).context("no master")?;
    cluster.inside(|| {
        let mut links = clients.iter().map(|_| connect()).collect::<Result<Vec<_>>>()?;
        std::thread::scope(|scope| {
            scope.spawn(store_images);
            let each = clients.iter_mut().zip(&mut links);
            let working: Vec<_> = each.map(|(client, link)| scope.spawn(move || client.work(link))).collect();
            std::thread::sleep(life);
            kill_process(pid, Signal::KILL).context("kill the master")?;
            working.into_iter().try_for_each(|client| client.join().expect("a client panicked"))
        })
    })?;
    cluster.master().kill()
}

fn verify(cluster: &Cluster, clients: &mut [Client], all: bool) -> Result<()> {
    let mut verify = || {
        let mut link = connect()?;
        let mut each = clients.iter_mut().enumerate();
        each.try_for_each(|(i, c)| c.verify(&mut link, all).with_context(|| format!("client {i}")))
    };
    cluster.inside(&mut verify)
}

fn kill_often(make: Make, master_cfg: Vec<String>) -> Result<()> {
    let alone = ClusterSpec { metalogger: None, mounts: vec![], tmpfs: true, ..ClusterSpec::all(make, 0) };
    let mut cluster = Cluster::start(&ClusterSpec { master_cfg, ..alone })?;
    let mut clients = cluster.inside(|| {
        let mut link = connect()?;
        (0..CLIENTS).map(|index| Client::new(&mut link, index)).collect::<Result<Vec<_>>>()
    })?;
    let data = cluster.master_data();
    let mut rng = fastrand::Rng::with_seed(5);
    let (mut inside_image, mut inside_rotation) = (0, 0);
    for round in 0..rounds() {
        one_life(&mut cluster, &mut clients, Duration::from_millis(rng.u64(5..250)))?;
        inside_image += usize::from(data.join("metadata.mfs.back.tmp").exists());
        inside_rotation += usize::from(!data.join("changelog.0.mfs").exists());
        cluster.start_master(true)?;
        verify(&cluster, &mut clients, false).with_context(|| format!("after kill {round}"))?;
    }
    verify(&cluster, &mut clients, true).context("in the end")?;
    cluster.master().stop()?;
    cluster.start_master(false)?;
    verify(&cluster, &mut clients, true).context("after a clean stop")?;
    let acknowledged: usize = clients.iter().map(Client::acknowledged).sum();
    eprintln!(
        "{} kills, {inside_image} inside an image, {inside_rotation} behind a rotation, {acknowledged} changes kept",
        rounds()
    );
    ensure!(acknowledged > rounds() * 50, "{acknowledged} changes in {} rounds are no load", rounds());
    ensure!(rounds() < 100 || inside_image > 5, "images were hardly ever hit");
    cluster.master().stop()
}

#[test]
fn ours() {
    kill_often(Make::Ours, vec!["BACK_LOGS = 3".into()]).unwrap();
}
