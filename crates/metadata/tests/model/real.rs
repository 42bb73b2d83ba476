//! The same requests, planned and applied by `metadata`, with every change in a log.

use crate::requests::{Answer, Call, Entry, Reply, Request};
use crate::world::{BORN, DEFAULT_GRACE, MAX_LINKS, REUSE_DELAY, WHO, sessions};
use metadata::plan::{self, Caller, NewClass, OpenRequest, QuotaChange, SessionCaps, TreeChange, XattrNode};
use metadata::{Cursor, Fs, NodeView};
use ondisk::{AclEntries, Line, Op, Outcome, SessionFields};
use types::{Bytes32, ChunkIndex, Cred, Gids, Inode, Name, NodeType, SessionId, Status};

pub(crate) struct Real {
    pub(crate) fs: Fs,
    /// Lines since it was last emptied.
    pub(crate) log: Vec<u8>,
    now: u32,
    bookmarks: plan::Bookmarks,
}

fn name(bytes: &[u8]) -> Name<'_> {
    Name::new(bytes).unwrap()
}

impl Real {
    pub(crate) fn new() -> Self {
        let mut real =
            Real { fs: Fs::new_empty(BORN), log: Vec::new(), now: BORN, bookmarks: Default::default() };
        real.run(&Op::SetMetaId { id: 77 });
        for caps in sessions() {
            let fields =
                SessionFields { root: caps.root, flags: caps.flags, ip: 1, ..SessionFields::default() };
            real.run(&Op::SesAdd { fields });
        }
        real
    }

    fn run(&mut self, op: &Op<'_>) -> Outcome {
        let version = self.fs.version();
        let outcome = self.fs.apply(self.now, op).unwrap_or_else(|e| panic!("{op:?} was planned, but: {e}"));
        Line { version, ts: self.now.into(), op: *op, outcome }.write(&mut self.log);
        outcome
    }

    fn attr(&self, caller: &Caller<'_>, inode: Inode) -> Answer {
        Answer::attr(plan::attr_of(&self.fs, &self.fs.get(inode).unwrap(), caller))
    }

    fn attr_in(&self, caller: &Caller<'_>, dir: u32, inode: Inode) -> Answer {
        let node = self.fs.get(inode).unwrap();
        let eattr = plan::resolve_unchecked(&self.fs, caller.caps, Inode(dir)).map_or(0, |dir| dir.eattr);
        let attr = plan::attr_of_entry(&self.fs, &node, eattr, caller);
        Answer::node(plan::shown(caller.caps, inode).0, attr)
    }

    fn made(&mut self, caller: &Caller<'_>, dir: u32, op: &Op<'_>) -> Answer {
        let inode = self.run(op).get(0).unwrap() as u32;
        self.attr_in(caller, dir, Inode(inode))
    }

    fn change(&mut self, change: &TreeChange) -> Answer {
        let mut sum = [0, change.unchanged, change.denied];
        for op in &change.ops {
            let outcome = self.run(op);
            sum.iter_mut().enumerate().for_each(|(i, n)| *n += outcome.get(i).unwrap());
        }
        Answer::numbers(sum.to_vec())
    }

    pub(crate) fn ask(&mut self, caps: &SessionCaps, q: &Request) -> Reply {
        self.now = q.now;
        let (uid, gids) = WHO[q.who];
        let bytes: Vec<u8> = gids.iter().flat_map(|gid| gid.to_be_bytes()).collect();
        let caller = Caller::new(caps, Cred { uid, gids: Gids::from_be_bytes(&bytes).unwrap() });
        let tool = Caller::single(caps, uid, 0);
        let single = Caller::single(caps, uid, gids[0]);
        match &q.call {
            Call::Getattr { inode, opened } => {
                let resolve = if *opened { plan::resolve_unchecked } else { plan::resolve };
                let node = resolve(&self.fs, caps, Inode(*inode))?;
                Ok(self.attr(&single, node.inode))
            }
            Call::Lookup(_) | Call::Access { .. } | Call::Readlink(_) | Call::Readdir { .. } => {
                self.read_names(&caller, &q.call)
            }
            Call::Mkdir { .. } | Call::Mknod { .. } | Call::Symlink { .. } | Call::Link { .. } => {
                self.make_names(&caller, &q.call)
            }
            Call::Unlink(_) | Call::Rmdir(_) | Call::Rename { .. } => self.change_names(&caller, &q.call),
            Call::Setattr(set) => {
                let op = plan::plan_setattr(&self.fs, &caller, self.now.into(), set)?;
                self.run(&op);
                Ok(self.attr(&caller, plan::resolve_unchecked(&self.fs, caps, set.inode)?.inode))
            }
            Call::Truncate { inode, flags, length } => self.truncate(&caller, *inode, *flags, *length),
            Call::Write { inode, index, length } => {
                self.write(caps, Inode(*inode), ChunkIndex(*index), *length)
            }
            Call::Read { inode, index } => {
                let (node, chunk) = plan::read_chunk(&self.fs, caps, Inode(*inode), ChunkIndex(*index))?;
                Ok(Answer::numbers(vec![node.length(), chunk.0]))
            }
            Call::Append { dst, src, from, to, flags } => {
                let (dst, src, from, to, flags) = (Inode(*dst), Inode(*src), *from, *to, *flags);
                let q = plan::AppendRequest { dst, src, from, to, flags };
                if let Some(op) = plan::plan_append(&self.fs, &caller, &q)? {
                    self.run(&op);
                }
                Ok(Answer::default())
            }
            Call::Open { .. } | Call::Hold(_) | Call::Close(_) => self.opens(&caller, q),
            Call::SetXattr { .. } | Call::GetXattr { .. } | Call::ListXattrs { .. } => {
                self.xattrs(&caller, &q.call)
            }
            Call::SetAcl { .. } | Call::GetAcl { .. } => self.acls(&tool, &q.call),
            Call::SetQuota { dir, flags, grace, limits } => {
                let (flags, grace, limits) = (*flags, *grace, *limits);
                self.quota(&tool, *dir, QuotaChange::Set { flags, grace, limits })
            }
            Call::DeleteQuota { dir, flags } => self.quota(&tool, *dir, QuotaChange::Delete(*flags)),
            Call::GetQuota(dir) => self.quota(&tool, *dir, QuotaChange::Get),
            Call::SetEattr { inode, bits, smode } => {
                let change = plan::plan_set_eattr(&self.fs, &tool, Inode(*inode), *bits, *smode)?;
                Ok(self.change(&change))
            }
            Call::SetClass { inode, goal, smode } => {
                let class = NewClass::Goal(*goal);
                let change = plan::plan_set_sclass(&self.fs, &tool, Inode(*inode), class, *smode)?;
                Ok(self.change(&change))
            }
            Call::SetTrashTime { inode, seconds, smode } => {
                let change = plan::plan_set_trash_time(&self.fs, &tool, Inode(*inode), *seconds, *smode)?;
                Ok(self.change(&change))
            }
            Call::GetSettings { inode, mode } => self.settings(caps, Inode(*inode), *mode),
            Call::DirStats(inode) => {
                let s = plan::tree_stats(&self.fs, caps, Inode(*inode))?;
                let (n, d, f, c) = (s.inodes.into(), s.dirs.into(), s.files.into(), s.chunks.into());
                Ok(Answer::numbers(vec![n, d, f, c, s.length, s.size, s.real_size]))
            }
            Call::Parents(inode) => {
                let all = plan::parents(&self.fs, caps, Inode(*inode))?;
                Ok(Answer::numbers(all.iter().map(|dir| dir.0.into()).collect()))
            }
            Call::Paths(inode) => plan::paths(&self.fs, caps, Inode(*inode)).map(Answer::bytes),
            Call::Snapshot { src, at, mode, umask } => {
                let groups: Vec<u8> = caller.gids().flat_map(u32::to_be_bytes).collect();
                let (src, dst, mode, umask) = (Inode(*src), Inode(at.0), *mode, *umask);
                let gids = Gids::from_be_bytes(&groups).unwrap();
                let q = plan::SnapshotRequest { src, dst, name: name(&at.1), mode, umask, gids };
                if let Some(op) = plan::plan_snapshot(&self.fs, &caller, &q)? {
                    self.run(&op);
                }
                Ok(Answer::default())
            }
            _ => self.deleted(caps, &q.call),
        }
    }

    fn read_names(&mut self, caller: &Caller<'_>, call: &Call) -> Reply {
        match call {
            Call::Lookup((dir, n)) => {
                let found = plan::lookup(&self.fs, caller, Inode(*dir), name(n))?;
                let attr = plan::attr_of_entry(&self.fs, &found.node, found.dir_eattr, caller);
                let mut answer = Answer::node(plan::shown(caller.caps, found.node.inode).0, attr);
                answer.numbers.push(found.access.0.into());
                Ok(answer)
            }
            Call::Access { inode, mask } => {
                plan::check_access(&self.fs, caller, Inode(*inode), *mask).map(|()| Answer::default())
            }
            Call::Readlink(inode) => {
                let (_, target) = plan::readlink(&self.fs, caller, Inode(*inode))?;
                Ok(Answer::bytes(vec![target.to_vec()]))
            }
            Call::Readdir { dir, with_attr, part } => {
                let (mut bytes, mut from) = (Vec::new(), 0);
                while from != Cursor::END {
                    let marks = &mut self.bookmarks;
                    let inode = Inode(*dir);
                    let got =
                        plan::list_directory(&self.fs, marks, caller, inode, *with_attr, (*part, from))?;
                    bytes.extend(got.bytes);
                    from = got.next;
                }
                Ok(Answer::bytes(vec![bytes]))
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn make_names(&mut self, caller: &Caller<'_>, call: &Call) -> Reply {
        let new = |at: &Entry, kind, mode, umask, rdev| {
            let owned = name(at.1.clone().leak());
            plan::NewNode { parent: Inode(at.0), name: owned, kind, mode, umask, rdev }
        };
        let (dir, op) = match call {
            Call::Mkdir { at, mode, umask, copy_sgid } => {
                let new = new(at, NodeType::Dir, *mode, *umask, 0);
                (at.0, plan::plan_mkdir(&self.fs, caller, &new, *copy_sgid)?)
            }
            Call::Mknod { at, kind, mode, umask, rdev } => {
                let new = new(at, *kind, *mode, *umask, *rdev);
                (at.0, plan::plan_mknod(&self.fs, caller, &new)?)
            }
            Call::Symlink { at, target } => {
                (at.0, plan::plan_symlink(&self.fs, caller, Inode(at.0), name(&at.1), target)?)
            }
            Call::Link { inode, at } => {
                let (inode, dir) = (Inode(*inode), Inode(at.0));
                let op = plan::plan_link(&self.fs, caller, inode, dir, name(&at.1), MAX_LINKS)?;
                self.run(&op);
                let node = plan::resolve_unchecked(&self.fs, caller.caps, inode)?;
                return Ok(self.attr_in(caller, at.0, node.inode));
            }
            other => unreachable!("{other:?}"),
        };
        Ok(self.made(caller, dir, &op))
    }

    fn change_names(&mut self, caller: &Caller<'_>, call: &Call) -> Reply {
        let removed = match call {
            Call::Unlink((dir, n)) => plan::plan_unlink(&self.fs, caller, Inode(*dir), name(n))?,
            Call::Rmdir((dir, n)) => plan::plan_rmdir(&self.fs, caller, Inode(*dir), name(n))?,
            Call::Rename { from, to } => {
                let (src, dst) = ((Inode(from.0), name(&from.1)), (Inode(to.0), name(&to.1)));
                let renamed = plan::plan_rename(&self.fs, caller, src, dst)?;
                if let Some(op) = &renamed.op {
                    self.run(op);
                }
                return Ok(self.attr_in(caller, to.0, renamed.node.inode));
            }
            other => unreachable!("{other:?}"),
        };
        self.run(&removed.op);
        Ok(Answer::numbers(vec![removed.node.inode.0.into()]))
    }

    fn truncate(&mut self, caller: &Caller<'_>, inode: u32, flags: u8, length: u64) -> Reply {
        use plan::Truncation::*;
        let q = plan::TruncateRequest { inode: Inode(inode), flags, length };
        let (node, todo) = plan::check_truncate(&self.fs, caller, &q)?;
        let inode = node.inode;
        match todo {
            Reserve | Nothing => {}
            SetLength { touch } => drop(self.run(&Op::Length { inode, length, set_mtime: touch })),
            CutChunk { index, .. } => {
                let chunk = self.run(&Op::Trunc { inode, index }).get(0).unwrap();
                self.run(&Op::Unlock { chunk: types::ChunkId(chunk) });
                self.run(&Op::Length { inode, length, set_mtime: true });
            }
        }
        let mut answer = self.attr(caller, inode);
        answer.numbers.push(node.length());
        Ok(answer)
    }

    fn write(&mut self, caps: &SessionCaps, inode: Inode, index: ChunkIndex, length: u64) -> Reply {
        plan::refuse_write(caps)?;
        let planned = plan::write_chunk(&self.fs, caps, inode, index)?;
        let new_version = planned.chunk.0 % 3 == 1 && !planned.shared;
        let chunk = self.run(&Op::Write { inode, index, new_version, set_mtime: false }).get(0).unwrap();
        if let Some(op) = plan::plan_write_end_length(&self.fs, inode, length)? {
            self.run(&op);
        }
        self.run(&Op::Unlock { chunk: types::ChunkId(chunk) });
        Ok(Answer::numbers(vec![chunk, self.fs.get(inode).as_ref().unwrap().length()]))
    }

    fn opens(&mut self, caller: &Caller<'_>, q: &Request) -> Reply {
        let session = SessionId(q.session as u32 + 1);
        match q.call {
            Call::Open { inode, flags } => {
                let request = OpenRequest { inode: Inode(inode), flags };
                let inode = plan::check_open(&self.fs, caller, request)?.inode;
                if request.truncates() {
                    self.run(&Op::Length { inode, length: 0, set_mtime: true });
                }
                if !self.fs.is_open_in(session, inode) {
                    self.run(&Op::Acquire { session, inode });
                }
                Ok(self.attr(caller, inode))
            }
            Call::Hold(inode) => {
                self.fs.get(Inode(inode)).ok_or(Status::ENOENT)?;
                if !self.fs.is_open_in(session, Inode(inode)) {
                    self.run(&Op::Acquire { session, inode: Inode(inode) });
                }
                Ok(Answer::default())
            }
            Call::Close(inode) if self.fs.is_open_in(session, Inode(inode)) => {
                self.run(&Op::Release { session, inode: Inode(inode) });
                Ok(Answer::default())
            }
            _ => Err(Status::MISMATCH),
        }
    }

    fn xattrs(&mut self, caller: &Caller<'_>, call: &Call) -> Reply {
        let at = |inode: &u32, opened: &bool| XattrNode { inode: Inode(*inode), opened: *opened };
        match call {
            Call::SetXattr { inode, opened, name: n, value, mode } => {
                let at = at(inode, opened);
                let op = plan::plan_set_xattr(&self.fs, caller, at, name(n), value, *mode)?;
                self.run(&op);
                Ok(Answer::default())
            }
            Call::GetXattr { inode, opened, name: n } => {
                let value = plan::get_xattr(&self.fs, caller, at(inode, opened), name(n))?;
                Ok(Answer::bytes(vec![value.to_vec()]))
            }
            Call::ListXattrs { inode, opened } => {
                Ok(Answer::bytes(vec![plan::list_xattrs(&self.fs, caller, at(inode, opened))?]))
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn acls(&mut self, caller: &Caller<'_>, call: &Call) -> Reply {
        match call {
            Call::SetAcl { inode, kind, perms, users, groups } => {
                let named = users.iter().chain(groups);
                let named =
                    named.flat_map(|(id, perm)| [&id.to_be_bytes()[..], &perm.to_be_bytes()].concat());
                let named: Vec<u8> = named.collect();
                let named = AclEntries::new(users.len() as u16, groups.len() as u16, &named).unwrap();
                let [user, group, other, mask] = *perms;
                let perms = plan::AclPerms { user, group, other, mask };
                let op = plan::plan_set_acl(&self.fs, caller, Inode(*inode), *kind, perms, named)?;
                self.run(&op);
                Ok(Answer::default())
            }
            Call::GetAcl { inode, kind } => {
                let acl = plan::get_acl(&self.fs, caller, Inode(*inode), *kind)?;
                let mut numbers: Vec<u64> =
                    [acl.user, acl.group, acl.other, acl.mask].iter().map(|p| u64::from(*p)).collect();
                let named = acl.named();
                numbers.extend(
                    named.users().chain(named.groups()).flat_map(|e| [u64::from(e.id), u64::from(e.perm)]),
                );
                Ok(Answer::numbers(numbers))
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn quota(&mut self, caller: &Caller<'_>, dir: u32, change: QuotaChange) -> Reply {
        let (dir, op) = plan::plan_quota(&self.fs, caller, Inode(dir), change)?;
        if let Some(op) = op {
            self.run(&op);
        }
        let quota = self.fs.quota(dir.inode).copied().unwrap_or_default();
        let (l, below) = (quota.limits, self.fs.stats_below(dir.inode).unwrap());
        Ok(Answer::numbers(vec![
            quota.flags.into(),
            quota.grace.into(),
            l.soft_inodes.into(),
            l.soft_length,
            l.soft_size,
            l.soft_real_size,
            l.hard_inodes.into(),
            l.hard_length,
            l.hard_size,
            l.hard_real_size,
            below.inodes.into(),
            below.length,
            below.size,
            below.real_size,
        ]))
    }

    fn settings(&self, caps: &SessionCaps, inode: Inode, mode: u8) -> Reply {
        let times = plan::trash_times(&self.fs, caps, inode, mode)?;
        let classes = plan::storage_classes(&self.fs, caps, inode, mode)?;
        let eattrs = plan::extra_attributes(&self.fs, caps, inode, mode)?;
        let mut numbers = Vec::new();
        for list in [&times.0, &times.1] {
            list.iter().for_each(|(value, n)| numbers.extend([u64::from(*value), (*n).into()]));
        }
        for list in [&classes.0, &classes.1, &eattrs.0, &eattrs.1] {
            list.iter().for_each(|(value, n)| numbers.extend([u64::from(*value), (*n).into()]));
        }
        Ok(Answer::numbers(numbers))
    }

    fn deleted(&mut self, caps: &SessionCaps, call: &Call) -> Reply {
        let fs = &self.fs;
        let op = match call {
            Call::ListDeleted => {
                let mut trash = plan::list_trash(fs, caps, None)?;
                let mut sustained = plan::list_sustained(fs, caps)?;
                trash.sort_by_key(|(_, inode)| *inode);
                sustained.sort_by_key(|(_, inode)| *inode);
                let (bytes, numbers) =
                    trash.into_iter().chain(sustained).map(|(path, i)| (path, u64::from(i.0))).unzip();
                return Ok(Answer { bytes, numbers, attr: None });
            }
            Call::TrashPath(inode) => {
                return Ok(Answer::bytes(vec![plan::trash_path(fs, caps, Inode(*inode))?.to_vec()]));
            }
            Call::SetTrashPath { inode, path } => plan::plan_set_trash_path(fs, caps, Inode(*inode), path)?,
            Call::Undelete(inode) => plan::plan_undelete(fs, caps, Inode(*inode))?,
            Call::Purge(inode) => plan::plan_purge(fs, caps, Inode(*inode))?,
            Call::EmptyTrash => {
                let outcome = self.run(&Op::EmptyTrash { bucket: None });
                return Ok(Answer::numbers(outcome.as_slice()[..2].to_vec()));
            }
            Call::EmptySustained => {
                let outcome = self.run(&Op::EmptySustained { bucket: None });
                return Ok(Answer::numbers(outcome.as_slice()[..1].to_vec()));
            }
            Call::FreeInodes => return Ok(self.free_inodes()),
            Call::CheckQuotas => {
                for op in plan::quota_changes(&self.fs, self.now, DEFAULT_GRACE) {
                    self.run(&op);
                }
                return Ok(Answer::default());
            }
            other => unreachable!("{other:?}"),
        };
        self.run(&op);
        Ok(Answer::default())
    }

    fn free_inodes(&mut self) -> Answer {
        let mut sum = vec![0, 0];
        while let Some(op) = plan::plan_free_inodes(&self.fs, self.now, REUSE_DELAY, 3) {
            let outcome = self.run(&op);
            sum.iter_mut().enumerate().for_each(|(i, n)| *n += outcome.get(i).unwrap_or(0));
        }
        Answer::numbers(sum)
    }
}

/// Bytes of a node's contents, for comparisons.
pub(crate) fn length(view: &NodeView) -> u64 {
    if view.kind.has_chunks() { view.length() } else { 0 }
}

/// A borrowed symbolic link's target, or nothing.
pub(crate) fn target(fs: &Fs, inode: u32) -> &[u8] {
    let target = fs.symlink(Inode(inode)).unwrap_or_default();
    Bytes32::new(target).as_bytes()
}
