//! Extra attributes (`spec/tools.md` 6).

use super::attributes::{self, Attribute, DECREASE, INCREASE, uid};
use crate::failure::Stop;
use crate::mounts::{Mounts, Trouble, body};
use crate::numbers::{Kind, Style};
use crate::run::Job;
use proto::client_master::{Counters, FuseGeteattr, FuseGeteattrReply, FuseSeteattr, FuseSeteattrReply};
use types::{Inode, MsgId};

/// Names of bits from the lowest up, with what they mean.
pub(crate) const NAMES: [(&str, &str); 8] = [
    ("noowner", "every user (except root) sees the object as their own"),
    ("noattrcache", "the kernel keeps no attributes of it"),
    ("noentrycache", "the kernel keeps no directory entries of it"),
    ("nodatacache", "the kernel keeps no data of it"),
    ("snapshot", "it was made by mfsmakesnapshot"),
    ("undeletable", "it cannot be removed"),
    ("appendonly", "a file can only grow, a directory only get new entries"),
    ("immutable", "nothing about it can be changed"),
];

/// A set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Eattr(u8);

fn names(bits: u8) -> impl Iterator<Item = &'static str> {
    NAMES.iter().enumerate().filter(move |(bit, _)| bits >> bit & 1 == 1).map(|(_, (name, _))| *name)
}

impl Attribute for Eattr {
    const LABELS: usize = 35;

    fn noun(&self) -> &'static str {
        "attributes"
    }

    fn get(mounts: &mut Mounts, inode: Inode) -> Result<Eattr, Trouble> {
        let request = FuseGeteattr { msgid: MsgId(0), inode, gmode: 0 };
        let lists = body(mounts.ask::<_, FuseGeteattrReply<'_>>(&request)?.reply)?;
        let first = lists.first.iter().chain(lists.second.iter()).next();
        first.map(|(bits, _)| Eattr(bits)).ok_or(Trouble::Malformed)
    }

    fn tree(mounts: &mut Mounts, style: Style, inode: Inode) -> Result<String, Trouble> {
        let request = FuseGeteattr { msgid: MsgId(0), inode, gmode: 1 };
        let lists = body(mounts.ask::<_, FuseGeteattrReply<'_>>(&request)?.reply)?;
        let mut lines = String::new();
        for (bit, (name, _)) in NAMES.iter().enumerate() {
            let having = |(bits, count): (u8, u32)| if bits >> bit & 1 == 1 { u64::from(count) } else { 0 };
            let nodes = style.column(Kind::Count, lists.first.iter().map(having).sum());
            let dirs = style.column(Kind::Count, lists.second.iter().map(having).sum());
            lines += &format!(" not directory nodes with attribute {name:>16} : {nodes}\n");
            lines += &format!(" directories with attribute {name:>24} : {dirs}\n");
        }
        Ok(lines)
    }

    fn set(&self, mounts: &mut Mounts, inode: Inode, smode: u8) -> Result<Counters, Trouble> {
        let request = FuseSeteattr { msgid: MsgId(0), inode, uid: uid(), eattr: self.0, smode };
        body(mounts.ask::<_, FuseSeteattrReply>(&request)?.reply)
    }

    fn shown(&self) -> Vec<u8> {
        if self.0 == 0 { b"-".into() } else { names(self.0).collect::<Vec<_>>().join(",").into() }
    }

    fn now(&self) -> Vec<u8> {
        b"attribute(s) changed".into()
    }

    fn unchanged(&self) -> String {
        "attribute(s) not changed".into()
    }

    fn tells_unchanged(_: u8) -> bool {
        true
    }
}

/// `mfsseteattr -f`
pub(crate) fn set(job: &mut Job) -> Result<u8, Stop> {
    change(job, INCREASE, "set")
}

/// `mfsdeleattr -f`
pub(crate) fn delete(job: &mut Job) -> Result<u8, Stop> {
    change(job, DECREASE, "delete")
}

fn change(job: &mut Job, smode: u8, what: &str) -> Result<u8, Stop> {
    let mut bits = 0;
    for name in job.given.values(b'f') {
        let known = NAMES.iter().position(|(known, _)| name == *known);
        let Some(bit) = known else {
            let all = NAMES.map(|(name, _)| name).join(", ");
            return Err(Stop::usage(format!("unknown flag \"{}\", there are {all}", name.display())));
        };
        bits |= 1 << bit;
    }
    if bits == 0 {
        return Err(Stop::usage(format!("no attribute(s) to {what}: use -f")));
    }
    attributes::set(job, &Eattr(bits), smode)
}
