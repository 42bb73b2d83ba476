//! Making a file readable that has lost chunks (`spec/tools.md` 9).

use crate::counts;
use crate::failure::{Failure, Stop};
use crate::mounts::{Access, Target, body};
use crate::numbers::Kind;
use crate::run::{FAILED, Job, block};
use crate::user::User;
use proto::client_master::{FuseRepair, FuseRepairReply};
use std::ffi::OsStr;
use types::MsgId;

/// `mfsfilerepair`
pub(crate) fn filerepair(job: &mut Job) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let well = job.each(&names, one)?;
    Ok(if well { 0 } else { FAILED })
}

fn one(job: &mut Job, name: &OsStr) -> Result<Vec<u8>, Failure> {
    let Target { inode, .. } = job.mounts.open(name, Access::Write)?;
    let user = User::own();
    let request = FuseRepair { msgid: MsgId(0), inode, cred: user.cred() };
    let answer = job.mounts.ask::<_, FuseRepairReply>(&request).and_then(|answer| body(answer.reply));
    let (unchanged, erased, repaired) = answer.map_err(|trouble| trouble.about(name))?;
    let rows = [
        ("chunks not changed", unchanged.into()),
        ("chunks erased", erased.into()),
        ("chunks repaired", repaired.into()),
    ];
    Ok(block(name, counts::lines(job.style, Kind::Count, 19, &rows)))
}
