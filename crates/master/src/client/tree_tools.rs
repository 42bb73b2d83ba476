//! Tools' commands that change something (`spec/wire-client-master.md` 3.9).

use super::Member;
use crate::core::Master;
use metadata::plan::{
    self, AppendRequest, Caller, NewClass, QuotaChange, SnapshotRequest, TreeChange, plan_append, plan_quota,
    plan_set_archived, plan_set_eattr, plan_set_sclass, plan_set_trash_time, plan_snapshot,
};
use net::reactor::Net;
use ondisk::{Op, Outcome};
use proto::client_master as p;
use types::{ChunkIndex, Gids, Inode, Status};

fn narrow(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Master {
    /// Runs what was planned and counts what became of it.
    fn change_tree(&mut self, change: &TreeChange) -> Result<p::Counters, Status> {
        let mut sum = [0, change.unchanged, change.denied];
        for op in &change.ops {
            let outcome = self.run(op)?;
            for (i, n) in sum.iter_mut().enumerate() {
                *n += outcome.get(i).unwrap_or(0);
            }
        }
        let [changed, not_changed, not_permitted] = sum.map(narrow);
        Ok(p::Counters { changed, not_changed, not_permitted })
    }

    pub(super) fn set_trash_time(
        &mut self,
        m: &Member,
        q: &p::FuseSettrashtime,
    ) -> Result<p::Counters, Status> {
        let caller = Caller::single(&m.caps, q.uid, 0);
        let change = plan_set_trash_time(&self.fs, &caller, q.inode, q.seconds, q.smode)?;
        self.change_tree(&change)
    }

    pub(super) fn set_sclass(&mut self, m: &Member, q: &p::FuseSetsclass<'_>) -> Result<p::Counters, Status> {
        let caller = Caller::single(&m.caps, q.uid, 0);
        let (class, smode) = match q.class {
            p::SclassTarget::Goal { goal, smode } => (NewClass::Goal(goal), smode),
            p::SclassTarget::Named { smode, name } => (NewClass::Named(name), smode),
            p::SclassTarget::Exchange { smode, old, new } => (NewClass::Exchange(old, new), smode),
        };
        let change = plan_set_sclass(&self.fs, &caller, q.inode, class, smode)?;
        self.change_tree(&change)
    }

    pub(super) fn set_eattr(&mut self, m: &Member, q: &p::FuseSeteattr) -> Result<p::Counters, Status> {
        let caller = Caller::single(&m.caps, q.uid, 0);
        let change = plan_set_eattr(&self.fs, &caller, q.inode, q.eattr, q.smode)?;
        self.change_tree(&change)
    }

    pub(super) fn arch_control(&mut self, m: &Member, q: &p::FuseArchctl) -> Result<p::ArchReply, Status> {
        const CLEAR: u8 = 0;
        const SET: u8 = 1;
        const GET: u8 = 2;
        match (q.command, q.uid) {
            (GET, _) => {
                let found = plan::archived(&self.fs, &m.caps, q.inode)?;
                Ok(p::ArchReply::State(p::ArchState {
                    arch_chunks: found.chunks,
                    not_arch_chunks: found.other_chunks,
                    arch_inodes: found.files,
                    partial_inodes: found.partial_files,
                    not_arch_inodes: found.other_files,
                }))
            }
            (CLEAR | SET, Some(uid)) => {
                let caller = Caller::single(&m.caps, uid, 0);
                let op = plan_set_archived(&self.fs, &caller, q.inode, q.command == SET)?;
                let outcome = op.map(|op| self.run(&op)).transpose()?.unwrap_or(Outcome::none());
                let count = |i| outcome.get(i).unwrap_or(0);
                Ok(p::ArchReply::Changed(p::ArchChanged {
                    changed: count(0),
                    not_changed: count(1),
                    not_permitted: narrow(count(2)),
                }))
            }
            _ => Err(Status::EINVAL),
        }
    }

    pub(super) fn quota_control(
        &mut self,
        m: &Member,
        q: &p::FuseQuotacontrol,
    ) -> Result<p::QuotaState, Status> {
        let caller = Caller::single(&m.caps, 0, 0);
        let change = match q.set {
            None if q.flags == 0 => QuotaChange::Get,
            None => QuotaChange::Delete(q.flags),
            Some((grace, soft, hard)) => {
                QuotaChange::Set { flags: q.flags, grace, limits: limits_of(&soft, &hard) }
            }
        };
        let (dir, op) = plan_quota(&self.fs, &caller, q.inode, change)?;
        if let Some(op) = op {
            self.run(&op)?;
        }
        Ok(self.quota_state(dir.inode))
    }

    fn quota_state(&self, dir: Inode) -> p::QuotaState {
        let quota = self.fs.quota(dir).copied().unwrap_or_default();
        let below = self.fs.stats_below(dir).unwrap_or_default();
        let l = quota.limits;
        p::QuotaState {
            flags: quota.flags,
            grace: quota.grace,
            soft: p::QuotaLimits {
                inodes: l.soft_inodes,
                length: l.soft_length,
                size: l.soft_size,
                real_size: l.soft_real_size,
            },
            hard: p::QuotaLimits {
                inodes: l.hard_inodes,
                length: l.hard_length,
                size: l.hard_size,
                real_size: l.hard_real_size,
            },
            current: p::QuotaLimits {
                inodes: below.inodes,
                length: below.length,
                size: below.size,
                real_size: below.real_size,
            },
        }
    }

    pub(super) fn snapshot(&mut self, m: &Member, q: &p::FuseSnapshot<'_>) -> Result<(), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let gids: Vec<u8> = caller.gids().flat_map(u32::to_be_bytes).collect();
        let gids = Gids::from_be_bytes(&gids).ok_or(Status::EINVAL)?;
        let (src, dst, name, mode, umask) = (q.src, q.dst, q.dst_name, q.smode, q.umask);
        let op = plan_snapshot(&self.fs, &caller, &SnapshotRequest { src, dst, name, mode, umask, gids })?;
        op.map_or(Ok(()), |op| self.run(&op).map(|_| ()))
    }

    pub(super) fn append_slice(
        &mut self,
        net: &mut Net,
        m: &Member,
        q: &p::FuseAppendSlice<'_>,
    ) -> Result<(), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let (dst, src, from, to, flags) = (q.inode, q.src, q.from, q.to, q.flags);
        let request = AppendRequest { dst, src, from, to, flags };
        let Some(op) = plan_append(&self.fs, &caller, &request)? else { return Ok(()) };
        self.run(&op)?;
        let node = plan::resolve_unchecked(&self.fs, &m.caps, q.inode)?;
        self.data_cache.modified(node.inode, m.session);
        self.reservations.remove(&node.inode);
        self.tell_all_length_changed(net, node.inode, node.length());
        Ok(())
    }

    /// For each chunk without a good copy: the best of the others becomes the good one, or the place becomes a hole.
    /// While chunkservers are still coming, a chunk of which nothing was seen yet is left alone.
    pub(super) fn repair(&mut self, m: &Member, q: &p::FuseRepair<'_>) -> Result<(u32, u32, u32), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let file = plan::check_repair(&self.fs, &caller, q.inode)?.inode;
        let (mut unchanged, mut erased, mut repaired) = (0, 0, 0);
        for (index, chunk) in self.fs.chunks_of(file, ChunkIndex(0)) {
            let now = self.chunk_time();
            let replicas = self.cluster.replicas(chunk).unwrap_or_default();
            let best = replicas.iter().filter(|(_, r)| r.state.is_wrong()).map(|(_, r)| r.version.0).max();
            let locked = self.fs.chunk(chunk).is_some_and(|c| c.is_locked(self.now));
            let usable = replicas.iter().any(|(_, r)| r.state.is_usable());
            let too_early = best.is_none() && !self.cluster.is_complete(now);
            if locked || usable || too_early {
                unchanged += 1;
                continue;
            }
            // A version cannot be given to a chunk that metadata does not know.
            let version = best.filter(|_| self.fs.chunk(chunk).is_some()).unwrap_or(0);
            let decided = Outcome::from_slice(&[version.into()]);
            self.run_decided(&Op::Repair { inode: file, index }, &decided)?;
            if version == 0 {
                erased += 1;
            } else {
                repaired += 1;
                self.cluster.version_adopted(now, &crate::cs::Meta(&self.fs), chunk);
            }
        }
        if erased + repaired > 0 {
            self.data_cache.modified(file, m.session);
        }
        self.apply_chunk_events();
        Ok((unchanged, erased, repaired))
    }
}

fn limits_of(soft: &p::QuotaLimits, hard: &p::QuotaLimits) -> ondisk::QuotaLimits {
    ondisk::QuotaLimits {
        soft_inodes: soft.inodes,
        hard_inodes: hard.inodes,
        soft_length: soft.length,
        hard_length: hard.length,
        soft_size: soft.size,
        hard_size: hard.size,
        soft_real_size: soft.real_size,
        hard_real_size: hard.real_size,
    }
}
