//! Mount points, as the kernel lists them.

use anyhow::{Context, Result};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};
use std::path::{Path, PathBuf};

/// All mount points of this process's namespace.
pub(crate) fn points() -> Vec<PathBuf> {
    let table = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
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
