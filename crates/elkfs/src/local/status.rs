//! `elkfs local status`.

use super::ask::{Master, is_connected};
use super::cluster::{Cluster, directory};
use super::{StatusArgs, daemons, mount};
use anyhow::Context;
use proto::info::MasterInfo;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Everything there is to say, for people and as JSON.
#[derive(Serialize)]
struct Status {
    dir: PathBuf,
    mount: PathBuf,
    /// `mounted`, `not mounted`, `dead`, `hung` or `foreign`.
    mount_state: &'static str,
    goal: u8,
    /// Everything runs and the file system is mounted.
    healthy: bool,
    daemons: Vec<Daemon>,
    /// What the master says, if it answers.
    master: Option<Figures>,
}

#[derive(Serialize)]
struct Daemon {
    name: String,
    pid: Option<i32>,
    /// Where clients reach it; for the master its client port.
    port: Option<u16>,
    /// Chunkservers: connected to the master; others: answers, or `null`.
    connected: Option<bool>,
    chunks: Option<u32>,
    used_bytes: Option<u64>,
    total_bytes: Option<u64>,
    config: PathBuf,
    log: PathBuf,
}

#[derive(Serialize)]
struct Figures {
    total_bytes: u64,
    available_bytes: u64,
    nodes: u32,
    chunks: u32,
    metaloggers: usize,
}

/// Exit status 0 when everything runs, 1 when something does not.
pub(crate) fn status(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let cluster = Cluster::existing(&directory(&args.dir)?)?;
    let status = look(&cluster)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&status).context("JSON")?);
    } else {
        print(&status);
    }
    Ok(if status.healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn look(cluster: &Cluster) -> anyhow::Result<Status> {
    let mut servers = Vec::new();
    let mut figures = None;
    // Not reachable is one of the answers here.
    if let Ok(mut master) = Master::connect(cluster.shape.ports.clients)
        && let (Ok(info), Ok(list), Ok(metaloggers)) =
            (master.info(), master.chunkservers(), master.metaloggers())
    {
        servers = list;
        figures = Some(to_figures(&info, metaloggers));
    }
    let mut list = Vec::new();
    for role in cluster.daemons() {
        let mut daemon = Daemon {
            name: role.name(),
            pid: daemons::pid(cluster, role)?,
            port: None,
            connected: None,
            chunks: None,
            used_bytes: None,
            total_bytes: None,
            config: cluster.config(role),
            log: cluster.log(role),
        };
        match role {
            super::cluster::Role::Master => {
                daemon.port = Some(cluster.shape.ports.clients);
                daemon.connected = Some(figures.is_some());
            }
            super::cluster::Role::Metalogger => {
                daemon.connected = figures.as_ref().map(|figures| figures.metaloggers > 0);
            }
            super::cluster::Role::Chunkserver(number) => {
                let port = cluster.shape.ports.data[number - 1];
                let server = servers.iter().find(|server| server.addr.port() == port && is_connected(server));
                daemon.port = Some(port);
                daemon.connected = Some(server.is_some());
                daemon.chunks = server.map(|server| server.chunks);
                daemon.used_bytes = server.map(|server| server.used);
                daemon.total_bytes = server.map(|server| server.total);
            }
        }
        list.push(daemon);
    }
    // Without a master the mount waits, and we would with it.
    let state = if figures.is_some() { mount::state(cluster)? } else { mount::listed(cluster)? };
    let mount_state = match state {
        mount::State::Mounted => "mounted",
        mount::State::Free => "not mounted",
        mount::State::Dead => "dead",
        mount::State::Hung => "hung",
        mount::State::Foreign => "foreign",
    };
    let running = list.iter().all(|daemon| daemon.pid.is_some() && daemon.connected == Some(true));
    Ok(Status {
        dir: cluster.dir.clone(),
        mount: cluster.shape.mount.clone(),
        mount_state,
        goal: cluster.shape.goal,
        healthy: running && mount_state == "mounted",
        daemons: list,
        master: figures,
    })
}

fn to_figures(info: &MasterInfo, metaloggers: usize) -> Figures {
    Figures {
        total_bytes: info.total_space,
        available_bytes: info.avail_space,
        nodes: info.nodes,
        chunks: info.chunks,
        metaloggers,
    }
}

fn print(status: &Status) {
    println!("Cluster in {}", status.dir.display());
    for daemon in &status.daemons {
        let state = match (daemon.pid, daemon.connected) {
            (None, _) => "stopped".to_owned(),
            (Some(pid), Some(true)) => format!("pid {pid}"),
            (Some(pid), _) => format!("pid {pid}, not connected"),
        };
        let port = daemon.port.map_or(String::new(), |port| format!("127.0.0.1:{port}"));
        let space = match (daemon.chunks, daemon.used_bytes, daemon.total_bytes) {
            (Some(chunks), Some(used), Some(total)) => {
                format!("{chunks} chunks, {} of {} used", human(used), human(total))
            }
            _ => String::new(),
        };
        println!("{}", format!("  {:<14} {state:<28} {port:<16} {space}", daemon.name).trim_end());
    }
    if let Some(master) = &status.master {
        let (free, total) = (human(master.available_bytes), human(master.total_bytes));
        println!("  {} nodes, {} chunks, {free} of {total} free", master.nodes, master.chunks);
    }
    println!("  {}: {}, goal {}", status.mount.display(), status.mount_state, status.goal);
    if !status.healthy {
        println!(
            "Not everything is up: elkfs local up starts what is missing; logs are in {}/log",
            status.dir.display()
        );
    }
}

/// Bytes as people read them.
fn human(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", units[unit]) }
}
