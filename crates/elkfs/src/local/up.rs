//! `elkfs local up`.

use super::cluster::{Cluster, Role, directory};
use super::interrupt::Interrupt;
use super::progress::Progress;
use super::{UpArgs, daemons, files, goal, healthy, mount, ports};
use anyhow::{Context, bail, ensure};
use std::path::Path;
use std::process::ExitCode;

/// Chunkservers and copies of a new cluster. A new file system has goal 2.
const CHUNKSERVERS: u16 = 3;
const GOAL: u8 = 2;

/// Starts what does not run, waits until it can be used, mounts, and tells where things are.
pub(crate) fn up(args: &UpArgs) -> anyhow::Result<ExitCode> {
    let dir = directory(&args.dir)?;
    let interrupt = Interrupt::install()?;
    let known = Cluster::load(&dir)?;
    if known.is_none() {
        ensure_new(&dir)?;
    }
    files::make_dir(&dir)?;
    let _lock = exclusive(&dir)?;
    let resumed = known.is_some();
    let cluster = shape(args, &dir, known)?;
    mount::check(&cluster)?;
    check_ports(&cluster)?;
    cluster.save()?;
    files::write(&cluster, args.new_ports)?;
    let progress = Progress::new();
    let mut begun = Begun::default();
    match bring_up(&cluster, &progress, &interrupt, &mut begun) {
        Ok(cluster) => {
            drop(progress);
            tell(&cluster, resumed);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            progress.step("undoing what was begun");
            begun.undo(&cluster, &progress);
            Err(error)
        }
    }
}

/// One command at a time on a cluster.
pub(crate) fn exclusive(dir: &Path) -> anyhow::Result<daemon::Lock> {
    let file = dir.join(".lock");
    let lock = daemon::Lock::open(&file).with_context(|| {
        format!("can't write into {}: choose a directory you may write with --dir DIR", dir.display())
    })?;
    match lock.acquire().with_context(|| format!("can't lock {}", file.display()))? {
        Ok(()) => Ok(lock),
        Err(pid) => {
            bail!("another elkfs local command (pid {pid}) is at work in {}: wait for it", dir.display())
        }
    }
}

/// A new cluster does not move into a directory with other things in it.
fn ensure_new(dir: &Path) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(()) };
    let mut other = entries.flatten().filter(|entry| entry.file_name() != ".lock");
    ensure!(
        other.next().is_none(),
        "{} is not empty and holds no cluster: choose an empty or new directory with --dir DIR",
        dir.display()
    );
    Ok(())
}

/// What the cluster shall be: as it was, with what the command line changes.
fn shape(args: &UpArgs, dir: &Path, known: Option<Cluster>) -> anyhow::Result<Cluster> {
    let mount = args.mount.as_deref().map(std::path::absolute).transpose().context("--mount")?;
    let mut cluster = match known {
        Some(cluster) => cluster,
        None => {
            let servers = args.chunkservers.unwrap_or(CHUNKSERVERS.max(u16::from(args.goal.unwrap_or(GOAL))));
            let ports = ports::choose(dir, servers.into())?;
            Cluster::new(dir, dir.join("mnt"), GOAL, ports)
        }
    };
    let now = cluster.shape.ports.data.len();
    let servers = args.chunkservers.map_or(now, usize::from);
    ensure!(
        servers >= now,
        "the cluster in {} has {now} chunkservers with data on them: it can get more, not fewer",
        dir.display()
    );
    if args.new_ports {
        for role in cluster.daemons() {
            ensure!(
                daemons::pid(&cluster, role)?.is_none(),
                "{} runs: stop the cluster with elkfs local down before it gets new ports",
                role.title()
            );
        }
        cluster.shape.ports = ports::choose(dir, servers)?;
    }
    ports::extend(&mut cluster.shape.ports, servers)?;
    if let Some(mount) = mount.filter(|mount| *mount != cluster.shape.mount) {
        ensure!(
            matches!(mount::listed(&cluster)?, mount::State::Free | mount::State::Foreign),
            "it is mounted at {}: stop it with elkfs local down before it moves",
            cluster.shape.mount.display()
        );
        cluster.shape.mount = mount;
    }
    if let Some(goal) = args.goal.filter(|goal| *goal != cluster.shape.goal) {
        cluster.shape.goal = goal;
        cluster.shape.goal_set = false;
    }
    ensure!(
        usize::from(cluster.shape.goal) <= servers,
        "{} copies need as many chunkservers, and there are {servers}: use --chunkservers {0}",
        cluster.shape.goal
    );
    Ok(cluster)
}

/// Ports of daemons that are to be started must be free.
fn check_ports(cluster: &Cluster) -> anyhow::Result<()> {
    let p = &cluster.shape.ports;
    let mut wanted =
        vec![(Role::Master, p.metaloggers), (Role::Master, p.chunkservers), (Role::Master, p.clients)];
    wanted.extend((1..).zip(&p.data).map(|(number, port)| (Role::Chunkserver(number), *port)));
    for (role, port) in wanted {
        if daemons::pid(cluster, role)?.is_none() && !ports::is_free(port) {
            bail!(
                "port {port} of {} is taken by another program: stop that, or use --new-ports",
                role.title()
            );
        }
    }
    Ok(())
}

/// What this command has begun, so that it can be undone.
#[derive(Default)]
struct Begun {
    daemons: Vec<Role>,
    mounted: bool,
}

impl Begun {
    fn undo(&self, cluster: &Cluster, progress: &Progress) {
        if self.mounted
            && let Err(error) = mount::unmount(cluster, true)
        {
            progress.note(&format!("{error:#}"));
        }
        for role in self.daemons.iter().rev() {
            progress.step(format!("stopping {}", role.title()));
            if let Err(error) = daemons::stop(cluster, *role) {
                progress.note(&format!("{error:#}"));
            }
        }
    }
}

fn bring_up(
    cluster: &Cluster,
    progress: &Progress,
    interrupt: &Interrupt,
    begun: &mut Begun,
) -> anyhow::Result<Cluster> {
    for role in cluster.daemons() {
        interrupt.check()?;
        if daemons::pid(cluster, role)?.is_some() {
            progress.done(&format!("{} runs already", role.title()));
            continue;
        }
        progress.step(format!("starting {}", role.title()));
        begun.daemons.push(role);
        daemons::start(cluster, role)?;
        progress.done(&format!("{} started", role.title()));
    }
    progress.step("waiting until all chunkservers have registered");
    healthy::wait(cluster, interrupt, |text| {
        // Lines for a terminal only: elsewhere they would repeat for ever.
        if progress.is_terminal() {
            progress.step(text);
        }
    })?;
    let mut cluster = cluster.clone();
    if !cluster.shape.goal_set {
        goal::set(cluster.shape.ports.clients, cluster.shape.goal).context("can't set the goal")?;
        cluster.shape.goal_set = true;
        cluster.save()?;
    }
    interrupt.check()?;
    let mounted = mount::state(&cluster)?;
    if mounted == mount::State::Dead {
        mount::unmount(&cluster, true)?;
        progress.done(&format!("dead mount at {} removed", cluster.shape.mount.display()));
    }
    ensure!(
        mounted != mount::State::Hung,
        "{} does not answer although all daemons run: see {}, or remove it with elkfs local down --force",
        cluster.shape.mount.display(),
        mount::log(&cluster).display()
    );
    if mounted != mount::State::Mounted {
        progress.step(format!("mounting at {}", cluster.shape.mount.display()));
        begun.mounted = true;
        mount::mount(&cluster)?;
    }
    interrupt.check()?;
    Ok(cluster)
}

fn tell(cluster: &Cluster, resumed: bool) {
    let (mount, dir) = (cluster.shape.mount.display(), cluster.dir.display());
    let servers = cluster.shape.ports.data.len();
    let again = if resumed { "again, with all its data" } else { "a new cluster" };
    println!(
        "Your files are in {mount}  ({again}: {servers} chunkservers, {} copies of each file)",
        cluster.shape.goal
    );
    println!("Everything else is in {dir}: configuration in etc, logs in log");
    let option =
        if default_dir(cluster) { String::new() } else { format!(" --dir {}", quoted(&cluster.dir)) };
    println!("Try:");
    println!("  cp -r /etc/hostname {}/ && df -h {0}", quoted(&cluster.shape.mount));
    println!("  elkfs local status{option}");
    println!("  elkfs bench fs {} --files 200", quoted(&cluster.shape.mount));
    println!("Stop it with: elkfs local down{option}");
}

fn default_dir(cluster: &Cluster) -> bool {
    directory(&super::DirArgs { dir: None }).is_ok_and(|dir| dir == cluster.dir)
}

/// For pasting into a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
