//! How many copies the chunks of a file have (`spec/tools.md` 7).

use crate::counts;
use crate::failure::{Failure, Stop};
use crate::mounts::{Access, Mounts, Target, Trouble, body};
use crate::numbers::{Kind, Style};
use crate::run::{FAILED, Job, block};
use proto::client_master::{CheckReply, FuseCheck, FuseCheckReply};
use std::ffi::OsStr;
use types::{Inode, MsgId};

/// `mfscheckfile`
pub(crate) fn checkfile(job: &mut Job) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let well = job.each(&names, one)?;
    Ok(if well { 0 } else { FAILED })
}

/// The lines about one file.
pub(crate) fn one(job: &mut Job, name: &OsStr) -> Result<Vec<u8>, Failure> {
    let Target { inode, .. } = job.mounts.open(name, Access::Read)?;
    let counts = copy_counts(&mut job.mounts, inode).map_err(|trouble| trouble.about(name))?;
    Ok(block(name, lines(job.style, &counts)))
}

/// Chunks with 0, 1, … 9, 10 or more copies, then holes.
pub(crate) fn copy_counts(mounts: &mut Mounts, inode: Inode) -> Result<[u32; 12], Trouble> {
    let request = FuseCheck { msgid: MsgId(0), inode, index: None };
    match body(mounts.ask::<_, FuseCheckReply<'_>>(&request)?.reply)? {
        CheckReply::File(counts) => Ok(counts),
        CheckReply::Chunk(_) => Err(Trouble::Malformed),
    }
}

fn lines(style: Style, counts: &[u32; 12]) -> String {
    let label = |copies: usize| match copies {
        1 => "chunks with 1 copy".to_owned(),
        10 => "chunks with 10+ copies".to_owned(),
        11 => "empty (zero) chunks".to_owned(),
        n => format!("chunks with {n} copies"),
    };
    let found = counts.iter().enumerate().filter(|(_, n)| **n > 0);
    found
        .map(|(copies, n)| counts::lines(style, Kind::Count, 23, &[(&label(copies), u64::from(*n))]))
        .collect()
}
