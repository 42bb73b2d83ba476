//! Names: finding, making, moving and removing them.

use super::Member;
use crate::core::Master;
use metadata::NodeView;
use metadata::plan::{
    self, Caller, LookedUp, NewNode, OpenRequest, attr_of, attr_of_entry, check_access, lookup, plan_link,
    plan_mkdir, plan_mknod, plan_rename, plan_rmdir, plan_symlink, plan_unlink, shown,
};
use ondisk::Op;
use proto::client_master as p;
use types::{Attr, Inode, NodeType, Reply, RestBytes, SessionId, Status};

/// Room that an attribute reply has for access modes with which data may be read or written (modes 2 to 7).
const DATA_MODES: u8 = 0xFC;

impl Master {
    pub(super) fn access(&self, m: &Member, q: &p::FuseAccess<'_>) -> Status {
        check_access(&self.fs, &Caller::new(&m.caps, q.cred), q.inode, q.mask).into()
    }

    pub(super) fn with_lookup(
        &mut self,
        m: &Member,
        q: &p::FuseLookup<'_>,
        send: impl FnOnce(&mut Master, &p::FuseLookupReply<'_>),
    ) {
        let caller = Caller::new(&m.caps, q.cred);
        let found = match lookup(&self.fs, &caller, q.parent, q.name) {
            Ok(found) => found,
            Err(status) => {
                return send(self, &p::FuseLookupReply { msgid: q.msgid, reply: Reply::Status(status) });
            }
        };
        let mut attr = attr_of_entry(&self.fs, &found.node, found.dir_eattr, &caller);
        let flags = self.lookup_flags(m, &found, &mut attr);
        let place = self.chunk_zero(m, &found);
        let inode = shown(&m.caps, found.node.inode);
        let (head, locations) = match place {
            Some((chunk, version, locations)) => (Some((chunk, version)), locations),
            None => (None, Vec::new()),
        };
        let copies = types::Rest::Items(&locations);
        let chunk0 = head.map(|(chunk, version)| p::ChunkPlace { chunk, version, copies });
        let reply = Reply::Body(p::LookupData { inode, attr, flags, chunk0 });
        send(self, &p::FuseLookupReply { msgid: q.msgid, reply });
    }

    fn lookup_flags(&mut self, m: &Member, found: &LookedUp, attr: &mut Attr) -> p::LookupFlags {
        use p::LookupFlags as F;
        let eattr = found.node.eattr;
        let mut flags = u16::from(found.access.0);
        let mut set = |bit, when: bool| flags |= if when { bit } else { 0 };
        set(F::READ_ONLY, m.caps.has(plan::SessionFlag::READ_ONLY));
        set(F::IMMUTABLE, eattr & NodeView::IMMUTABLE != 0);
        set(F::DIRECT, eattr & NodeView::NODATACACHE != 0);
        set(F::APPEND_ONLY, eattr & NodeView::APPENDONLY != 0);
        if found.node.kind == NodeType::File && found.access.0 & DATA_MODES != 0 {
            set(F::KEEP_CACHE, self.may_keep_cache(m.session, &found.node, attr));
        }
        F(flags)
    }

    /// KEEPCACHE of LOOKUP and OPEN; when it is not granted the attributes say so too.
    pub(super) fn may_keep_cache(&mut self, session: SessionId, node: &NodeView, attr: &mut Attr) -> bool {
        if node.eattr & NodeView::NODATACACHE != 0 {
            return false;
        }
        let keep = self.data_cache.query(node.inode, session);
        if !keep {
            attr.flags.0 &= !types::MattrFlags::ALLOW_DATA_CACHE;
        }
        keep
    }

    pub(super) fn readlink(&mut self, m: &Member, q: &p::FuseReadlink) -> Result<Vec<u8>, Status> {
        let caller = Caller::single(&m.caps, 0, 0);
        let (node, target) = plan::readlink(&self.fs, &caller, q.inode)?;
        let target = [target, b"\0"].concat();
        self.touch_atime(&node)?;
        Ok(target)
    }

    pub(super) fn mknod(&mut self, m: &Member, q: &p::FuseMknod<'_>) -> Result<(Inode, Attr), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let new = NewNode {
            parent: q.parent,
            name: q.name,
            kind: q.kind,
            mode: q.mode,
            umask: q.umask,
            rdev: q.rdev,
        };
        let op = plan_mknod(&self.fs, &caller, &new)?;
        self.make(&caller, q.parent, &op)
    }

    pub(super) fn mkdir(&mut self, m: &Member, q: &p::FuseMkdir<'_>) -> Result<(Inode, Attr), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let new = NewNode {
            parent: q.parent,
            name: q.name,
            kind: NodeType::Dir,
            mode: q.mode,
            umask: q.umask,
            rdev: 0,
        };
        let op = plan_mkdir(&self.fs, &caller, &new, q.copy_sgid != 0)?;
        self.make(&caller, q.parent, &op)
    }

    pub(super) fn symlink(&mut self, m: &Member, q: &p::FuseSymlink<'_>) -> Result<(Inode, Attr), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let op = plan_symlink(&self.fs, &caller, q.parent, q.name, q.target.without_nul())?;
        self.make(&caller, q.parent, &op)
    }

    pub(super) fn create(&mut self, m: &Member, q: &p::FuseCreate<'_>) -> Result<(u8, Inode, Attr), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let new = NewNode {
            parent: q.parent,
            name: q.name,
            kind: NodeType::File,
            mode: q.mode,
            umask: q.umask,
            rdev: 0,
        };
        let op = plan_mknod(&self.fs, &caller, &new)?;
        let (inode, mut attr) = self.make(&caller, q.parent, &op)?;
        self.acquire(m.session, inode)?;
        let node = self.fs.get(inode).ok_or(Status::ENOENT)?;
        let mut flags = open_flags(&node);
        if flags & OPEN_DIRECT == 0 {
            flags &= !OPEN_KEEP_CACHE;
            attr.flags.0 &= !types::MattrFlags::ALLOW_DATA_CACHE;
        }
        Ok((flags, inode, attr))
    }

    /// Runs an operation that yields a new inode, and looks at what has become of it.
    fn make(&mut self, caller: &Caller<'_>, parent: Inode, op: &Op<'_>) -> Result<(Inode, Attr), Status> {
        let outcome = self.run(op)?;
        let inode = Inode(outcome.get(0).and_then(|n| u32::try_from(n).ok()).ok_or(Status::IO)?);
        let node = self.fs.get(inode).ok_or(Status::IO)?;
        Ok((inode, self.attr_in(caller, parent, &node)))
    }

    /// Attributes of a node found in a directory.
    fn attr_in(&self, caller: &Caller<'_>, parent: Inode, node: &NodeView) -> Attr {
        let dir = plan::resolve_unchecked(&self.fs, caller.caps, parent);
        attr_of_entry(&self.fs, node, dir.map_or(0, |d| d.eattr), caller)
    }

    pub(super) fn unlink(&mut self, m: &Member, q: &p::FuseUnlink<'_>) -> Result<Inode, Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let removed = plan_unlink(&self.fs, &caller, q.parent, q.name)?;
        self.run(&removed.op)?;
        self.forget_if_gone(removed.node.inode);
        Ok(removed.node.inode)
    }

    pub(super) fn rmdir(&mut self, m: &Member, q: &p::FuseRmdir<'_>) -> Result<Inode, Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let removed = plan_rmdir(&self.fs, &caller, q.parent, q.name)?;
        self.run(&removed.op)?;
        Ok(removed.node.inode)
    }

    pub(super) fn rename(&mut self, m: &Member, q: &p::FuseRename<'_>) -> Result<(Inode, Attr), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let renamed = plan_rename(&self.fs, &caller, (q.src, q.src_name), (q.dst, q.dst_name))?;
        if let Some(op) = &renamed.op {
            self.run(op)?;
        }
        if let Some(replaced) = &renamed.replaced {
            self.forget_if_gone(replaced.inode);
        }
        let node = self.fs.get(renamed.node.inode).ok_or(Status::IO)?;
        Ok((shown(&m.caps, node.inode), self.attr_in(&caller, q.dst, &node)))
    }

    pub(super) fn link(&mut self, m: &Member, q: &p::FuseLink<'_>) -> Result<(Inode, Attr), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let op = plan_link(&self.fs, &caller, q.inode, q.parent, q.name, self.config.max_hard_links)?;
        self.run(&op)?;
        let node = plan::resolve_unchecked(&self.fs, &m.caps, q.inode)?;
        Ok((shown(&m.caps, node.inode), self.attr_in(&caller, q.parent, &node)))
    }

    fn forget_if_gone(&mut self, inode: Inode) {
        if self.fs.get(inode).is_none() {
            self.data_cache.removed(inode);
            self.reservations.remove(&inode);
        }
    }

    pub(super) fn with_readdir(
        &mut self,
        m: &Member,
        q: &p::FuseReaddir<'_>,
        send: impl FnOnce(&mut Master, &p::FuseReaddirReply<'_>),
    ) {
        let caller = Caller::new(&m.caps, q.cred);
        let (with_attr, part) = (q.flags & 1 != 0, (q.max_entries, q.edge));
        let listed = plan::list_directory(&self.fs, &mut self.bookmarks, &caller, q.inode, with_attr, part);
        let listed = listed.and_then(|l| self.touch_atime(&l.dir).map(|()| l));
        let reply = match &listed {
            Ok(l) => Reply::Body((l.next, RestBytes(&l.bytes))),
            Err(status) => Reply::Status(*status),
        };
        send(self, &p::FuseReaddirReply { msgid: q.msgid, reply });
    }

    pub(super) fn open(&mut self, m: &Member, q: &p::FuseOpen<'_>) -> Result<(u8, Attr), Status> {
        let caller = Caller::new(&m.caps, q.cred);
        let request = OpenRequest { inode: q.inode, flags: q.flags };
        let node = plan::check_open(&self.fs, &caller, request)?;
        if request.truncates() {
            self.run(&Op::Length { inode: node.inode, length: 0, set_mtime: true })?;
            // Like stock this says nothing about caches: of an empty file nobody reads any.
            self.reservations.remove(&node.inode);
        }
        self.acquire(m.session, node.inode)?;
        let node = self.fs.get(node.inode).ok_or(Status::ENOENT)?;
        let mut attr = attr_of(&self.fs, &node, &caller);
        let mut flags = open_flags(&node);
        if request.has(OpenRequest::CACHE_CLEARED) {
            self.data_cache.fetched(node.inode, m.session);
        }
        if self.may_keep_cache(m.session, &node, &mut attr) {
            flags |= OPEN_KEEP_CACHE;
        }
        Ok((flags, attr))
    }

    /// Notes that the session has the file open.
    fn acquire(&mut self, session: SessionId, inode: Inode) -> Result<(), Status> {
        if !self.fs.is_open_in(session, inode) {
            self.run(&Op::Acquire { session, inode })?;
        }
        Ok(())
    }

    /// READDIR and READLINK touch the access time in ATIME_MODE 0 (always) and 2 (when it tells something new).
    pub(super) fn touch_atime(&mut self, node: &NodeView) -> Result<(), Status> {
        let new = match self.config.atime_mode {
            0 => node.atime.low() != self.now,
            2 => crate::core::relatime(node, self.now),
            _ => false,
        };
        if new {
            self.run(&Op::Access { inode: node.inode })?;
        }
        Ok(())
    }
}

/// OPEN and CREATE: the kernel's cache may be kept.
const OPEN_KEEP_CACHE: u8 = 0x01;
/// OPEN and CREATE: data must not be cached.
const OPEN_DIRECT: u8 = 0x02;
/// OPEN and CREATE: the file is append only.
const OPEN_APPEND_ONLY: u8 = 0x04;

fn open_flags(node: &NodeView) -> u8 {
    let mut flags = 0;
    flags |= if node.eattr & NodeView::NODATACACHE != 0 { OPEN_DIRECT } else { 0 };
    flags |= if node.eattr & NodeView::APPENDONLY != 0 { OPEN_APPEND_ONLY } else { 0 };
    flags
}
