//! The directory of one cluster, and the record in it by which a later run can clean up after a crashed one.

use crate::mounts;
use crate::process::ProcessId;
use anyhow::{Context, Result};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

const PREFIX: &str = "elkfs-test-";

/// Where run directories live; the second is in memory.
const PARENTS: [&str; 2] = ["/tmp", "/dev/shm"];

/// A directory whose content, processes, mounts and network namespaces are removed when it is dropped.
#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
    name: String,
}

/// What a run directory's record lists, one file each.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A process, killed at the end.
    Process,
    /// A mount point, unmounted at the end.
    Mount,
    /// A network namespace, deleted at the end.
    Namespace,
}

impl Kind {
    fn file(self) -> &'static str {
        match self {
            Kind::Process => "processes",
            Kind::Mount => "mounts",
            Kind::Namespace => "namespaces",
        }
    }
}

impl RunDir {
    /// Makes a new one, in memory if `tmpfs`, after removing what crashed runs left.
    pub(crate) fn new(tmpfs: bool) -> Result<RunDir> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        clean_leftovers()?;
        let name = format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(PARENTS[usize::from(tmpfs)]).join(&name);
        fs::create_dir(&path).with_context(|| format!("make {}", path.display()))?;
        let dir = RunDir { path, name };
        fs::write(dir.path.join("owner"), ProcessId::own()?.to_string()).context("write owner")?;
        Ok(dir)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A name no other live run uses, at most 32 characters.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Remembers something to be undone at the end.
    pub(crate) fn record(&self, kind: Kind, what: &str) -> Result<()> {
        let path = self.path.join(kind.file());
        let mut file = OpenOptions::new().create(true).append(true).open(&path).context("open the record")?;
        writeln!(file, "{what}").with_context(|| format!("write {}", path.display()))
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        if std::env::var_os("ELKFS_TEST_KEEP").is_some() {
            eprintln!("kept, with its processes: {}", self.path.display());
        } else if let Err(error) = undo(&self.path) {
            eprintln!("clean up {}: {error:#}", self.path.display());
        }
    }
}

/// Removes what runs left behind whose process is gone; returns how many there were.
pub fn clean_leftovers() -> Result<usize> {
    let mut count = 0;
    for parent in PARENTS {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        for entry in entries {
            let path = entry.with_context(|| format!("list {parent}"))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(PREFIX) && !owner_runs(&path, &name) {
                undo(&path).with_context(|| format!("clean up {}", path.display()))?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// Whether the process that made the directory still runs. Just after making it there is only its name to go by.
fn owner_runs(path: &Path, name: &str) -> bool {
    if let Ok(owner) = fs::read_to_string(path.join("owner"))
        && let Ok(owner) = owner.parse::<ProcessId>()
    {
        return owner.runs();
    }
    let pid = name[PREFIX.len()..].split('-').next().and_then(|pid| pid.parse().ok());
    pid.is_some_and(|pid| ProcessId::of(pid).is_some())
}

/// Ends and removes everything the record of `path` lists, then the directory. Everything is tried, the first error
/// is returned.
fn undo(path: &Path) -> Result<()> {
    let mut outcome = Ok(());
    let mut keep = |result: Result<()>| {
        if outcome.is_ok() {
            outcome = result;
        }
    };
    for process in recorded(path, Kind::Process) {
        if let Ok(process) = process.parse::<ProcessId>() {
            keep(process.kill());
        }
    }
    for mount in recorded(path, Kind::Mount) {
        keep(mounts::detach(Path::new(&mount)));
    }
    for namespace in recorded(path, Kind::Namespace) {
        let there = || Path::new("/run/netns").join(&namespace).exists();
        if there() {
            let deleted = run(Command::new("ip").args(["netns", "del", &namespace]));
            // Another run that starts now may clean up the same leftovers.
            keep(deleted.or_else(|error| if there() { Err(error) } else { Ok(()) }));
        }
    }
    let inside = mounts::points().into_iter().find(|point| point.starts_with(path));
    match inside {
        Some(point) => keep(Err(anyhow::anyhow!("{} is still mounted", point.display()))),
        None => match fs::remove_dir_all(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => keep(Err(error.into())),
            _ => {}
        },
    }
    outcome
}

/// The newest first, so that things end in the reverse order of their making.
fn recorded(path: &Path, kind: Kind) -> Vec<String> {
    let text = fs::read_to_string(path.join(kind.file())).unwrap_or_default();
    text.lines().rev().map(str::to_owned).collect()
}

/// Runs a program and turns a failure into an error that has its output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("run {command:?}"))?;
    anyhow::ensure!(
        output.status.success(),
        "{command:?}: {}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_ends_what_was_recorded() {
        let dir = RunDir::new(false).unwrap();
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        dir.record(Kind::Process, &id.to_string()).unwrap();
        let path = dir.path().to_owned();
        clean_leftovers().unwrap();
        assert!(path.exists() && id.runs(), "the owner lives");
        drop(dir);
        assert!(!path.exists() && !id.runs());
        child.wait().unwrap();
    }

    #[test]
    fn leftovers_of_a_dead_run_are_removed() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        let path = Path::new("/tmp").join(format!("{PREFIX}{}-leftover", child.id()));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("owner"), "1 1").unwrap();
        fs::write(path.join("processes"), format!("{id}\n")).unwrap();
        assert!(clean_leftovers().unwrap() >= 1);
        assert!(!path.exists() && !id.runs());
        child.wait().unwrap();
    }
}
