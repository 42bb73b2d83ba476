//! Trash times (`spec/tools.md` 5).

use super::attributes::{self, Attribute, DECREASE, INCREASE, SET, uid};
use crate::failure::Stop;
use crate::mounts::{Mounts, Trouble, body};
use crate::numbers::{Kind, Style, parse_seconds};
use crate::run::Job;
use proto::client_master::{
    Counters, FuseGettrashtime, FuseGettrashtimeReply, FuseSettrashtime, FuseSettrashtimeReply,
};
use types::{Inode, MsgId};

/// What an empty time means, as in stock.
const DEFAULT_SECONDS: u32 = 86_400;

/// Seconds in the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TrashTime(u32);

impl Attribute for TrashTime {
    const LABELS: usize = 34;

    fn noun(&self) -> &'static str {
        "trashtime"
    }

    fn get(mounts: &mut Mounts, inode: Inode) -> Result<TrashTime, Trouble> {
        let request = FuseGettrashtime { msgid: MsgId(0), inode, gmode: 0 };
        let lists = body(mounts.ask::<_, FuseGettrashtimeReply<'_>>(&request)?.reply)?;
        let first = lists.first.iter().chain(lists.second.iter()).next();
        first.map(|(seconds, _)| TrashTime(seconds)).ok_or(Trouble::Malformed)
    }

    fn tree(mounts: &mut Mounts, style: Style, inode: Inode) -> Result<String, Trouble> {
        let request = FuseGettrashtime { msgid: MsgId(0), inode, gmode: 1 };
        let lists = body(mounts.ask::<_, FuseGettrashtimeReply<'_>>(&request)?.reply)?;
        let files = lists.first.iter().map(|entry| ("files with trashtime", entry));
        let dirs = lists.second.iter().map(|entry| ("directories with trashtime", entry));
        let line = |(what, (seconds, count)): (&str, (u32, u32))| {
            format!(" {what:<28}{seconds:10} : {}\n", style.column(Kind::Count, count.into()))
        };
        Ok(files.chain(dirs).map(line).collect())
    }

    fn set(&self, mounts: &mut Mounts, inode: Inode, smode: u8) -> Result<Counters, Trouble> {
        let request = FuseSettrashtime { msgid: MsgId(0), inode, uid: uid(), seconds: self.0, smode };
        body(mounts.ask::<_, FuseSettrashtimeReply>(&request)?.reply)
    }

    fn shown(&self) -> Vec<u8> {
        self.0.to_string().into()
    }

    fn now(&self) -> Vec<u8> {
        self.shown()
    }
}

/// `mfssettrashtime SECONDS[+|-]`
pub(crate) fn set(job: &mut Job) -> Result<u8, Stop> {
    if job.given.names.len() < 2 {
        return Err(Stop::usage("a time and the names it is for are needed"));
    }
    let text = job.given.names.remove(0).to_string_lossy().into_owned();
    let (time, smode) = match text.as_bytes().last() {
        Some(b'+') => (&text[..text.len() - 1], INCREASE),
        Some(b'-') => (&text[..text.len() - 1], DECREASE),
        _ => (text.as_str(), SET),
    };
    let Some(seconds) = parse_seconds(time) else {
        return Err(Stop::usage(format!(
            "\"{text}\" is no time: seconds, or a number with s, m, h, d or w; 1d+ means at least, 1d- at most a day"
        )));
    };
    attributes::set(job, &TrashTime(seconds.unwrap_or(DEFAULT_SECONDS)), smode)
}
