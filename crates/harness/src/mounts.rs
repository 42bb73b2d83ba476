//! Mount points, as the kernel lists them.

use anyhow::{Context, Result};
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_change, unmount};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::cell::Cell;
use std::path::{Path, PathBuf};

/// Gives this thread, and what it starts from now on, a mount table of its own.
///
/// A mount that others see is copied into every mount namespace that anybody makes meanwhile (`ip netns exec` does),
/// and lives until the last of those ends: it could not be unmounted at will.
pub(crate) fn make_private() -> Result<()> {
    thread_local!(static PRIVATE: Cell<bool> = const { Cell::new(false) });
    if PRIVATE.replace(true) {
        return Ok(());
    }
    // SAFETY: only CLONE_FILES would be unsafe, by closing descriptors that others use; this unshares the mount table.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.context("make a mount namespace")?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .context("make mounts private")
}

/// All mount points that this thread sees.
pub(crate) fn points() -> Vec<PathBuf> {
    let table = std::fs::read_to_string("/proc/thread-self/mounts").unwrap_or_default();
    table.lines().filter_map(|line| line.split(' ').nth(1)).map(PathBuf::from).collect()
}

/// Whether something is mounted at `path`. Asks the table, not the path, which may hang.
pub(crate) fn is_mounted(path: &Path) -> bool {
    points().iter().any(|point| point == path)
}

/// Takes the mount away at once, whoever uses it; nothing mounted is fine.
pub(crate) fn detach(path: &Path) -> Result<()> {
    match unmount(path, UnmountFlags::DETACH) {
        Ok(()) | Err(Errno::INVAL | Errno::NOENT) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("umount -l {}", path.display())),
    }
}
