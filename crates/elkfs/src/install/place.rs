//! Putting files where they belong, so that a crash leaves the old one or the new one, and a running daemon keeps its.

use anyhow::Context as _;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

/// What has been put where, for the summary.
#[derive(Default)]
pub(super) struct Place {
    done: BTreeMap<PathBuf, Vec<String>>,
}

impl Place {
    /// Copies the running program.
    pub(super) fn program(&mut self, to: &Path) -> anyhow::Result<()> {
        let from = std::env::current_exe().context("where is this program?")?;
        if fs::canonicalize(to).ok() == fs::canonicalize(&from).ok() {
            self.note(to);
            return Ok(());
        }
        let bytes = fs::read(&from).with_context(|| format!("can't read {}", from.display()))?;
        self.put(to, &bytes, 0o755)
    }

    /// Writes a file.
    pub(super) fn file(&mut self, to: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        self.put(to, bytes, 0o644)
    }

    /// Makes a directory.
    pub(super) fn directory(&self, dir: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(dir).with_context(|| format!("can't make directory {}", dir.display()))
    }

    /// Makes `at` a link to `target`, relative, so that the whole prefix may be moved.
    pub(super) fn link(&mut self, at: &Path, target: &Path) -> anyhow::Result<()> {
        let dir = at.parent().unwrap_or(Path::new("/"));
        self.directory(dir)?;
        let temporary = beside(at);
        let made = remove(&temporary).and_then(|()| symlink(relative(dir, target), &temporary));
        made.and_then(|()| fs::rename(&temporary, at))
            .with_context(|| format!("can't link {}", at.display()))?;
        self.note(at);
        Ok(())
    }

    fn put(&mut self, to: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
        self.directory(to.parent().unwrap_or(Path::new("/")))?;
        let temporary = beside(to);
        let write = || {
            let mut file = fs::File::create(&temporary)?;
            file.write_all(bytes)?;
            file.set_permissions(Permissions::from_mode(mode))?;
            file.sync_all()?;
            fs::rename(&temporary, to)
        };
        write().with_context(|| format!("can't write {}", to.display()))?;
        self.note(to);
        Ok(())
    }

    fn note(&mut self, path: &Path) {
        let dir = path.parent().unwrap_or(Path::new("/")).to_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.done.entry(dir).or_default().push(name);
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (dir, names) in &self.done {
            writeln!(f, "{}", dir.display())?;
            for line in names.chunks(4) {
                let columns: String = line.iter().map(|name| format!("{name:<26}")).collect();
                writeln!(f, "    {}", columns.trim_end())?;
            }
        }
        Ok(())
    }
}

/// A name for the time until the rename.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The way from directory `from` to `to`; both absolute.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Component::ParentDir, from.len() - common);
    up.chain(to[common..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative() {
        assert_eq!(relative(Path::new("/p/sbin"), Path::new("/p/bin/elkfs")), Path::new("../bin/elkfs"));
        assert_eq!(relative(Path::new("/p/bin"), Path::new("/p/bin/elkfs")), Path::new("elkfs"));
    }

    #[test]
    fn a_second_time_replaces() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("etc/a.dist"), dir.path().join("sbin/a"));
        let mut place = Place::default();
        for text in ["old", "new"] {
            place.file(&file, text.as_bytes()).unwrap();
            place.link(&link, &file).unwrap();
            assert_eq!(fs::read_to_string(&link).unwrap(), text);
        }
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing temporary is left");
        assert!(place.to_string().contains("a.dist"));
    }
}
