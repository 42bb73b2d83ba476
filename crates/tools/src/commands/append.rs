//! Appending the chunks of files to a file (`spec/tools.md` 9).

use crate::failure::{Failure, Stop};
use crate::mounts::{Access, Target, done};
use crate::run::{FAILED, Job};
use crate::user::User;
use proto::client_master::{FuseAppendSlice, FuseAppendSliceReply};
use rustix::fs::{Mode, OFlags, open};
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use types::MsgId;

/// Which chunks of the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slice {
    /// 0x01 `from`, 0x02 `to` counts from the end.
    flags: u8,
    from: u32,
    /// The first that is left out.
    to: u32,
}

/// `mfsappendchunks`
pub(crate) fn appendchunks(job: &mut Job) -> Result<u8, Stop> {
    let text = job.given.values(b's').last().map(|text| text.to_string_lossy().into_owned());
    let slice = match text {
        None => Slice { flags: 0, from: 0, to: u32::MAX },
        Some(text) => Slice::parse(&text).ok_or_else(|| {
            Stop::usage(format!(
                "\"{text}\" is no slice: FROM:TO are numbers of chunks, either may be left out or negative"
            ))
        })?,
    };
    let mut names = job.names(2)?;
    let sources = names.split_off(1);
    let target_name = &names[0];
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
    if let Err(errno) = open(target_name, flags, Mode::from_raw_mode(0o666)) {
        eprintln!("can't create/open file: {}: {errno}", target_name.display());
        return Ok(FAILED);
    }
    let target =
        match job.mounts.open(target_name, Access::Write).and_then(|target| file(target_name, target)) {
            Ok(target) => target,
            Err(failure) => {
                job.fail(failure)?;
                return Ok(FAILED);
            }
        };
    let well = job.each(&sources, |job, name| one(job, name, &target, slice))?;
    Ok(if well { 0 } else { FAILED })
}

fn file(name: &OsStr, target: Target) -> Result<Target, Failure> {
    if target.meta.is_file() { Ok(target) } else { Err(Failure::of(name, "not a file")) }
}

fn one(job: &mut Job, name: &OsStr, target: &Target, slice: Slice) -> Result<Vec<u8>, Failure> {
    let source = job.mounts.open(name, Access::Read)?;
    if source.meta.dev() != target.meta.dev() {
        return Err(Failure::of(name, "different device"));
    }
    let source = file(name, source)?;
    let user = User::own();
    let request = FuseAppendSlice {
        msgid: MsgId(0),
        flags: slice.flags,
        inode: target.inode,
        src: source.inode,
        from: slice.from,
        to: slice.to,
        cred: user.cred(),
    };
    let answer = job.mounts.ask::<_, FuseAppendSliceReply>(&request).and_then(|answer| done(answer.status));
    answer.map_err(|trouble| trouble.about(name))?;
    Ok(Vec::new())
}

impl Slice {
    fn parse(text: &str) -> Option<Slice> {
        let (from, to) = text.split_once(':')?;
        let (from_end, from) = index(from, 0)?;
        let (to_end, to) = index(to, u32::MAX)?;
        Some(Slice { flags: u8::from(from_end) | u8::from(to_end) << 1, from, to })
    }
}

/// Whether it counts from the end, and how many; too large ones are the largest.
fn index(text: &str, default: u32) -> Option<(bool, u32)> {
    let text = text.trim_start_matches(' ');
    if text.is_empty() {
        return Some((false, default));
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    valid.then(|| (negative, digits.parse().unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices() {
        let slice = |flags, from, to| Some(Slice { flags, from, to });
        assert_eq!(Slice::parse("0:1"), slice(0, 0, 1));
        assert_eq!(Slice::parse("-2:-1"), slice(3, 2, 1));
        assert_eq!(Slice::parse(":-1"), slice(2, 0, 1));
        assert_eq!(Slice::parse("1:"), slice(0, 1, u32::MAX));
        assert_eq!(Slice::parse("99999999999:"), slice(0, u32::MAX, u32::MAX));
        for text in ["3", "x:1", "0:1x", "-:", "0:1:2", "0x1:2"] {
            assert_eq!(Slice::parse(text), None, "{text}");
        }
    }
}
