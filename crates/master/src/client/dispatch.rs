//! Which packet is served by whom.

use super::data::Incoming;
use super::links::Role;
use super::tools::Form;
use crate::core::Master;
use net::reactor::{ConnId, Net, Verdict};
use proto::client_master::{self as p, CltoMa};
use proto::{Direction, Packet};
use std::time::{SystemTime, UNIX_EPOCH};
use types::{Inode, Reply};

/// Packets that monitors send. 546 is in the range and is a mount's.
const MONITOR_IDS: std::ops::RangeInclusive<u32> = 500..=545;

impl Master {
    /// A frame from the client port.
    pub(crate) fn client_frame(&mut self, net: &mut Net, conn: ConnId, id: u32, body: &[u8]) -> Verdict {
        self.read_clock();
        let packet = match CltoMa::decode(id, body) {
            Ok(packet) => packet,
            Err(error) => return Verdict::Close(error.to_string()),
        };
        let role = match self.clients.get(conn) {
            Some(link) => link.role,
            None => return Verdict::Keep,
        };
        match (&packet, role) {
            (CltoMa::Nop(_) | CltoMa::UnknownCommand(_) | CltoMa::BadCommandSize(_), _) => {}
            (CltoMa::GetVersion(q), _) => net.send(conn, &super::version_info(q)),
            (CltoMa::GetConfig(q), _) => {
                let value = self.config.text_of(&q.option.to_string());
                net.send(conn, &super::config_value(q, value.as_deref()));
            }
            (CltoMa::Health(q), _) => self.send_health(net, conn, q.msgid),
            (CltoMa::StoreImage(q), _) => self.ask_for_image(net, conn, q.msgid),
            (CltoMa::FuseRegister(q), _) => return self.register(net, conn, &q.request),
            _ if self.admin_packet(net, conn, &packet) => {}
            (_, Role::Guest { .. } | Role::Mount(_)) if MONITOR_IDS.contains(&id) => {
                return self.monitor_packet(net, conn, &packet);
            }
            (_, Role::Mount(member)) => {
                self.count_operation(member.session, &packet);
                let from = Incoming { conn, member: &member, id, body };
                return self.mount_packet(net, from, &packet);
            }
            (_, Role::Tools(member)) => {
                self.count_operation(member.session, &packet);
                let from = Incoming { conn, member: &member, id, body };
                return self.tools_connection_packet(net, from, &packet);
            }
            _ => return Verdict::Close(format!("{} (packet {id}) before registration", packet.name())),
        }
        Verdict::Keep
    }

    fn mount_packet(&mut self, net: &mut Net, from: Incoming<'_>, packet: &CltoMa<'_>) -> Verdict {
        let (conn, m) = (from.conn, from.member);
        let before = self.journal.last();
        macro_rules! answer {
            ($reply:ident, $q:ident, $result:expr) => {{
                let result = $result;
                self.answer(net, conn, before, &p::$reply { msgid: $q.msgid, reply: Reply::from(result) })
            }};
        }
        match packet {
            CltoMa::FuseStatfs(q) => {
                let reply = self.statfs(m, q);
                self.answer(net, conn, before, &reply);
            }
            CltoMa::FuseAccess(q) => {
                let status = self.access(m, q);
                self.answer(net, conn, before, &p::FuseAccessReply { msgid: q.msgid, status });
            }
            CltoMa::FuseLookup(q) => self.with_lookup(m, q, |s, reply| s.answer(net, conn, before, reply)),
            CltoMa::FuseReaddir(q) => self.with_readdir(m, q, |s, reply| s.answer(net, conn, before, reply)),
            CltoMa::FuseReadlink(q) => {
                let target = self.readlink(m, q);
                let reply = target.as_deref().map(types::Bytes32::new).map_err(|status| *status);
                self.answer(net, conn, before, &p::FuseReadlinkReply { msgid: q.msgid, reply: reply.into() });
            }
            CltoMa::FuseGetattr(q) => answer!(FuseGetattrReply, q, self.getattr(m, q)),
            CltoMa::FuseSetattr(q) => {
                let whole = q.with_times(q.atime.into(), q.mtime.into());
                answer!(FuseSetattrReply, q, self.setattr(m, &whole));
            }
            CltoMa::FineSetattr(q) if m.caps.fine_times => answer!(FuseSetattrReply, q, self.setattr(m, q)),
            CltoMa::FuseSymlink(q) => answer!(FuseSymlinkReply, q, self.symlink(m, q)),
            CltoMa::FuseMknod(q) => answer!(FuseMknodReply, q, self.mknod(m, q)),
            CltoMa::FuseMkdir(q) => answer!(FuseMkdirReply, q, self.mkdir(m, q)),
            CltoMa::FuseUnlink(q) => answer!(FuseUnlinkReply, q, self.unlink(m, q)),
            CltoMa::FuseRmdir(q) => answer!(FuseRmdirReply, q, self.rmdir(m, q)),
            CltoMa::FuseRename(q) => answer!(FuseRenameReply, q, self.rename(m, q)),
            CltoMa::FuseLink(q) => answer!(FuseLinkReply, q, self.link(m, q)),
            CltoMa::FuseOpen(q) => answer!(FuseOpenReply, q, self.open(m, q)),
            CltoMa::FuseCreate(q) => answer!(FuseCreateReply, q, self.create(m, q)),
            _ => return self.mount_data_packet(net, from, packet),
        }
        Verdict::Keep
    }

    fn mount_data_packet(&mut self, net: &mut Net, from: Incoming<'_>, packet: &CltoMa<'_>) -> Verdict {
        let m = from.member;
        match packet {
            CltoMa::FuseReadChunk(q) => self.read_chunk(net, from, q),
            CltoMa::FuseWriteChunk(q) => self.write_chunk(net, from, q),
            CltoMa::FuseWriteChunkEnd(q) => self.write_chunk_end(net, from, q),
            CltoMa::FuseTruncate(q) => self.truncate(net, from, q),
            CltoMa::FuseSustainedInodes(q) => self.sustained_inodes(net, m.session, q),
            CltoMa::FuseFlock(q) => self.flock(net, from, q),
            CltoMa::FusePosixLock(q) => self.posix_lock(net, from, q),
            CltoMa::FuseGetxattr(q) => self.getxattr(net, from.conn, m, q),
            CltoMa::FuseGetfacl(q) => self.getfacl(net, from.conn, m, q),
            CltoMa::FuseSetxattr(q) => {
                let before = self.journal.last();
                let status = self.setxattr(m, q).into();
                self.answer(net, from.conn, before, &p::FuseSetxattrReply { msgid: q.msgid, status });
            }
            CltoMa::FuseSetfacl(q) => {
                let before = self.journal.last();
                let status = self.setfacl(m, q).into();
                self.answer(net, from.conn, before, &p::FuseSetfaclReply { msgid: q.msgid, status });
            }
            CltoMa::FuseAmtimeInodes(q) => {
                let fine = |(inode, atime, mtime): (Inode, u32, u32)| (inode, atime.into(), mtime.into());
                self.amtime_inodes(m, q.times.iter().map(fine));
            }
            CltoMa::FineAmtimeInodes(q) if m.caps.fine_times => self.amtime_inodes(m, q.times.iter()),
            CltoMa::FuseTimeSync(q) => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let time_us = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
                net.send(from.conn, &p::FuseTimeSyncReply { msgid: q.msgid, time_us });
            }
            other => {
                let served =
                    self.tool_packet(net, from, other, Form::Mount) || self.deleted_packet(net, from, other);
                if !served {
                    return Verdict::Close(format!("{} is not served on a mount's connection", other.name()));
                }
            }
        }
        Verdict::Keep
    }

    /// What a tool may ask for that is connected itself (2.7).
    fn tools_connection_packet(&mut self, net: &mut Net, from: Incoming<'_>, packet: &CltoMa<'_>) -> Verdict {
        match packet {
            CltoMa::FuseReadChunk(q) => self.read_chunk(net, from, q),
            CltoMa::FuseTruncate(q) => self.truncate(net, from, q),
            CltoMa::FuseParents(_) | CltoMa::FusePaths(_) | CltoMa::NodeInfoRequest(_) => {
                return Verdict::Close(format!("{} is not served on a tool's connection", packet.name()));
            }
            other if self.tool_packet(net, from, other, Form::OldTools) => {}
            other => return Verdict::Close(format!("{} is not served on a tool's connection", other.name())),
        }
        Verdict::Keep
    }

    /// Sends an answer: held until durable when the request has changed something since `before`.
    pub(crate) fn answer<'a>(&mut self, net: &mut Net, conn: ConnId, before: u64, packet: &impl Packet<'a>) {
        let last = self.journal.last();
        if last == before {
            net.send(conn, packet);
        } else {
            net.send_held(conn, last, packet);
        }
    }
}
