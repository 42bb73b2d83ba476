//! Lazy copies of trees, and their removal (`spec/tools.md` 10).

use crate::failure::{Failure, Stop, describe};
use crate::mounts::{Access, done};
use crate::realpath::realpath;
use crate::run::{FAILED, Job, MINUS_ONE};
use crate::user::User;
use proto::client_master::{FuseSnapshot, FuseSnapshotReply};
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use types::{Inode, MsgId, Name, Status};

const OVERWRITE: u8 = 0x01;
const LIKE_CP: u8 = 0x02;
const FORCE: u8 = 0x04;
const KEEP_LINKS: u8 = 0x08;
const DELETE: u8 = 0x80;

/// A place in a directory.
#[derive(Debug)]
struct Place {
    /// The directory, without links.
    dir: PathBuf,
    name: OsString,
}

impl Place {
    fn shown(&self) -> Vec<u8> {
        self.dir.join(&self.name).into_os_string().into_vec()
    }
}

/// A path as dirname(3) and basename(3) take it apart, without looking at the disk.
fn split(path: &OsStr) -> (OsString, OsString) {
    let bytes = path.as_bytes();
    let end = bytes.iter().rposition(|b| *b != b'/').map_or(0, |i| i + 1);
    if end == 0 {
        let all: &str = if bytes.is_empty() { "." } else { "/" };
        return (all.into(), all.into());
    }
    let Some(slash) = bytes[..end].iter().rposition(|b| *b == b'/') else {
        return (".".into(), OsStr::from_bytes(&bytes[..end]).into());
    };
    let dir_end = bytes[..slash].iter().rposition(|b| *b != b'/').map_or(0, |i| i + 1);
    let dir = if dir_end == 0 { &b"/"[..] } else { &bytes[..dir_end] };
    (OsStr::from_bytes(dir).into(), OsStr::from_bytes(&bytes[slash + 1..end]).into())
}

/// The place of an existing path, with links followed.
fn place_of(path: &OsStr) -> Result<Place, Failure> {
    let full = realpath(path).map_err(|unresolved| Failure::call(path, "realpath", &unresolved.error))?;
    let (dir, name) = split(full.as_os_str());
    Ok(Place { dir: dir.into(), name })
}

/// `mfsmakesnapshot`
pub(crate) fn make(job: &mut Job) -> Result<u8, Stop> {
    let mut sources = job.names(2)?;
    let bits = [(b'o', OVERWRITE), (b'c', LIKE_CP), (b'p', KEEP_LINKS)];
    let smode = bits.iter().filter(|(letter, _)| job.given.has(*letter)).map(|(_, bit)| bit).sum();
    let Some(target) = sources.pop() else { return Err(Stop::usage("nothing to work on")) };
    let meta = match target_meta(&target) {
        Ok(meta) => meta,
        Err(failure) => {
            job.fail(failure)?;
            return Ok(MINUS_ONE);
        }
    };
    let into_dir = meta.as_ref().is_some_and(Metadata::is_dir);
    if sources.len() > 1 && !into_dir {
        job.print("can snapshot multiple elements only into existing directory\n")?;
        return Ok(MINUS_ONE);
    }
    let well = job.each(&sources, |job, source| one(job, source, &target, meta.as_ref(), smode))?;
    Ok(if well { 0 } else { MINUS_ONE })
}

/// `None` when there is nothing yet.
fn target_meta(target: &OsStr) -> Result<Option<Metadata>, Failure> {
    match Path::new(target).metadata() {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::call(target, "stat", &error)),
    }
}

fn one(
    job: &mut Job,
    source: &OsStr,
    target: &OsStr,
    target_meta: Option<&Metadata>,
    smode: u8,
) -> Result<Vec<u8>, Failure> {
    let meta =
        Path::new(source).symlink_metadata().map_err(|error| Failure::call(source, "lstat", &error))?;
    let slash = |path: &OsStr| path.as_bytes().ends_with(b"/");
    let (dir, name) = split(target);
    let same_device = |dev: u64| {
        let text = [b"(", target.as_bytes(), b",", source.as_bytes(), b"): "].concat();
        let line = [&text[..], b"both elements must be on the same device"].concat();
        if dev == meta.dev() { Ok(()) } else { Err(Failure(line)) }
    };
    let place = match target_meta {
        None => {
            if slash(target) && !meta.is_dir() {
                let line = [b"directory ", target.as_bytes(), b" does not exist"].concat();
                return Err(Failure(line));
            }
            let parent = Path::new(&dir).metadata().map_err(|error| Failure::call(&dir, "stat", &error))?;
            same_device(parent.dev())?;
            let full = realpath(&dir).map_err(|gone| Failure::call(&dir, "realpath", &gone.error))?;
            Place { dir: full, name }
        }
        Some(found) => {
            same_device(found.dev())?;
            if found.is_dir() && !(meta.is_dir() && slash(source)) {
                let full = realpath(target).map_err(|gone| Failure::call(target, "realpath", &gone.error))?;
                Place { dir: full, name: own_name(source, &meta)? }
            } else {
                place_of(target)?
            }
        }
    };
    // A link is copied as a link.
    let from = if meta.is_symlink() {
        let (dir, name) = split(source);
        let full = realpath(&dir).map_err(|gone| Failure::call(&dir, "realpath", &gone.error))?;
        full.join(name)
    } else {
        realpath(source).map_err(|gone| Failure::call(source, "realpath", &gone.error))?
    };
    let src = job.mounts.open_resolved(source, from, Access::Read)?.inode;
    let dst = job.mounts.open_resolved(place.dir.as_os_str(), place.dir.clone(), Access::Write)?.inode;
    send(job, (src, dst), &place.name, smode).map_err(|text| {
        Failure([source.as_bytes(), b"->", &place.shown(), b": ", text.as_bytes()].concat())
    })?;
    Ok(Vec::new())
}

/// The name that a source has where it is: of `.` and `..` the directory's own, of a link the link's.
fn own_name(source: &OsStr, meta: &Metadata) -> Result<OsString, Failure> {
    if meta.is_dir() { place_of(source).map(|place| place.name) } else { Ok(split(source).1) }
}

/// Asks the master of the mount that was opened last; what went wrong as text.
fn send(job: &mut Job, (src, dst): (Inode, Inode), name: &OsStr, smode: u8) -> Result<(), String> {
    let dst_name = Name::new(name.as_bytes()).ok_or_else(|| Status::EINVAL.text().to_owned())?;
    let user = User::own();
    let request =
        FuseSnapshot { msgid: MsgId(0), src, dst, dst_name, cred: user.cred(), smode, umask: umask() };
    let answer = job.mounts.ask::<_, FuseSnapshotReply>(&request).and_then(|answer| done(answer.status));
    answer.map_err(|trouble| trouble.text())
}

fn umask() -> u16 {
    // There is no way to only ask.
    let mask = rustix::process::umask(rustix::fs::Mode::empty());
    rustix::process::umask(mask);
    u16::try_from(mask.as_raw_mode()).unwrap_or(0)
}

/// `mfsrmsnapshot`
pub(crate) fn remove(job: &mut Job) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let smode = if job.given.has(b'f') { DELETE | FORCE } else { DELETE };
    let mut well = true;
    for name in &names {
        let full = match realpath(name) {
            Ok(full) => full,
            Err(gone) => {
                well = false;
                let reached = gone.reached.as_os_str().as_bytes();
                let text = [b"realpath error on ", reached, b": ", describe(&gone.error).as_bytes()].concat();
                job.fail(Failure::of(name, text))?;
                if reached.is_empty() {
                    continue;
                }
                // Stock asks the master for it all the same, and scripts know the line that follows.
                gone.reached
            }
        };
        well &= remove_one(job, full.as_os_str(), smode)?;
    }
    Ok(if well { 0 } else { FAILED })
}

fn remove_one(job: &mut Job, full: &OsStr, smode: u8) -> Result<bool, Stop> {
    let (dir, name) = split(full);
    let failure = match job.mounts.open_resolved(&dir, PathBuf::from(&dir), Access::Write) {
        Err(failure) => failure,
        Ok(opened) => match send(job, (Inode(0), opened.inode), &name, smode) {
            Ok(()) => return Ok(true),
            Err(text) => {
                let place = Place { dir: dir.into(), name };
                Failure([&place.shown()[..], b": ", text.as_bytes()].concat())
            }
        },
    };
    job.fail(failure)?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_taken_apart_as_dirname_does() {
        let cases = [
            ("a", ".", "a"),
            ("a/", ".", "a"),
            ("a//b///", "a", "b"),
            ("/a", "/", "a"),
            ("//a//", "/", "a"),
            ("/", "/", "/"),
            ("", ".", "."),
            ("a/..", "a", ".."),
        ];
        for (path, dir, name) in cases {
            assert_eq!(split(OsStr::new(path)), (dir.into(), name.into()), "{path}");
        }
    }
}
