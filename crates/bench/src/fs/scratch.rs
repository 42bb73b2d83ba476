//! The sub-directory in which a measurement works.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A new directory that is removed, with all that is in it, when dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes `elkfs-bench-PID` in `dir`; one that exists is somebody else's and is left alone.
    pub(super) fn new(dir: &Path) -> Result<Scratch> {
        for attempt in 0..100 {
            let path = dir.join(format!("elkfs-bench-{}-{attempt}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Scratch { path }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("make directory {}", path.display()));
                }
            }
        }
        anyhow::bail!("{} is full of old elkfs-bench-* directories: remove them", dir.display())
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it and reports a failure, which dropping could not.
    pub(super) fn remove(self) -> Result<()> {
        let path = self.path.clone();
        std::mem::forget(self);
        fs::remove_dir_all(&path).with_context(|| format!("remove {}", path.display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Only reached when the measurement failed: its error is what the user must see.
        let _ = fs::remove_dir_all(&self.path);
    }
}
