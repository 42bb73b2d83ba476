//! Emptying caches before the tests called cold, and saying honestly what that leaves warm.

use super::args::ColdMode;
use anyhow::{Context, Result};
use rustix::fs::{Advice, fadvise, syncfs};
use std::fs::{self, File, OpenOptions};
use std::path::Path;

const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

/// A way of emptying caches that was found to work here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cooler {
    /// The kernel's page, dentry and inode caches, all of the machine's.
    Drop,
    /// The pages of each file that will be read.
    Advise,
    /// Nothing.
    None,
}

impl Cooler {
    /// Picks the way; fails if `mode` demands one that is not permitted.
    pub(super) fn choose(mode: ColdMode) -> Result<Cooler> {
        match mode {
            ColdMode::None => Ok(Cooler::None),
            ColdMode::Advise => Ok(Cooler::Advise),
            ColdMode::Drop => {
                OpenOptions::new().write(true).open(DROP_CACHES).with_context(|| {
                    format!("--cold drop needs to write {DROP_CACHES}: run as root or use --cold advise")
                })?;
                Ok(Cooler::Drop)
            }
            ColdMode::Auto => match OpenOptions::new().write(true).open(DROP_CACHES) {
                Ok(_) => Ok(Cooler::Drop),
                Err(_) => Ok(Cooler::Advise),
            },
        }
    }

    /// Empties caches: `root` is a directory on the measured file system, `files` are those that will be read.
    pub(super) fn cool<P: AsRef<Path>>(self, root: &Path, files: impl IntoIterator<Item = P>) -> Result<()> {
        if self == Cooler::None {
            return Ok(());
        }
        // Dirty pages cannot be dropped, so they are written first.
        let dir = File::open(root).with_context(|| format!("open {}", root.display()))?;
        syncfs(&dir).with_context(|| format!("syncfs {}", root.display()))?;
        if self == Cooler::Drop {
            return fs::write(DROP_CACHES, "3").with_context(|| format!("write {DROP_CACHES}"));
        }
        for path in files {
            let path = path.as_ref();
            let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
            fadvise(&file, 0, None, Advice::DontNeed)
                .with_context(|| format!("fadvise {}", path.display()))?;
        }
        Ok(())
    }

    /// What "cold" means in this run, for the report; `fs_type` is the type in the mount table.
    pub(super) fn explain(self, fs_type: &str) -> String {
        let done = match self {
            Cooler::Drop => {
                "kernel page, dentry and inode caches of the whole machine dropped before each cold test"
            }
            Cooler::Advise => {
                "pages of each file dropped with posix_fadvise; names and attributes stay cached by the kernel, so \
                 cold stat and list are warm in truth (root can use --cold drop)"
            }
            Cooler::None => "nothing dropped: the tests called cold are warm",
        };
        let left = match fs_type {
            "tmpfs" | "ramfs" => "; tmpfs keeps everything in memory all the same",
            "unknown" => "; caches beyond this kernel may stay warm",
            t if t.starts_with("fuse") => {
                "; what stays warm: caches inside the process that serves the mount, and memory of its servers"
            }
            t if t.starts_with("nfs") || t == "cifs" || t == "ceph" => {
                "; what stays warm: caches of the servers"
            }
            _ => "; what stays warm: caches of the disks themselves",
        };
        format!("{done}{left}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explanation_names_what_stays_warm() {
        assert!(Cooler::Drop.explain("fuse").contains("inside the process"));
        assert!(Cooler::Drop.explain("fuse.mfs").contains("inside the process"));
        assert!(Cooler::Advise.explain("ext4").contains("warm in truth"));
        assert!(Cooler::None.explain("tmpfs").contains("warm"));
    }

    #[test]
    fn advising_touches_each_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        fs::write(&file, "x").unwrap();
        Cooler::Advise.cool(dir.path(), [&file]).unwrap();
        let error = Cooler::Advise.cool(dir.path(), [dir.path().join("missing")]).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
    }
}
