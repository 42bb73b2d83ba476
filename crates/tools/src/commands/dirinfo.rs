//! Sizes and numbers below a node (`spec/tools.md` 8).

use super::precise;
use crate::counts;
use crate::failure::{Failure, Stop};
use crate::mounts::{Access, Mounts, Target, Trouble, body};
use crate::numbers::{Kind, Style};
use crate::run::{FAILED, Job};
use proto::client_master::{DirStatsReply, FuseGetdirstats, FuseGetdirstatsReply};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use types::{Inode, MsgId};

/// What is known of a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) inodes: u64,
    pub(crate) dirs: u64,
    pub(crate) files: u64,
    pub(crate) chunks: u64,
    /// Bytes as files have them.
    pub(crate) length: u64,
    /// Bytes in chunks.
    pub(crate) size: u64,
    /// Bytes in copies.
    pub(crate) real_size: u64,
}

/// A letter, the label, its kind and the number.
type Field = (u8, &'static str, Kind, u64);

impl Sizes {
    fn fields(&self) -> [Field; 7] {
        [
            (b'i', "inodes", Kind::Wide, self.inodes),
            (b'd', " directories", Kind::Wide, self.dirs),
            (b'f', " files", Kind::Wide, self.files),
            (b'c', "chunks", Kind::Wide, self.chunks),
            (b'l', "length", Kind::Bytes, self.length),
            (b's', "size", Kind::Bytes, self.size),
            (b'r', "realsize", Kind::Bytes, self.real_size),
        ]
    }
}

/// `mfsdirinfo`
pub(crate) fn dirinfo(job: &mut Job) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let mut well = true;
    for name in &names {
        match rough(job, name) {
            Ok((inode, sizes)) => {
                let text = shown(job, name, &sizes, "");
                job.print(text)?;
                if job.given.has(b'p') {
                    well &= precisely(job, name, inode)?;
                }
            }
            Err(failure) => {
                well = false;
                job.fail(failure)?;
            }
        }
    }
    Ok(if well { 0 } else { FAILED })
}

fn precisely(job: &mut Job, name: &OsStr, inode: Inode) -> Result<bool, Stop> {
    let walked = precise::walk(job, inode)?;
    match walked {
        Ok(sizes) => {
            let text = shown(job, name, &sizes, " (precise data)");
            job.print([b"\r", &text[..]].concat())?;
            Ok(true)
        }
        Err(trouble) => {
            job.fail(trouble.about(name))?;
            Ok(false)
        }
    }
}

fn rough(job: &mut Job, name: &OsStr) -> Result<(Inode, Sizes), Failure> {
    let Target { inode, .. } = job.mounts.open(name, Access::Read)?;
    let sizes = ask(&mut job.mounts, inode).map_err(|trouble| trouble.about(name))?;
    Ok((inode, sizes))
}

fn ask(mounts: &mut Mounts, inode: Inode) -> Result<Sizes, Trouble> {
    let request = FuseGetdirstats { msgid: MsgId(0), inode };
    let (counts, [length, size, real_size]) =
        match body(mounts.ask::<_, FuseGetdirstatsReply>(&request)?.reply)? {
            DirStatsReply::Mount(s) => {
                ([s.inodes, s.dirs, s.files, s.chunks], [s.length, s.size, s.real_size])
            }
            DirStatsReply::OldTools(s) => {
                ([s.inodes, s.dirs, s.files, s.chunks], [s.length, s.size, s.real_size])
            }
        };
    let [inodes, dirs, files, chunks] = counts.map(u64::from);
    Ok(Sizes { inodes, dirs, files, chunks, length, size, real_size })
}

fn shown(job: &Job, name: &OsStr, sizes: &Sizes, suffix: &str) -> Vec<u8> {
    let fields = sizes.fields();
    let mut chosen = fields.iter().filter(|(letter, ..)| job.given.has(*letter)).peekable();
    if chosen.peek().is_none() {
        let rows = fields.iter().map(|(_, label, kind, n)| row(job.style, *kind, label, *n));
        let rows: String = rows.collect();
        return [name.as_bytes(), suffix.as_bytes(), b":\n", rows.as_bytes()].concat();
    }
    let mut text = Vec::new();
    for (_, _, kind, n) in chosen {
        text.extend_from_slice(job.style.value(*kind, *n).as_bytes());
        text.push(b'\t');
    }
    [&text[..], name.as_bytes(), suffix.as_bytes(), b"\n"].concat()
}

fn row(style: Style, kind: Kind, label: &str, n: u64) -> String {
    counts::lines(style, kind, 13, &[(label, n)])
}
