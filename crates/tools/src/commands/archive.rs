//! The archive flag of chunks (`spec/tools.md` 12).

use super::attributes::uid;
use crate::counts;
use crate::failure::{Failure, Stop};
use crate::mounts::{Access, Target, Trouble, body};
use crate::numbers::Kind;
use crate::run::{FAILED, Job, block, line};
use proto::client_master::{ArchReply, ArchState, FuseArchctl, FuseArchctlReply};
use std::ffi::OsStr;
use types::MsgId;

const CLEAR: u8 = 0;
const SET: u8 = 1;
const GET: u8 = 2;

/// `mfschkarchive`
pub(crate) fn check(job: &mut Job) -> Result<u8, Stop> {
    each(job, GET)
}

/// `mfssetarchive`
pub(crate) fn set(job: &mut Job) -> Result<u8, Stop> {
    each(job, SET)
}

/// `mfsclrarchive`
pub(crate) fn clear(job: &mut Job) -> Result<u8, Stop> {
    each(job, CLEAR)
}

fn each(job: &mut Job, command: u8) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let well = job.each(&names, |job, name| one(job, name, command))?;
    Ok(if well { 0 } else { FAILED })
}

fn one(job: &mut Job, name: &OsStr, command: u8) -> Result<Vec<u8>, Failure> {
    // Stock's tool wants to be able to write even to look.
    let Target { inode, meta, .. } = job.mounts.open(name, Access::Write)?;
    let request = FuseArchctl { msgid: MsgId(0), inode, command, uid: (command != GET).then(uid) };
    let answer: Result<FuseArchctlReply, Trouble> = job.mounts.ask(&request);
    match answer.and_then(|answer| body(answer.reply)).map_err(|trouble| trouble.about(name))? {
        ArchReply::State(state) => Ok(match of_one_file(&state) {
            Some(text) if !meta.is_dir() => line(name, text),
            _ => {
                let rows = [
                    ("files with all chunks archived", state.arch_inodes.into()),
                    ("files with all chunks not archived", state.not_arch_inodes.into()),
                    ("files partially archived", state.partial_inodes.into()),
                    ("archived chunks", state.arch_chunks),
                    ("not archived chunks", state.not_arch_chunks),
                ];
                block(name, counts::lines(job.style, Kind::Count, 35, &rows))
            }
        }),
        ArchReply::Changed(changed) => {
            let rows = [
                ("chunks changed", changed.changed),
                ("chunks not changed", changed.not_changed),
                ("files with permission denied", changed.not_permitted.into()),
            ];
            Ok(block(name, counts::lines(job.style, Kind::Count, 29, &rows)))
        }
    }
}

/// The sentence about a file that has chunks.
fn of_one_file(state: &ArchState) -> Option<String> {
    match (state.arch_inodes, state.partial_inodes, state.not_arch_inodes) {
        (1, 0, 0) => Some("all chunks are archived".into()),
        (0, 0, 1) => Some("all chunks are not archived".into()),
        (0, 1, 0) => Some(format!(
            "file is partially archived (archived chunks: {} ; not archived chunks: {})",
            state.arch_chunks, state.not_arch_chunks
        )),
        _ => None,
    }
}
