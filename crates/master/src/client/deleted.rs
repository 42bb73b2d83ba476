//! The trash, and deleted files that are still open: for sessions of the trash (`spec/wire-client-master.md` 3.11).

use super::Member;
use super::data::Incoming;
use crate::core::Master;
use metadata::plan::{
    self, Caller, deleted_file, list_sustained, list_trash, plan_purge, plan_set_trash_path, plan_undelete,
    trash_path,
};
use net::reactor::Net;
use proto::client_master::{self as p, CltoMa};
use types::{Attr, Bytes32, Inode, Name, Reply, Rest, Status};

/// A listing as replies have it.
type Listing<'a> = Result<Vec<(Name<'a>, Inode)>, Status>;

fn listing(found: &Result<Vec<(Vec<u8>, Inode)>, Status>) -> Listing<'_> {
    let all = found.as_ref().map_err(|status| *status)?;
    Ok(all.iter().map(|(path, inode)| (Name::new(path).unwrap_or_default(), *inode)).collect())
}

impl Master {
    /// A command of a session of the trash; false when it is none.
    pub(super) fn deleted_packet(&mut self, net: &mut Net, from: Incoming<'_>, packet: &CltoMa<'_>) -> bool {
        let (conn, m) = (from.conn, from.member);
        let before = self.journal.last();
        match packet {
            CltoMa::FuseGettrash(q) => {
                let found = list_trash(&self.fs, &m.caps, q.bucket);
                let list = listing(&found);
                let reply = list.as_deref().map(Rest::Items).map_err(|status| *status);
                net.send(conn, &p::FuseGettrashReply { msgid: q.msgid, reply: reply.into() });
            }
            CltoMa::FuseGetsustained(q) => {
                let found = list_sustained(&self.fs, &m.caps);
                let list = listing(&found);
                let reply = list.as_deref().map(Rest::Items).map_err(|status| *status);
                net.send(conn, &p::FuseGetsustainedReply { msgid: q.msgid, reply: reply.into() });
            }
            CltoMa::FuseGetdetachedattr(q) => {
                let reply = Reply::from(self.deleted_attr(m, q));
                net.send(conn, &p::FuseGetdetachedattrReply { msgid: q.msgid, reply });
            }
            CltoMa::FuseGettrashpath(q) => {
                let path = trash_path(&self.fs, &m.caps, q.inode).map(|path| [path, b"\0"].concat());
                let reply = path.as_deref().map(Bytes32::new).map_err(|status| *status);
                net.send(conn, &p::FuseGettrashpathReply { msgid: q.msgid, reply: reply.into() });
            }
            CltoMa::FuseSettrashpath(q) => {
                let op = plan_set_trash_path(&self.fs, &m.caps, q.inode, q.path.without_nul());
                let status = op.and_then(|op| self.run(&op).map(|_| ())).into();
                self.answer(net, conn, before, &p::FuseSettrashpathReply { msgid: q.msgid, status });
            }
            CltoMa::FuseUndel(q) => {
                let op = plan_undelete(&self.fs, &m.caps, q.inode);
                let status = op.and_then(|op| self.run(&op).map(|_| ())).into();
                self.answer(net, conn, before, &p::FuseUndelReply { msgid: q.msgid, status });
            }
            CltoMa::FusePurge(q) => {
                let op = plan_purge(&self.fs, &m.caps, q.inode);
                let status = op.and_then(|op| self.run(&op).map(|_| ())).into();
                self.answer(net, conn, before, &p::FusePurgeReply { msgid: q.msgid, status });
            }
            _ => return false,
        }
        true
    }

    fn deleted_attr(&self, m: &Member, q: &p::FuseGetdetachedattr) -> Result<Attr, Status> {
        let node = deleted_file(&self.fs, &m.caps, q.inode, q.kind.unwrap_or(0))?;
        Ok(plan::attr_of(&self.fs, &node, &Caller::single(&m.caps, 0, 0)))
    }
}
