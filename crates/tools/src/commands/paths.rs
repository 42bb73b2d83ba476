//! All paths of a node (`spec/tools.md` 9).

use crate::failure::{Failure, Stop};
use crate::mounts::{Access, body};
use crate::run::{FAILED, Job, block};
use proto::client_master::{FusePaths, FusePathsReply};
use std::ffi::OsStr;
use std::path::Path;
use types::{Inode, MsgId};

/// `mfsfilepaths`
pub(crate) fn filepaths(job: &mut Job) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let well = job.each(&names, one)?;
    Ok(if well { 0 } else { FAILED })
}

fn one(job: &mut Job, name: &OsStr) -> Result<Vec<u8>, Failure> {
    let inode = match as_inode(name) {
        Some(inode) => {
            job.mounts.open_here()?;
            inode
        }
        None => job.mounts.open(name, Access::Read)?.inode,
    };
    let request = FusePaths { msgid: MsgId(0), inode };
    let answer = job.mounts.ask::<_, FusePathsReply<'_>>(&request).and_then(|answer| body(answer.reply));
    let paths = answer.map_err(|trouble| trouble.about(name))?;
    let lines = paths.iter().flat_map(|path| [path.as_bytes(), b"\n"]).collect::<Vec<_>>().concat();
    Ok(block(name, lines))
}

/// A number that is not the name of a file here.
fn as_inode(name: &OsStr) -> Option<Inode> {
    let text = name.to_str()?;
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.filter(|_| Path::new(name).symlink_metadata().is_err()).map(Inode)
}
