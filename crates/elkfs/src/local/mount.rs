//! Mounting and unmounting a cluster.

use super::cluster::Cluster;
use super::daemons;
use anyhow::{Context, bail, ensure};
use nix::unistd::geteuid;
use rustix::mount::{UnmountFlags, unmount as umount2};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long a mount may take to answer. A mount waits for its master, so it may be slow without being broken.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is at a mount point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing is mounted there.
    Free,
    /// Our file system, and it answers.
    Mounted,
    /// A FUSE mount whose process is gone.
    Dead,
    /// Ours, and it has not answered for [`PATIENCE`].
    Hung,
    /// Something else is mounted there.
    Foreign,
}

/// Looks at the cluster's mount point in the mount table only: [`State::Free`], [`State::Mounted`] or
/// [`State::Foreign`].
pub(crate) fn listed(cluster: &Cluster) -> anyhow::Result<State> {
    let Some(source) = source_at(&cluster.shape.mount)? else { return Ok(State::Free) };
    let ours = source.ends_with(&format!("127.0.0.1:{}", cluster.shape.ports.clients));
    Ok(if ours { State::Mounted } else { State::Foreign })
}

/// Looks at the cluster's mount point and asks the file system for a sign of life, for which the master must run.
pub(crate) fn state(cluster: &Cluster) -> anyhow::Result<State> {
    let mount = &cluster.shape.mount;
    let listed = listed(cluster)?;
    if listed != State::Mounted {
        return Ok(listed);
    }
    // Nothing interrupts a process that waits for a mount which does not answer, so a thread that may be left behind
    // asks.
    let (send, receive) = channel();
    let path = mount.clone();
    let ask = move || send.send(std::fs::metadata(path).map(|_| ()).map_err(|error| error.raw_os_error()));
    std::thread::Builder::new().name("stat".into()).spawn(ask).context("can't start a thread")?;
    Ok(match receive.recv_timeout(PATIENCE) {
        Err(_) => State::Hung,
        Ok(Err(Some(error))) if error == rustix::io::Errno::NOTCONN.raw_os_error() => State::Dead,
        Ok(_) => State::Mounted,
    })
}

/// The source of the topmost mount at `path`.
fn source_at(path: &Path) -> anyhow::Result<Option<String>> {
    let table = std::fs::read("/proc/self/mountinfo").context("can't read the mount table")?;
    Ok(parse_mountinfo(&table, path))
}

/// Anything mounted strictly below `dir`.
pub(crate) fn any_below(dir: &Path) -> anyhow::Result<Option<PathBuf>> {
    let table = std::fs::read("/proc/self/mountinfo").context("can't read the mount table")?;
    let points =
        table.split(|&b| b == b'\n').filter_map(|line| line.split(|&b| b == b' ').nth(4)).map(unescape);
    Ok(points.into_iter().find(|point| point.starts_with(dir) && point != dir))
}

/// Lines are `id parent dev root MOUNTPOINT options … - type SOURCE superoptions`, blanks written as `\040`.
fn parse_mountinfo(table: &[u8], path: &Path) -> Option<String> {
    let mut found = None;
    for line in table.split(|&b| b == b'\n') {
        let words: Vec<&[u8]> = line.split(|&b| b == b' ').collect();
        let Some(dash) = words.iter().position(|word| *word == b"-") else { continue };
        if let (Some(point), Some(source)) = (words.get(4), words.get(dash + 2))
            && unescape(point).as_os_str() == path.as_os_str()
        {
            found = Some(unescape(source).display().to_string());
        }
    }
    found
}

fn unescape(word: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, tail)) = rest.split_first() {
        let octal = || u8::from_str_radix(str::from_utf8(tail.get(..3)?).ok()?, 8).ok();
        match (first, octal()) {
            (b'\\', Some(byte)) => {
                out.push(byte);
                rest = &tail[3..];
            }
            _ => {
                out.push(first);
                rest = tail;
            }
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(out))
}

/// Refuses what cannot work before anything is started.
pub(crate) fn check(cluster: &Cluster) -> anyhow::Result<()> {
    let mount = &cluster.shape.mount;
    if let Err(error) = std::fs::File::options().read(true).write(true).open("/dev/fuse") {
        let remedy = match error.kind() {
            std::io::ErrorKind::NotFound => {
                "load it with 'modprobe fuse' as root; in a container, start it with --device /dev/fuse --cap-add SYS_ADMIN"
            }
            _ => "let this user open it (usually mode 0666), or run as root",
        };
        bail!("can't open /dev/fuse ({error}): {remedy}");
    }
    if !geteuid().is_root() && fusermount().is_none() {
        bail!("mounting without root needs fusermount3: install the package fuse3, or run as root");
    }
    match listed(cluster)? {
        State::Free => empty(mount),
        // Whether it answers is seen when the daemons run.
        State::Mounted | State::Dead | State::Hung => Ok(()),
        State::Foreign => bail!(
            "{0} is in use: something else is mounted there; unmount it with 'umount {0}' or choose another --mount DIR",
            mount.display()
        ),
    }
}

/// The mount point exists and is empty, or can be made.
fn empty(mount: &Path) -> anyhow::Result<()> {
    super::files::make_dir(mount).context("mount point")?;
    let mut entries = std::fs::read_dir(mount).with_context(|| format!("can't read {}", mount.display()))?;
    ensure!(
        entries.next().is_none(),
        "mount point {} is not empty: empty it or choose another --mount DIR",
        mount.display()
    );
    Ok(())
}

/// Mounts; comes back when the file system can be used.
pub(crate) fn mount(cluster: &Cluster) -> anyhow::Result<()> {
    let mut command = daemons::command("mfsmount")?;
    command.env("ELKFS_LOG_FILE", log(cluster));
    command.args(["-H", "127.0.0.1", "-P", &cluster.shape.ports.clients.to_string()]);
    if !geteuid().is_root() {
        // allow_other is for root, unless /etc/fuse.conf says otherwise.
        command.arg("-n");
    }
    let output = command.arg(&cluster.shape.mount).output().context("can't run mfsmount")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("can't mount {}: {}", cluster.shape.mount.display(), said.trim().replace('\n', "; "));
    }
    ensure!(
        state(cluster)? == State::Mounted,
        "mfsmount came back, but {} is not mounted",
        cluster.shape.mount.display()
    );
    Ok(())
}

/// The log of the mount.
pub(crate) fn log(cluster: &Cluster) -> PathBuf {
    cluster.dir.join("log/mount.log")
}

/// Unmounts what is ours. `lazily` also when it is in use.
pub(crate) fn unmount(cluster: &Cluster, lazily: bool) -> anyhow::Result<()> {
    let mount = &cluster.shape.mount;
    match listed(cluster)? {
        State::Free => return Ok(()),
        State::Foreign => bail!("something else is mounted at {}: it stays", mount.display()),
        State::Mounted | State::Dead | State::Hung => {}
    }
    let result = if geteuid().is_root() {
        let flags = if lazily { UnmountFlags::DETACH } else { UnmountFlags::empty() };
        umount2(mount, flags).map_err(std::io::Error::from)
    } else {
        fusermount_unmount(mount, lazily)
    };
    let Err(error) = result else { return Ok(()) };
    let users = users_of(mount);
    if users.is_empty() {
        bail!("can't unmount {}: {error}; close what uses it, or use --force", mount.display());
    }
    bail!("{} is in use by {}: close that, or use --force", mount.display(), users.join(", "))
}

fn fusermount() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["fusermount3", "fusermount"];
    names
        .iter()
        .find_map(|name| std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file()))
}

fn fusermount_unmount(mount: &Path, lazily: bool) -> std::io::Result<()> {
    let program = fusermount().ok_or_else(|| std::io::Error::other("fusermount3 is not installed"))?;
    let mut command = Command::new(program);
    command.arg("-u").args(lazily.then_some("-z")).arg(mount);
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(std::io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// Processes with an open file or their working directory below `mount`, as far as we may see.
fn users_of(mount: &Path) -> Vec<String> {
    let below = |link: &Path| {
        std::fs::read_link(link).is_ok_and(|target| {
            target.as_os_str().as_bytes().starts_with(mount.as_os_str().as_bytes())
                && target.starts_with(mount)
        })
    };
    let mut users = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().filter(|name| name.bytes().all(|b| b.is_ascii_digit())) else {
            continue;
        };
        let files =
            std::fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten().map(|fd| fd.path());
        let mut links = ["cwd", "root", "exe"].map(|link| entry.path().join(link)).into_iter().chain(files);
        if links.any(|link| below(&link)) {
            let command = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            users.push(format!("{} (pid {pid})", command.trim()));
        }
    }
    users
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_table() {
        let table = b"22 1 0:21 / /a\\040b rw,relatime shared:1 - fuse.mfs mfs#127.0.0.1:9421 rw\n\
            23 1 0:22 / /c rw - tmpfs tmpfs rw\n24 1 0:23 / /c rw - fuse mfs#h:1 rw\n";
        assert_eq!(parse_mountinfo(table, Path::new("/a b")).as_deref(), Some("mfs#127.0.0.1:9421"));
        assert_eq!(parse_mountinfo(table, Path::new("/c")).as_deref(), Some("mfs#h:1"), "the topmost");
        assert_eq!(parse_mountinfo(table, Path::new("/a")), None);
        assert_eq!(unescape(b"x\\134040\\"), PathBuf::from("x\\040\\"));
    }
}
