//! Goals and storage classes (`spec/tools.md` 3).

use super::attributes::{self, Attribute, DECREASE, INCREASE, SET, uid};
use crate::failure::Stop;
use crate::mounts::{Mounts, Trouble, body};
use crate::numbers::{Kind, Style};
use crate::run::{Job, hint};
use proto::client_master::{
    Counters, FuseGetsclass, FuseGetsclassReply, FuseSetsclass, FuseSetsclassReply, SclassId, SclassTarget,
};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use types::{Inode, MsgId, Name, Status};

/// What a file is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Class {
    /// Copies, 1 to 9.
    Goal(u8),
    /// A storage class.
    Named(Vec<u8>),
    /// A storage class, if it has another one now: old, new.
    Exchange(Vec<u8>, Vec<u8>),
}

fn owned(id: SclassId<'_>) -> Class {
    match id {
        SclassId::Goal(goal) => Class::Goal(goal),
        SclassId::Named(name) => Class::Named(name.as_bytes().into()),
    }
}

fn quoted(name: &[u8]) -> Vec<u8> {
    [b"'", name, b"'"].concat()
}

impl Attribute for Class {
    const LABELS: usize = 38;

    fn noun(&self) -> &'static str {
        if matches!(self, Class::Goal(_)) { "goal" } else { "storage class" }
    }

    fn get(mounts: &mut Mounts, inode: Inode) -> Result<Class, Trouble> {
        let request = FuseGetsclass { msgid: MsgId(0), inode, gmode: 0 };
        let lists = body(mounts.ask::<_, FuseGetsclassReply<'_>>(&request)?.reply)?;
        lists
            .first
            .iter()
            .chain(lists.second.iter())
            .next()
            .map(|(id, _)| owned(id))
            .ok_or(Trouble::Malformed)
    }

    fn tree(mounts: &mut Mounts, style: Style, inode: Inode) -> Result<String, Trouble> {
        let request = FuseGetsclass { msgid: MsgId(0), inode, gmode: 1 };
        let lists = body(mounts.ask::<_, FuseGetsclassReply<'_>>(&request)?.reply)?;
        let files = lists.first.iter().map(|entry| ("files", entry));
        let dirs = lists.second.iter().map(|entry| ("directories", entry));
        let line = |(what, (id, count)): (&str, (SclassId<'_>, u32))| {
            let count = style.column(Kind::Count, count.into());
            match id {
                SclassId::Goal(goal) => format!(" {:<22}{goal:10} : {count}\n", format!("{what} with goal")),
                SclassId::Named(name) => {
                    format!(" {:<30} '{name}' : {count}\n", format!("{what} with storage class"))
                }
            }
        };
        Ok(files.chain(dirs).map(line).collect())
    }

    fn set(&self, mounts: &mut Mounts, inode: Inode, smode: u8) -> Result<Counters, Trouble> {
        let refused = Trouble::Refused(Status::EINVAL);
        let class = match self {
            Class::Goal(goal) => SclassTarget::Goal { goal: *goal, smode },
            Class::Named(name) => SclassTarget::Named { smode, name: Name::new(name).ok_or(refused)? },
            Class::Exchange(old, new) => SclassTarget::Exchange {
                smode,
                old: Name::new(old).ok_or(refused)?,
                new: Name::new(new).ok_or(refused)?,
            },
        };
        let request = FuseSetsclass { msgid: MsgId(0), inode, uid: uid(), class };
        let counters = body(mounts.ask::<_, FuseSetsclassReply>(&request)?.reply);
        if counters == Err(refused) && !matches!(self, Class::Goal(_)) {
            hint("there may be no storage class of that name, see mfsscadmin list");
        }
        counters
    }

    fn shown(&self) -> Vec<u8> {
        match self {
            Class::Goal(goal) => goal.to_string().into(),
            Class::Named(name) | Class::Exchange(_, name) => quoted(name),
        }
    }

    fn now(&self) -> Vec<u8> {
        [self.noun().as_bytes(), b": ", &self.shown()].concat()
    }
}

/// Takes the first of the names left.
fn take_first(job: &mut Job, what: &str) -> Result<OsString, Stop> {
    if job.given.names.is_empty() {
        return Err(Stop::usage(format!("no {what} given")));
    }
    Ok(job.given.names.remove(0))
}

/// `mfssetgoal GOAL[+|-]`
pub(crate) fn set_goal(job: &mut Job) -> Result<u8, Stop> {
    let goal = take_first(job, "goal")?;
    let (digit, smode) = match goal.as_bytes() {
        [digit] => (*digit, SET),
        [digit, b'+'] => (*digit, INCREASE),
        [digit, b'-'] => (*digit, DECREASE),
        _ => (0, SET),
    };
    if job.given.names.is_empty() {
        return Err(Stop::usage("nothing to work on"));
    }
    if !(b'1'..=b'9').contains(&digit) {
        return Err(Stop::usage_with_line(
            format!("{}: wrong goal definition", goal.display()),
            "a goal is a number of copies, 1 to 9; 2+ means at least 2, 2- at most 2",
        ));
    }
    attributes::set(job, &Class::Goal(digit - b'0'), smode)
}

/// `mfssetsclass NAME`
pub(crate) fn set_class(job: &mut Job) -> Result<u8, Stop> {
    let name = take_first(job, "storage class")?;
    attributes::set(job, &Class::Named(name.into_vec()), SET)
}

/// `mfsxchgsclass OLD NEW`
pub(crate) fn exchange(job: &mut Job) -> Result<u8, Stop> {
    const EXCHANGE: u8 = 3;
    let old = take_first(job, "old storage class")?;
    let new = take_first(job, "new storage class")?;
    attributes::set(job, &Class::Exchange(old.into_vec(), new.into_vec()), EXCHANGE)
}
