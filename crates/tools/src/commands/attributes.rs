//! What goal, trash time and extra attribute tools have in common: get, set, copy, of one node or a tree.

use crate::counts;
use crate::failure::{Failure, Stop};
use crate::mounts::{Access, Mounts, Target, Trouble};
use crate::numbers::{Kind, Style};
use crate::run::{FAILED, Job, block, line};
use proto::client_master::Counters;
use std::ffi::OsStr;
use types::Inode;

/// Sets exactly.
pub(crate) const SET: u8 = 0;
/// Raises what is lower; of extra attributes: sets bits.
pub(crate) const INCREASE: u8 = 1;
/// Lowers what is higher; of extra attributes: clears bits.
pub(crate) const DECREASE: u8 = 2;
/// Added for everything below.
const RECURSIVE: u8 = 4;

/// An attribute of nodes.
pub(crate) trait Attribute: Sized {
    /// What the lines about a tree say of it, such as `goal`.
    fn noun(&self) -> &'static str;
    /// How wide the labels of the counters are.
    const LABELS: usize;
    /// A node's own, or the lines about a tree.
    fn get(mounts: &mut Mounts, inode: Inode) -> Result<Self, Trouble>;
    /// The lines about a tree.
    fn tree(mounts: &mut Mounts, style: Style, inode: Inode) -> Result<String, Trouble>;
    /// Asks for a change.
    fn set(&self, mounts: &mut Mounts, inode: Inode, smode: u8) -> Result<Counters, Trouble>;
    /// As `get` tools print it.
    fn shown(&self) -> Vec<u8>;
    /// What is said of a node that now has it.
    fn now(&self) -> Vec<u8>;
    /// What is said of a node that was not changed.
    fn unchanged(&self) -> String {
        format!("{} not changed", self.noun())
    }
    /// Whether a node that had it already is told apart from one that was changed.
    fn tells_unchanged(smode: u8) -> bool {
        smode != SET
    }
}

/// Who asks.
pub(crate) fn uid() -> u32 {
    rustix::process::getuid().as_raw()
}

/// `mfsget…`
pub(crate) fn get<A: Attribute>(job: &mut Job) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let well = job.each(&names, get_one::<A>)?;
    Ok(if well { 0 } else { FAILED })
}

fn get_one<A: Attribute>(job: &mut Job, name: &OsStr) -> Result<Vec<u8>, Failure> {
    let Target { inode, .. } = job.mounts.open(name, Access::Read)?;
    if job.given.has(b'r') {
        A::tree(&mut job.mounts, job.style, inode).map(|lines| block(name, lines))
    } else {
        A::get(&mut job.mounts, inode).map(|found| line(name, found.shown()))
    }
    .map_err(|trouble| trouble.about(name))
}

/// `mfsset…`, of the names left.
pub(crate) fn set<A: Attribute>(job: &mut Job, value: &A, smode: u8) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let well = job.each(&names, |job, name| set_one(job, name, value, smode))?;
    Ok(if well { 0 } else { FAILED })
}

fn set_one<A: Attribute>(job: &mut Job, name: &OsStr, value: &A, smode: u8) -> Result<Vec<u8>, Failure> {
    let Target { inode, .. } = job.mounts.open(name, Access::Write)?;
    let recursive = job.given.has(b'r');
    let wire_mode = if recursive { smode | RECURSIVE } else { smode };
    let counters = value.set(&mut job.mounts, inode, wire_mode).map_err(|trouble| trouble.about(name))?;
    if recursive {
        return Ok(block(name, change_lines(job.style, value, &counters)));
    }
    let unchanged = counters.changed == 0 && A::tells_unchanged(smode);
    Ok(if unchanged { line(name, value.unchanged()) } else { line(name, value.now()) })
}

fn change_lines<A: Attribute>(style: Style, value: &A, counters: &Counters) -> String {
    let noun = value.noun();
    let rows = [
        (format!("inodes with {noun} changed"), counters.changed),
        (format!("inodes with {noun} not changed"), counters.not_changed),
        ("inodes with permission denied".to_owned(), counters.not_permitted),
    ];
    let rows = rows.each_ref().map(|(label, n)| (label.as_str(), u64::from(*n)));
    counts::lines(style, Kind::Count, A::LABELS, &rows)
}

/// `mfscopy…`: the first name's, to all others.
pub(crate) fn copy<A: Attribute>(job: &mut Job) -> Result<u8, Stop> {
    let mut names = job.names(2)?;
    let targets = names.split_off(1);
    let source = &names[0];
    let got = job.mounts.open(source, Access::Read).and_then(|Target { inode, .. }| {
        A::get(&mut job.mounts, inode).map_err(|trouble| trouble.about(source))
    });
    match got {
        Ok(found) => {
            job.print(line(source, found.shown()))?;
            job.given.names = targets;
            set(job, &found, SET)
        }
        Err(failure) => {
            job.fail(failure)?;
            Ok(FAILED)
        }
    }
}
