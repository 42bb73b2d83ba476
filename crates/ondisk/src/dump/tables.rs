//! Sessions and what they hold, storage classes, servers, chunks.

use super::text::{Ip, Joined, text};
use super::{DumpSection, Style};
use crate::image::{
    Chnk, ChunkRecord, ChunkserverRecord, Csdb, Flck, FlockRecord, LABEL_GROUP, Open, OpenRecord, Plck,
    PosixLockRecord, Scla, SclassRecord, Sess, SessHead, SessionRecord,
};
use std::io::{self, Write};
use types::ChunkId;

impl<'a> DumpSection<'a> for Sess {
    fn head_line(head: &SessHead, style: Style, out: &mut impl Write) -> io::Result<()> {
        match style.version {
            // These have a version of their own inside.
            old @ 0x10..=0x11 => write!(out, "# dver: {} ; ", old - 0x0F)?,
            _ => out.write_all(b"# ")?,
        }
        writeln!(out, "nextsessionid: {} ; statscount: {}", head.next_session, head.counters())
    }

    fn line(session: &SessionRecord<'a>, style: Style, out: &mut impl Write) -> io::Result<()> {
        let Style { version, dots } = style;
        let f = &session.fields;
        write!(out, "SESSION|s:{:10}", session.id)?;
        if version >= 0x13 {
            write!(out, "|e:#{}", f.exports_csum)?;
        }
        write!(out, "|p:{}|r:{:10}", Ip(f.ip), f.root)?;
        match version {
            0x14.. => write!(out, "|f:0x{:02X}|u:0{:03o}", f.flags, f.umask)?,
            _ => write!(out, "|f:{:02X}", f.flags)?,
        }
        write!(out, "|g:{}-{}|t:{:10}-{:10}", f.min_goal, f.max_goal, f.min_trash, f.max_trash)?;
        write!(out, "|m:{:10},{:10},{:10},{:10}", f.root_uid, f.root_gid, f.mapall_uid, f.mapall_gid)?;
        if version >= 0x15 {
            write!(out, "|x:0x{:08X}", f.disables)?;
        }
        if version >= 0x11 {
            write!(out, "|d:{:10}", session.disconnected)?;
        }
        write!(out, "|c:[{}]|l:[{}]|i:", Joined(&session.current_ops), Joined(&session.last_ops))?;
        text(f.info.as_bytes(), dots, out)?;
        out.write_all(b"\n")
    }
}

impl<'a> DumpSection<'a> for Scla {
    fn line(class: &SclassRecord<'a>, _style: Style, out: &mut impl Write) -> io::Result<()> {
        let SclassRecord { id, admin_only, mode, arch_delay, counts, .. } = class;
        write!(out, "SCLASS|#:{id:5}|x:{}|m:{mode}|d:{arch_delay:5}", u8::from(*admin_only))?;
        let mut labels = class.labels.iter();
        for (kind, count) in [('c', counts.create), ('k', counts.keep), ('a', counts.archive)] {
            let entries: Vec<String> = labels.by_ref().take(count.into()).map(label_entry).collect();
            write!(out, "|{kind}: {} ", entries.join(":"))?;
        }
        out.write_all(b"|n:")?;
        out.write_all(&class.name)?;
        out.write_all(b"\n")
    }
}

/// `AB+C`: A and B, or C. `*`: any server.
fn label_entry(masks: &[u32; LABEL_GROUP]) -> String {
    let letters =
        |mask: u32| (0..26u8).filter(|bit| mask >> bit & 1 == 1).map(|bit| char::from(b'A' + bit)).collect();
    let all: Vec<String> = masks.iter().take_while(|mask| **mask != 0).map(|mask| letters(*mask)).collect();
    if all.is_empty() { "*".to_owned() } else { all.join("+") }
}

impl<'a> DumpSection<'a> for Open {
    fn line(open: &OpenRecord, _style: Style, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "OPENFILE|s:{:10}|i:{:10}", open.session, open.inode)
    }
}

impl<'a> DumpSection<'a> for Flck {
    /// Stock takes the record's bytes for a session followed by an owner, and so do those who read its output.
    fn line(lock: &FlockRecord, _style: Style, out: &mut impl Write) -> io::Result<()> {
        let (session, owner) = (lock.owner >> 32, lock.owner << 32 | u64::from(lock.session.0));
        let kind = if lock.exclusive { 'W' } else { 'R' };
        writeln!(out, "FLOCK|i:{:10}|s:{session:10}|o:{owner:016X}|t:{kind}", lock.inode)
    }
}

impl<'a> DumpSection<'a> for Plck {
    fn line(lock: &PosixLockRecord, _style: Style, out: &mut impl Write) -> io::Result<()> {
        let PosixLockRecord { inode, owner, session, pid, start, end, exclusive } = lock;
        let kind = if *exclusive { 'W' } else { 'R' };
        write!(out, "POSIXLOCK|i:{inode:10}|s:{session:10}|o:0x{owner:016X}|p:{pid:10}")?;
        writeln!(out, "|r:<{start:20},{end:20})|t:{kind}")
    }
}

impl<'a> DumpSection<'a> for Csdb {
    fn head_line(count: &u32, _style: Style, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# chunk servers: {count}")
    }

    fn line(server: &ChunkserverRecord, style: Style, out: &mut impl Write) -> io::Result<()> {
        let ChunkserverRecord { ip, port, id, maintenance, maintenance_end } = server;
        write!(out, "CHUNKSERVER|i:{}|p:{port:5}", Ip(*ip))?;
        if style.version >= 0x11 {
            write!(out, "|#:{id:5}")?;
        }
        let word = match maintenance {
            0 => "off",
            1 => "on",
            2 => "temp",
            _ => "???",
        };
        match style.version {
            0x13.. => write!(out, "|m:{word:>4}|t:{maintenance_end:10}")?,
            0x12 => write!(out, "|m:{maintenance}")?,
            _ => {}
        }
        out.write_all(b"\n")
    }
}

impl<'a> DumpSection<'a> for Chnk {
    fn head_line(next: &ChunkId, _style: Style, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# nextchunkid: {next:016X}")
    }

    fn line(chunk: &ChunkRecord, _style: Style, out: &mut impl Write) -> io::Result<()> {
        let ChunkRecord { id, version, locked_to, archived } = chunk;
        writeln!(out, "CHUNK|i:0x{id:016X}|v:0x{:08X}|t:{locked_to:10}|a:{}", version.0, u8::from(*archived))
    }
}
