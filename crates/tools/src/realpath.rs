//! Paths without links, as realpath(3) finds them. Unlike the standard library's it tells how far it came.

use rustix::io::Errno;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows.
const MAX_LINKS: usize = 40;

/// Why a path has no absolute form, and how far it was resolved: to what is missing or may not be looked at. Empty
/// for other errors, as in glibc.
#[derive(Debug)]
pub(crate) struct Unresolved {
    /// What went wrong.
    pub(crate) error: io::Error,
    /// Where.
    pub(crate) reached: PathBuf,
}

/// Resolves all links of `path`.
pub(crate) fn realpath(path: &OsStr) -> Result<PathBuf, Unresolved> {
    let nowhere = |error: io::Error| Unresolved { error, reached: PathBuf::new() };
    if path.is_empty() {
        return Err(nowhere(Errno::NOENT.into()));
    }
    let mut done = if Path::new(path).is_absolute() {
        PathBuf::from("/")
    } else {
        std::env::current_dir().map_err(nowhere)?
    };
    let mut left = parts(Path::new(path));
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        if part == ".." {
            done.pop();
            continue;
        }
        done.push(&part);
        let failed =
            |error: io::Error, done: PathBuf| match error.raw_os_error().map(Errno::from_raw_os_error) {
                Some(Errno::NOENT | Errno::ACCESS) => Unresolved { error, reached: done },
                _ => nowhere(error),
            };
        let kind = match done.symlink_metadata() {
            Ok(meta) => meta.file_type(),
            Err(error) => return Err(failed(error, done)),
        };
        if kind.is_symlink() {
            links += 1;
            if links > MAX_LINKS {
                return Err(nowhere(Errno::LOOP.into()));
            }
            let target = match done.read_link() {
                Ok(target) => target,
                Err(error) => return Err(failed(error, done)),
            };
            done =
                if target.is_absolute() { PathBuf::from("/") } else { done.parent().unwrap_or(&done).into() };
            for part in parts(&target).into_iter().rev() {
                left.push_front(part);
            }
        } else if !kind.is_dir() && (!left.is_empty() || path.as_bytes().ends_with(b"/")) {
            return Err(nowhere(Errno::NOTDIR.into()));
        }
    }
    Ok(done)
}

/// The names in a path, `..` too.
fn parts(path: &Path) -> VecDeque<OsString> {
    let named = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_and_what_is_missing() {
        let root =
            fs::canonicalize(std::env::temp_dir()).unwrap().join(format!("realpath-{}", std::process::id()));
        fs::create_dir_all(root.join("d/e")).unwrap();
        fs::write(root.join("f"), "").unwrap();
        symlink("d/../f", root.join("to-f")).unwrap();
        symlink("nowhere/x", root.join("dangling")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let at = |name: &str| realpath(root.join(name).as_os_str());
        assert_eq!(at("to-f").unwrap(), root.join("f"));
        assert_eq!(at("d/./e/..//e/").unwrap(), root.join("d/e"));
        assert_eq!(at("d/e/../../../..").unwrap(), root.parent().unwrap().parent().unwrap());
        assert_eq!(at("dangling").unwrap_err().reached, root.join("nowhere"));
        assert_eq!(at("d/no/such").unwrap_err().reached, root.join("d/no"));
        for name in ["f/x", "f/", "loop"] {
            assert_eq!(at(name).unwrap_err().reached, Path::new(""), "{name}");
        }
        assert_eq!(realpath(OsStr::new("")).unwrap_err().error.kind(), io::ErrorKind::NotFound);
        fs::remove_dir_all(&root).unwrap();
    }
}
