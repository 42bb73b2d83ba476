//! `elkfs local down`.

use super::cluster::{Cluster, Role, directory};
use super::progress::Progress;
use super::{DownArgs, daemons, mount, up};
use anyhow::{Context, bail, ensure};
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// Unmounts, stops the daemons one after the other, and with `--wipe` deletes the cluster.
pub(crate) fn down(args: &DownArgs) -> anyhow::Result<ExitCode> {
    let dir = directory(&args.dir)?;
    let cluster = match Cluster::load(&dir)? {
        Some(cluster) => cluster,
        None => {
            // What a script wants to be true is true.
            println!("no cluster in {}", dir.display());
            return Ok(ExitCode::SUCCESS);
        }
    };
    if args.wipe && !args.yes {
        confirm(&cluster)?;
    }
    let lock = up::exclusive(&dir)?;
    let progress = Progress::new();
    progress.step(format!("unmounting {}", cluster.shape.mount.display()));
    mount::unmount(&cluster, args.force)?;
    // Chunkservers first, so that the master learns what they have; the metalogger last, so that it misses nothing.
    let servers = (1..=cluster.shape.ports.data.len()).map(Role::Chunkserver);
    for role in servers.chain([Role::Master, Role::Metalogger]) {
        if daemons::pid(&cluster, role)?.is_some() {
            progress.step(format!("stopping {}", role.title()));
            daemons::stop(&cluster, role)?;
            progress.done(&format!("{} stopped", role.title()));
        }
    }
    if args.wipe {
        progress.step(format!("deleting {}", cluster.dir.display()));
        wipe(&cluster)?;
        drop(lock);
        drop(progress);
        println!("the cluster in {} is deleted", cluster.dir.display());
    } else {
        drop(progress);
        println!(
            "the cluster in {} is stopped; elkfs local up brings it back with all its data",
            dir.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// A person is asked; a script must have said `--yes`.
fn confirm(cluster: &Cluster) -> anyhow::Result<()> {
    ensure!(
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        "--wipe deletes all files in the cluster: add --yes, since there is nobody to ask"
    );
    eprint!("Delete the cluster in {} with all files in it? Type yes: ", cluster.dir.display());
    std::io::stderr().flush().context("terminal")?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("terminal")?;
    ensure!(answer.trim() == "yes", "nothing was deleted");
    Ok(())
}

/// Deletes what `up` made, and nothing else; the directory too if nothing else is in it.
fn wipe(cluster: &Cluster) -> anyhow::Result<()> {
    no_mount_below(&cluster.dir)?;
    for role in cluster.daemons() {
        remove(&cluster.data(role))?;
        if let Role::Chunkserver(number) = role {
            remove(&cluster.disk(number))?;
        }
    }
    remove(&cluster.dir.join("etc"))?;
    remove(&cluster.dir.join("log"))?;
    // Only when empty: what is in it there now is not in the file system.
    let _ = std::fs::remove_dir(&cluster.shape.mount);
    remove(&cluster.dir.join("cluster.json"))?;
    remove(&cluster.dir.join(".lock"))?;
    let _ = std::fs::remove_dir(&cluster.dir);
    Ok(())
}

/// Deleting never descends into another file system.
fn no_mount_below(dir: &Path) -> anyhow::Result<()> {
    match mount::any_below(dir)? {
        Some(point) => {
            bail!("{} is mounted inside the cluster's directory: unmount it first", point.display())
        }
        None => Ok(()),
    }
}

fn remove(path: &Path) -> anyhow::Result<()> {
    let result = match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("can't delete {}", path.display()))
        }
        _ => Ok(()),
    }
}
