//! Reads and writes: where chunks are, and the beginning and end of changes to them
//! (`spec/wire-client-master.md` 4).

use super::Member;
use super::pending::{Running, send_status};
use crate::core::Master;
use metadata::plan::{self, Caller, TruncateRequest, Truncation, attr_of};
use net::reactor::{ConnId, Net};
use ondisk::Op;
use placement::{Grant, WriteRequest};
use proto::client_master as p;
use std::net::Ipv4Addr;
use types::{ChunkId, ChunkIndex, ChunkVersion, MsgId, Reply, Rest, Status, Tag};

/// The writer holds the chunk's lock already.
const CONTINUE_OP: u8 = 0x02;
/// The writer is root: it may use the last space.
const USE_RESERVE: u8 = 0x04;

/// A request as it came, with who sent it.
#[derive(Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub(super) conn: ConnId,
    pub(super) member: &'a Member,
    pub(super) id: u32,
    pub(super) body: &'a [u8],
}

impl Master {
    pub(super) fn read_chunk(&mut self, net: &mut Net, from: Incoming<'_>, q: &p::FuseReadChunk) {
        let m = from.member;
        let (node, chunk) = match plan::read_chunk(&self.fs, &m.caps, q.inode, q.index) {
            Ok(found) => found,
            Err(status) => return self.refuse(net, from, status),
        };
        self.data_cache.fetched(q.inode, m.session);
        let mut copies = Vec::new();
        let mut version = ChunkVersion(0);
        if chunk.0 != 0 {
            let client = self.client_ip(from.conn);
            let now = self.chunk_time();
            match self.cluster.read_grant(now, &crate::cs::Meta(&self.fs), chunk, client) {
                Ok(found) => {
                    version = found.version;
                    copies.extend(found.servers.iter().map(|s| crate::cs::location(s)));
                }
                Err(status) => return self.park_or_refuse(net, from, chunk, status),
            }
        }
        let place = p::ChunkPlace { chunk, version, copies: Rest::Items(&copies) };
        let body = (Tag::<2>, p::FileChunk { file_length: node.length(), place });
        net.send(from.conn, &p::FuseReadChunkReply { msgid: q.msgid, reply: Reply::Body(body) });
    }

    /// Where the first chunk is, when LOOKUP may tell: a file of one chunk, or of one hole.
    pub(super) fn chunk_zero(
        &mut self,
        m: &Member,
        found: &plan::LookedUp,
    ) -> Option<(ChunkId, ChunkVersion, Vec<p::Location>)> {
        let node = &found.node;
        let may = node.kind == types::NodeType::File
            && found.access.0 & 0xFC != 0
            && !m.caps.disabled(plan::Disable::Read)
            && matches!(node.body, metadata::NodeBody::File { slots: 1, .. });
        if !may {
            return None;
        }
        let chunk = self.fs.chunk_at(node.inode, ChunkIndex(0)).unwrap_or(ChunkId(0));
        if chunk.0 == 0 {
            return Some((chunk, ChunkVersion(0), Vec::new()));
        }
        let client = self.clients.of_session(m.session).first().map(|c| self.client_ip(*c));
        let now = self.chunk_time();
        let client = client.unwrap_or(Ipv4Addr::UNSPECIFIED);
        let place = self.cluster.read_grant(now, &crate::cs::Meta(&self.fs), chunk, client).ok()?;
        Some((chunk, place.version, place.servers.iter().map(|s| crate::cs::location(s)).collect()))
    }

    pub(super) fn write_chunk(&mut self, net: &mut Net, from: Incoming<'_>, q: &p::FuseWriteChunk) {
        let m = from.member;
        let flags = q.flags.unwrap_or(0);
        let before = self.journal.last();
        let planned = plan::refuse_write(&m.caps)
            .and_then(|()| self.need_space(flags))
            .and_then(|()| plan::write_chunk(&self.fs, &m.caps, q.inode, q.index));
        let planned = match planned {
            Ok(planned) => planned,
            Err(status) => return self.refuse(net, from, status),
        };
        let request = WriteRequest {
            chunk: Some(planned.chunk).filter(|c| c.0 != 0),
            class: planned.node.sclass,
            client: self.client_ip(from.conn),
            continue_op: flags & CONTINUE_OP != 0 && self.pending.may_continue(planned.chunk, m.session),
        };
        let now = self.chunk_time();
        let grant = self.cluster.write_grant(now, &crate::cs::Meta(&self.fs), request);
        self.apply_chunk_events();
        let (cur, bump, started) = match grant {
            Ok(Grant::Ready { chunk, .. }) => (chunk, false, false),
            Ok(Grant::Started { chunk, kind, .. }) => {
                (chunk, kind == placement::OperationKind::SetVersion, true)
            }
            Err(status) => return self.park_or_refuse(net, from, planned.chunk, status),
        };
        let op = Op::Write { inode: q.inode, index: q.index, new_version: bump, set_mtime: false };
        if let Err(status) = self.run_chunk_op(&op, cur) {
            return self.refuse(net, from, status);
        }
        self.pending.holders.insert(cur, m.session);
        let running =
            Running { session: m.session, inode: q.inode, index: q.index, prev: planned.chunk, cur };
        if started {
            let waiting = self.waiting(from, Some(running));
            self.pending.waiters.await_operation(cur, waiting);
        } else {
            self.write_granted(net, from.conn, q.msgid, running, before);
        }
    }

    /// Runs WRITE or TRUNC and checks that metadata and placement mean the same chunk.
    fn run_chunk_op(&mut self, op: &Op<'_>, granted: ChunkId) -> Result<(), Status> {
        let outcome = self.run(op)?;
        if outcome.get(0) != Some(granted.0) {
            tracing::error!("{op:?} yielded chunk {:?}, granted was {granted:X}", outcome.get(0));
            return Err(Status::IO);
        }
        Ok(())
    }

    fn need_space(&self, flags: u8) -> Result<(), Status> {
        let free = flags & USE_RESERVE != 0 || self.cluster.space().available > 0;
        if free { Ok(()) } else { Err(Status::NOSPACE) }
    }

    /// The positive answer to WRITE_CHUNK, and the news to others.
    pub(super) fn write_granted(
        &mut self,
        net: &mut Net,
        conn: ConnId,
        msgid: MsgId,
        run: Running,
        before: u64,
    ) {
        let file_length = self.fs.get(run.inode).map_or(0, |n| n.length());
        let client = self.client_ip(conn);
        let now = self.chunk_time();
        let (version, copies) = match self.cluster.locations(now, &crate::cs::Meta(&self.fs), run.cur, client)
        {
            Ok(found) => (found.version, found.servers.iter().map(|s| crate::cs::location(s)).collect()),
            Err(_) => (self.fs.chunk(run.cur).map_or(ChunkVersion(0), |c| c.version), Vec::new()),
        };
        let place = p::ChunkPlace { chunk: run.cur, version, copies: Rest::Items(&copies) };
        let body = (Tag::<2>, p::FileChunk { file_length, place });
        self.answer(net, conn, before, &p::FuseWriteChunkReply { msgid, reply: Reply::Body(body) });
        self.data_cache.modified(run.inode, run.session);
        let change = p::FuseChunkHasChanged {
            msgid: MsgId(0),
            inode: run.inode,
            index: run.index,
            chunk: run.cur,
            version,
            file_length,
            truncated: 0,
        };
        self.tell_chunk_changed(net, conn, change);
    }

    pub(super) fn write_chunk_end(&mut self, net: &mut Net, from: Incoming<'_>, q: &p::FuseWriteChunkEnd) {
        let before = self.journal.last();
        let status: Status = self.end_write(from.member, q).into();
        self.answer(net, from.conn, before, &p::FuseWriteChunkEndReply { msgid: q.msgid, status });
        self.data_cache.modified(q.inode, from.member.session);
        if let Some(index) = q.end.index() {
            let change = p::FuseChunkHasChanged {
                msgid: MsgId(0),
                inode: q.inode,
                index,
                chunk: q.chunk,
                version: self.fs.chunk(q.chunk).map_or(ChunkVersion(0), |c| c.version),
                file_length: q.end.length(),
                truncated: 0,
            };
            self.tell_chunk_changed(net, from.conn, change);
        }
    }

    fn end_write(&mut self, m: &Member, q: &p::FuseWriteChunkEnd) -> Result<(), Status> {
        plan::refuse_write(&m.caps)?;
        let length = q.end.length();
        if let Some(op) = plan::plan_write_end_length(&self.fs, q.inode, length)? {
            self.run(&op)?;
        }
        if self.reservations.get(&q.inode).is_some_and(|end| length >= *end) {
            self.reservations.remove(&q.inode);
        }
        self.unlock(q.chunk)
    }

    /// The chunk may be changed by others again.
    pub(super) fn unlock(&mut self, chunk: ChunkId) -> Result<(), Status> {
        self.pending.holders.remove(&chunk);
        let locked_until = self.fs.chunk(chunk).ok_or(Status::NOCHUNK)?.locked_until;
        if locked_until != 0 {
            self.run(&Op::Unlock { chunk })?;
        }
        let now = self.chunk_time();
        self.cluster.unlocked(now, &crate::cs::Meta(&self.fs), chunk);
        Ok(())
    }

    pub(super) fn truncate(&mut self, net: &mut Net, from: Incoming<'_>, q: &p::FuseTruncate<'_>) {
        let caller = Caller::new(&from.member.caps, q.cred);
        let request = TruncateRequest { inode: q.inode, flags: q.flags, length: q.length };
        let (node, todo) = match plan::check_truncate(&self.fs, &caller, &request) {
            Ok(checked) => checked,
            Err(status) => return self.refuse(net, from, status),
        };
        let before = self.journal.last();
        match todo {
            Truncation::CutChunk { index, chunk, length } => {
                let now = self.chunk_time();
                let meta = crate::cs::Meta(&self.fs);
                let grant = self.cluster.truncate_grant(now, &meta, chunk, length, node.sclass);
                self.apply_chunk_events();
                let cur = match grant {
                    Ok(Grant::Started { chunk, .. } | Grant::Ready { chunk, .. }) => chunk,
                    Err(status) => return self.park_or_refuse(net, from, chunk, status),
                };
                if let Err(status) = self.run_chunk_op(&Op::Trunc { inode: node.inode, index }, cur) {
                    return self.refuse(net, from, status);
                }
                let session = from.member.session;
                let running = Running { session, inode: node.inode, index, prev: chunk, cur };
                let waiting = self.waiting(from, Some(running));
                self.pending.waiters.await_operation(cur, waiting);
            }
            Truncation::Reserve => {
                let start =
                    self.reservations.get(&node.inode).map_or(node.length(), |end| node.length().max(*end));
                let end = start.saturating_add(q.length);
                self.reservations.insert(node.inode, end);
                let attr = attr_of(&self.fs, &node, &caller);
                net.send(
                    from.conn,
                    &p::FuseTruncateReply { msgid: q.msgid, reply: Reply::Body((start, attr)) },
                );
                self.tell_length_changed(net, from.conn, node.inode, end);
            }
            Truncation::SetLength { .. } | Truncation::Nothing => {
                if let Truncation::SetLength { touch } = todo {
                    let op = Op::Length { inode: node.inode, length: q.length, set_mtime: touch };
                    self.run_or_tell(&op);
                }
                self.truncated(net, from, q, node.length(), before, false);
            }
        }
    }

    /// The positive answer to TRUNCATE, and the news to others.
    pub(super) fn truncated(
        &mut self,
        net: &mut Net,
        from: Incoming<'_>,
        q: &p::FuseTruncate<'_>,
        previous: u64,
        before: u64,
        cut: bool,
    ) {
        let caps = &from.member.caps;
        let Ok(node) = plan::resolve_unchecked(&self.fs, caps, q.inode) else {
            return self.refuse(net, from, Status::ENOENT);
        };
        self.reservations.remove(&node.inode);
        let attr = attr_of(&self.fs, &node, &Caller::new(caps, q.cred));
        self.answer(
            net,
            from.conn,
            before,
            &p::FuseTruncateReply { msgid: q.msgid, reply: Reply::Body((previous, attr)) },
        );
        if q.flags & TruncateRequest::UPDATE == 0 {
            self.data_cache.modified(node.inode, from.member.session);
        }
        if !cut {
            return self.tell_length_changed(net, from.conn, node.inode, q.length);
        }
        let index = ChunkIndex((q.length / types::CHUNK_SIZE) as u32);
        let chunk = self.fs.chunk_at(node.inode, index).unwrap_or(ChunkId(0));
        let change = p::FuseChunkHasChanged {
            msgid: MsgId(0),
            inode: node.inode,
            index,
            chunk,
            version: self.fs.chunk(chunk).map_or(ChunkVersion(0), |c| c.version),
            file_length: q.length,
            truncated: 1,
        };
        self.tell_chunk_changed(net, from.conn, change);
    }

    pub(super) fn client_ip(&self, conn: ConnId) -> Ipv4Addr {
        self.clients.get(conn).map_or(Ipv4Addr::UNSPECIFIED, |link| link.ip)
    }

    /// The status form of whatever answer the request has.
    pub(super) fn refuse(&mut self, net: &mut Net, from: Incoming<'_>, status: Status) {
        send_status(net, from.conn, from.id, from.body, status);
    }
}
