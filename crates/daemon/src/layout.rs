//! Where an installation keeps its files (`spec/config-and-daemons.md` 1).

use std::path::{Path, PathBuf};

/// Directories of one installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Where configuration files are; `${ETC}` in defaults.
    etc: PathBuf,
    /// An older place, used when only it has the file.
    old_etc: Option<PathBuf>,
    /// Where daemons keep their data unless told otherwise; `${DATA}` in defaults.
    data: PathBuf,
}

impl Layout {
    /// An installation with these two directories.
    pub fn new(etc: PathBuf, data: PathBuf) -> Layout {
        Layout { etc, old_etc: None, data }
    }

    /// The installation that the running program belongs to: a prefix (`P/sbin/mfsmaster`, `P/etc`, `P/var/mfs`) or the
    /// system (`/etc/mfs`, `/var/lib/mfs`).
    pub fn of_this_program() -> Layout {
        std::env::current_exe().map_or_else(|_| Layout::system(), |exe| Layout::of(&exe))
    }

    fn system() -> Layout {
        Layout { etc: "/etc/mfs".into(), old_etc: Some("/etc".into()), data: "/var/lib/mfs".into() }
    }

    fn of(exe: &Path) -> Layout {
        let folder = exe.parent().filter(|folder| folder.ends_with("bin") || folder.ends_with("sbin"));
        match folder.and_then(Path::parent) {
            Some(prefix) if prefix.join("etc").is_dir() => Layout::of_prefix(prefix),
            _ => Layout::system(),
        }
    }

    /// The installation in `prefix`. `/` and `/usr` mean the system's own directories.
    pub fn of_prefix(prefix: &Path) -> Layout {
        if prefix == "/" || prefix == "/usr" {
            return Layout::system();
        }
        let etc = prefix.join("etc");
        let newer = etc.join("mfs");
        let (etc, old_etc) = if newer.is_dir() { (newer, Some(etc)) } else { (etc, None) };
        Layout { etc, old_etc, data: prefix.join("var/mfs") }
    }

    /// Where configuration files are.
    pub fn etc(&self) -> &Path {
        &self.etc
    }

    /// Where daemons keep their data unless told otherwise.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The default place of a configuration file; the older place when only that one exists.
    pub fn config_file(&self, name: &str) -> PathBuf {
        let file = self.etc.join(name);
        let old = self.old_etc.as_ref().map(|etc| etc.join(name));
        match old {
            Some(old) if !file.exists() && old.exists() => {
                tracing::warn!(
                    "default sysconf path has changed - please move {name} from {} to {}",
                    old.parent().unwrap_or(Path::new("/")).display(),
                    self.etc.display()
                );
                old
            }
            _ => file,
        }
    }

    /// Fills in `${ETC}` and `${DATA}`.
    pub fn expand(&self, default: &str) -> String {
        default
            .replace("${ETC}", &self.etc.display().to_string())
            .replace("${DATA}", &self.data.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        let dir = tempfile::tempdir().unwrap();
        let exe = dir.path().join("sbin/mfsmaster");
        assert_eq!(Layout::of(&exe), Layout::system(), "no etc, so no installation");
        std::fs::create_dir(dir.path().join("etc")).unwrap();
        let layout = Layout::of(&exe);
        assert_eq!(layout.config_file("mfsmaster.cfg"), dir.path().join("etc/mfsmaster.cfg"));
        assert_eq!(layout.expand("${DATA}/x"), dir.path().join("var/mfs/x").display().to_string());
        std::fs::create_dir(dir.path().join("etc/mfs")).unwrap();
        assert_eq!(Layout::of(&exe).config_file("a.cfg"), dir.path().join("etc/mfs/a.cfg"));
        std::fs::write(dir.path().join("etc/a.cfg"), "").unwrap();
        assert_eq!(Layout::of(&exe).config_file("a.cfg"), dir.path().join("etc/a.cfg"));
        assert_eq!(Layout::of(Path::new("/usr/sbin/mfsmaster")), Layout::system());
        assert_eq!(Layout::of(Path::new("/root/target/debug/elkfs")), Layout::system());
    }
}
