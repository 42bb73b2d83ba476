//! Which of the tools' commands is served by whom (`spec/wire-client-master.md` 3.9).

use super::data::Incoming;
use crate::core::Master;
use net::reactor::Net;
use proto::client_master::{self as p, CltoMa};
use types::{Bytes32, Reply, Rest};

/// How sizes of trees are told, which depends on how the connection registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// For mounts, and tools that go through them.
    Mount,
    /// For tools that are connected themselves.
    OldTools,
}

impl Master {
    /// A tool's command; false when it is none.
    pub(super) fn tool_packet(
        &mut self,
        net: &mut Net,
        from: Incoming<'_>,
        packet: &CltoMa<'_>,
        form: Form,
    ) -> bool {
        let (conn, m) = (from.conn, from.member);
        let before = self.journal.last();
        macro_rules! answer {
            ($reply:ident, $q:ident, $result:expr) => {{
                let result = $result;
                self.answer(net, conn, before, &p::$reply { msgid: $q.msgid, reply: Reply::from(result) })
            }};
        }
        macro_rules! status {
            ($reply:ident, $q:ident, $result:expr) => {{
                let status = $result.into();
                self.answer(net, conn, before, &p::$reply { msgid: $q.msgid, status })
            }};
        }
        match packet {
            CltoMa::FuseSettrashtime(q) => answer!(FuseSettrashtimeReply, q, self.set_trash_time(m, q)),
            CltoMa::FuseSetsclass(q) => answer!(FuseSetsclassReply, q, self.set_sclass(m, q)),
            CltoMa::FuseSeteattr(q) => answer!(FuseSeteattrReply, q, self.set_eattr(m, q)),
            CltoMa::FuseArchctl(q) => answer!(FuseArchctlReply, q, self.arch_control(m, q)),
            CltoMa::FuseQuotacontrol(q) => answer!(FuseQuotacontrolReply, q, self.quota_control(m, q)),
            CltoMa::FuseRepair(q) => answer!(FuseRepairReply, q, self.repair(m, q)),
            CltoMa::FuseGetdirstats(q) => answer!(FuseGetdirstatsReply, q, self.dir_stats(m, q, form)),
            CltoMa::FuseSnapshot(q) => status!(FuseSnapshotReply, q, self.snapshot(m, q)),
            CltoMa::FuseAppendSlice(q) => status!(FuseAppendSliceReply, q, self.append_slice(net, m, q)),
            CltoMa::FuseGettrashtime(q) => self.get_trash_time(net, conn, m, q),
            CltoMa::FuseGetsclass(q) => self.get_sclass(net, conn, m, q),
            CltoMa::FuseGeteattr(q) => self.get_eattr(net, conn, m, q),
            CltoMa::FuseCheck(q) => self.check_copies(net, conn, m, q),
            CltoMa::NodeInfoRequest(q) => self.node_info(net, conn, m, q),
            CltoMa::FuseParents(q) => {
                let found = metadata::plan::parents(&self.fs, &m.caps, q.inode);
                let reply = found.as_deref().map(Rest::Items).map_err(|status| *status);
                net.send(conn, &p::FuseParentsReply { msgid: q.msgid, reply: reply.into() });
            }
            CltoMa::FusePaths(q) => {
                let found = metadata::plan::paths(&self.fs, &m.caps, q.inode);
                let found: Result<Vec<Bytes32<'_>>, _> =
                    found.as_ref().map(|paths| paths.iter().map(|path| Bytes32::new(path)).collect());
                let reply = found.as_deref().map(Rest::Items).map_err(|status| **status);
                net.send(conn, &p::FusePathsReply { msgid: q.msgid, reply: reply.into() });
            }
            CltoMa::SclassCreate(q) => status!(SclassCreateReply, q, self.create_class(m, q)),
            CltoMa::SclassChange(q) => self.change_class(net, conn, m, q),
            CltoMa::SclassDelete(q) => status!(SclassDeleteReply, q, self.delete_class(m, q)),
            CltoMa::SclassDuplicate(q) => status!(SclassDuplicateReply, q, self.duplicate_class(m, q)),
            CltoMa::SclassRename(q) => status!(SclassRenameReply, q, self.rename_class(m, q)),
            CltoMa::SclassList(q) => self.list_classes(net, conn, q),
            _ => return false,
        }
        true
    }
}
