//! Sessions and what they hold, storage classes, servers, chunks.

use super::DumpSection;
use super::text::{Ip, Joined, text};
use crate::image::{
    Chnk, ChunkRecord, ChunkserverRecord, Csdb, Flck, FlockRecord, LABEL_GROUP, Open, OpenRecord, Plck,
    PosixLockRecord, Scla, SclassRecord, Sess, SessHead, SessionRecord,
};
use std::io::{self, Write};
use types::ChunkId;

impl<'a> DumpSection<'a> for Sess {
    fn head_line(head: &SessHead, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# nextsessionid: {} ; statscount: {}", head.next_session, head.counters())
    }

    fn line(session: &SessionRecord<'a>, dots: bool, out: &mut impl Write) -> io::Result<()> {
        let f = &session.fields;
        write!(out, "SESSION|s:{:10}|e:#{}|p:{}|r:{:10}", session.id, f.exports_csum, Ip(f.ip), f.root)?;
        write!(out, "|f:0x{:02X}|u:0{:03o}|g:{}-{}", f.flags, f.umask, f.min_goal, f.max_goal)?;
        write!(out, "|t:{:10}-{:10}", f.min_trash, f.max_trash)?;
        write!(out, "|m:{:10},{:10},{:10},{:10}", f.root_uid, f.root_gid, f.mapall_uid, f.mapall_gid)?;
        write!(out, "|x:0x{:08X}|d:{:10}", f.disables, session.disconnected)?;
        write!(out, "|c:[{}]|l:[{}]|i:", Joined(&session.current_ops), Joined(&session.last_ops))?;
        text(f.info.as_bytes(), dots, out)?;
        out.write_all(b"\n")
    }
}

impl<'a> DumpSection<'a> for Scla {
    fn line(class: &SclassRecord<'a>, _dots: bool, out: &mut impl Write) -> io::Result<()> {
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
    fn line(open: &OpenRecord, _dots: bool, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "OPENFILE|s:{:10}|i:{:10}", open.session, open.inode)
    }
}

impl<'a> DumpSection<'a> for Flck {
    /// Stock takes the record's bytes for a session followed by an owner, and so do those who read its output.
    fn line(lock: &FlockRecord, _dots: bool, out: &mut impl Write) -> io::Result<()> {
        let (session, owner) = (lock.owner >> 32, lock.owner << 32 | u64::from(lock.session.0));
        let kind = if lock.exclusive { 'W' } else { 'R' };
        writeln!(out, "FLOCK|i:{:10}|s:{session:10}|o:{owner:016X}|t:{kind}", lock.inode)
    }
}

impl<'a> DumpSection<'a> for Plck {
    fn line(lock: &PosixLockRecord, _dots: bool, out: &mut impl Write) -> io::Result<()> {
        let PosixLockRecord { inode, owner, session, pid, start, end, exclusive } = lock;
        let kind = if *exclusive { 'W' } else { 'R' };
        write!(out, "POSIXLOCK|i:{inode:10}|s:{session:10}|o:0x{owner:016X}|p:{pid:10}")?;
        writeln!(out, "|r:<{start:20},{end:20})|t:{kind}")
    }
}

impl<'a> DumpSection<'a> for Csdb {
    fn head_line(count: &u32, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# chunk servers: {count}")
    }

    fn line(server: &ChunkserverRecord, _dots: bool, out: &mut impl Write) -> io::Result<()> {
        let ChunkserverRecord { ip, port, id, maintenance, maintenance_end } = server;
        let maintenance = match maintenance {
            0 => "off",
            1 => "on",
            2 => "temp",
            _ => "???",
        };
        writeln!(
            out,
            "CHUNKSERVER|i:{}|p:{port:5}|#:{id:5}|m:{maintenance:>4}|t:{maintenance_end:10}",
            Ip(*ip)
        )
    }
}

impl<'a> DumpSection<'a> for Chnk {
    fn head_line(next: &ChunkId, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# nextchunkid: {next:016X}")
    }

    fn line(chunk: &ChunkRecord, _dots: bool, out: &mut impl Write) -> io::Result<()> {
        let ChunkRecord { id, version, locked_to, archived } = chunk;
        writeln!(out, "CHUNK|i:0x{id:016X}|v:0x{:08X}|t:{locked_to:10}|a:{}", version.0, u8::from(*archived))
    }
}
