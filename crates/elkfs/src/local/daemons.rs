//! Starting and stopping the daemons of a cluster: with the very commands an operator would use.

use super::cluster::{Cluster, Role};
use anyhow::{Context, bail};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Lines of a log that an error shows.
const TAIL: usize = 12;

/// This program under another of its names.
pub(crate) fn command(program: &str) -> anyhow::Result<Command> {
    let exe = std::env::current_exe().context("can't find this program's file")?;
    let mut command = Command::new(exe);
    command.arg(program).stdin(Stdio::null());
    // A group of its own: Ctrl-C reaches us only, and we undo in good order.
    command.process_group(0);
    Ok(command)
}

/// The process id of a daemon, if it runs.
pub(crate) fn pid(cluster: &Cluster, role: Role) -> anyhow::Result<Option<i32>> {
    let file = cluster.data(role).join(format!(".{}.lock", role.program()));
    if !file.exists() {
        return Ok(None);
    }
    let lock = daemon::Lock::open(&file).with_context(|| format!("can't open {}", file.display()))?;
    lock.owner().with_context(|| format!("can't read the lock {}", file.display()))
}

/// Starts a daemon; comes back when it serves.
pub(crate) fn start(cluster: &Cluster, role: Role) -> anyhow::Result<()> {
    let mut command = command(role.program())?;
    command.arg("-c").arg(cluster.config(role));
    if role == Role::Master && crashed(&cluster.data(role)) {
        command.arg("-a");
    }
    let output = command.arg("start").output().with_context(|| format!("can't run {}", role.program()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    let last = lines[lines.len().saturating_sub(TAIL)..].join("\n  ");
    bail!(
        "{} does not start; it said:\n  {last}\nIts whole log is {}",
        role.title(),
        cluster.log(role).display()
    )
}

/// A master that was killed leaves `metadata.mfs.back` and no `metadata.mfs`; it starts with `-a`, which replays the
/// changelogs.
fn crashed(data: &Path) -> bool {
    !data.join("metadata.mfs").exists() && data.join("metadata.mfs.back").exists()
}

/// Stops a daemon and waits for its end. Fine if it does not run.
pub(crate) fn stop(cluster: &Cluster, role: Role) -> anyhow::Result<()> {
    if pid(cluster, role)?.is_none() {
        return Ok(());
    }
    let mut command = command(role.program())?;
    let output = command.arg("-c").arg(cluster.config(role)).arg("stop").output();
    let output = output.with_context(|| format!("can't run {}", role.program()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} does not stop: {}", role.title(), said.trim().replace('\n', "; "));
    }
    Ok(())
}

/// The last lines of a daemon's log, for errors.
pub(crate) fn log_tail(cluster: &Cluster, role: Role) -> String {
    let text = std::fs::read(cluster.log(role)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(8192)..]).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n  ")
}
