//! Random operations that make sense in the state they meet.

#![allow(dead_code, reason = "each test file uses a part")]

use metadata::Fs;
use ondisk::{
    AclEntries, AttrExtra, CsdbAction, Line, LockKind, MaskList, NewNode, Op, Outcome, QuotaLimits,
    SclassCounts, SessionFields, SnapshotGids,
};
use types::{
    Bytes32, CHUNK_SIZE, ChunkId, ChunkIndex, ChunkVersion, Gids, Inode, Name, NodeType, SessionId, Time,
};

/// A small generator of numbers that look random.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

const NAMES: [&[u8]; 8] = [b"a", b"b", b"c,d", b"(e)", b"f%", b"long-name-of-a-file", b"\xC3\xA9", b"h"];
const UIDS: [u32; 4] = [0, 0, 1001, 1002];
const GIDS: [&[u32]; 4] = [&[0], &[1001, 20], &[1002, 20, 1001], &[50]];
const CLASSES: [&[u8]; 4] = [b"cls-a", b"cls-b", b"cls-c", b"3"];

/// What a run remembers beside the state.
pub(crate) struct World {
    pub(crate) fs: Fs,
    pub(crate) ts: u32,
    pub(crate) dice: Dice,
    /// Lines for our own replay.
    pub(crate) log: Vec<u8>,
    /// Owned bytes that operations borrow.
    gid_bytes: Vec<u8>,
    blob: Vec<u8>,
    name: Vec<u8>,
}

impl World {
    pub(crate) fn new(seed: u64, ts: u32) -> Self {
        let (log, gid_bytes, blob, name) = Default::default();
        let mut world = World { fs: Fs::new_empty(ts), ts, dice: Dice(seed), log, gid_bytes, blob, name };
        // The times of a new root are those of the clock, and not in the log.
        let [atime, mtime, ctime] = [Time::from(ts); 3];
        world.run(Op::AmTime { inode: types::ROOT, atime, mtime, ctime }, &Outcome::none());
        world.run(Op::SetMetaId { id: u64::from(ts) << 32 | 77 }, &Outcome::none());
        world
    }

    /// Applies and logs an operation; what is refused is not logged.
    pub(crate) fn run(&mut self, op: Op<'_>, decided: &Outcome) -> bool {
        let version = self.fs.version();
        let ts = self.fine(self.ts);
        match self.fs.apply_decided(ts, &op, decided) {
            Ok(outcome) => {
                Line { version, ts, op, outcome }.write(&mut self.log);
                true
            }
            Err(_) => false,
        }
    }

    /// A moment within a second, a whole one every third time.
    fn fine(&self, seconds: u32) -> Time {
        let version = self.fs.version();
        let nanos = if version.is_multiple_of(3) { 0 } else { version * 7_919_999 % 1_000_000_000 };
        Time::new(seconds.into(), nanos as u32)
    }

    fn nodes(&self, wanted: impl Fn(NodeType) -> bool) -> Vec<Inode> {
        let mut at = Inode(1);
        let mut all = Vec::new();
        while let Some(inode) = self.fs.next_node(at) {
            if wanted(self.fs.get(inode).unwrap().kind) {
                all.push(inode);
            }
            at = Inode(inode.0 + 1);
        }
        all
    }

    fn one(&mut self, wanted: impl Fn(NodeType) -> bool) -> Inode {
        let all = self.nodes(wanted);
        if all.is_empty() { types::ROOT } else { self.dice.pick(&all) }
    }

    fn dir(&mut self) -> Inode {
        self.one(|kind| kind == NodeType::Dir)
    }

    fn file(&mut self) -> Inode {
        self.one(NodeType::has_chunks)
    }

    fn trash(&mut self) -> Inode {
        self.one(|kind| kind == NodeType::Trash)
    }

    fn any(&mut self) -> Inode {
        self.one(|_| true)
    }

    /// A name, mostly one that exists.
    fn entry(&mut self) -> (Inode, Vec<u8>) {
        let dir = self.dir();
        let names: Vec<Vec<u8>> =
            self.fs.read_dir(dir, metadata::Cursor::start()).map(|e| e.name.to_vec()).collect();
        if names.is_empty() || self.dice.chance(5) {
            return (dir, self.dice.pick(&NAMES).to_vec());
        }
        let at = self.dice.below(names.len() as u64) as usize;
        (dir, names[at].clone())
    }

    fn session(&mut self) -> SessionId {
        let all: Vec<SessionId> = self.fs.sessions().map(|(id, _)| id).collect();
        if all.is_empty() { SessionId(1) } else { self.dice.pick(&all) }
    }

    fn chunk(&mut self) -> ChunkId {
        let mut all: Vec<ChunkId> = self.fs.chunks().map(|c| c.id).collect();
        all.sort();
        if all.is_empty() { ChunkId(1) } else { self.dice.pick(&all) }
    }

    /// A place in a file that holds a chunk.
    fn slot(&mut self) -> (Inode, ChunkIndex, ChunkId) {
        let file = self.file();
        let chunks = self.fs.chunks_of(file, ChunkIndex(0));
        match chunks.is_empty() {
            true => (file, ChunkIndex(0), ChunkId(0)),
            false => {
                let (index, id) = self.dice.pick(&chunks);
                (file, index, id)
            }
        }
    }

    /// One step: an operation of a random kind.
    pub(crate) fn step(&mut self) {
        if self.dice.chance(30) {
            self.ts += self.dice.below(40) as u32;
        }
        match self.dice.below(100) {
            0..=24 => self.step_names(),
            25..=34 => self.step_attrs(),
            35..=54 => self.step_data(),
            55..=62 => self.step_snapshot(),
            63..=72 => self.step_trash(),
            73..=84 => self.step_sessions(),
            85..=94 => self.step_recursive(),
            _ => self.step_cluster(),
        };
    }

    /// One step that only makes, names, moves, removes or describes nodes, or sets lengths.
    pub(crate) fn plain_step(&mut self) -> bool {
        self.ts += 1;
        let inode = self.any();
        let (uid, gid) = (self.dice.pick(&UIDS), self.dice.pick(&UIDS));
        match self.dice.below(10) {
            0 => {
                let mode = self.dice.pick(&[0o755, 0o2775, 0o600]);
                let (atime, mtime) = (self.fine(self.ts + 1), Time::from(self.ts + 2));
                let extra = AttrExtra::default();
                self.run(Op::Attr { inode, mode, uid, gid, atime, mtime, extra }, &Outcome::none())
            }
            1 => {
                let length = self.dice.below(1 << 30);
                self.run(Op::Length { inode, length, set_mtime: true }, &Outcome::none())
            }
            _ => self.step_names(),
        }
    }

    fn fresh_name(&mut self) -> Vec<u8> {
        self.name = self.dice.pick(&NAMES).to_vec();
        if self.dice.chance(20) {
            self.name.extend_from_slice(self.dice.below(50).to_string().as_bytes());
        }
        self.name.clone()
    }

    fn step_names(&mut self) -> bool {
        use NodeType::*;
        let parent = self.dir();
        let name = self.fresh_name();
        let name = Name::new(&name).unwrap();
        let (uid, gid) = (self.dice.pick(&UIDS), self.dice.pick(&UIDS));
        let op = match self.dice.below(20) {
            0..=9 => {
                let kind =
                    self.dice.pick(&[File, File, File, File, Dir, Dir, Dir, Fifo, BlockDev, CharDev, Socket]);
                let mode = self.dice.pick(&[0o777, 0o644, 0o2755, 0o700, 0o4711, 0o1777, 0o600]);
                let node = NewNode { kind, mode, umask: self.dice.pick(&[0o22, 0o77, 0]) };
                let rdev = if matches!(kind, BlockDev | CharDev) { 0x801 } else { 0 };
                return self.run(Op::Create { parent, name, node, uid, gid, rdev }, &Outcome::none());
            }
            10 => Op::Symlink { parent, name, target: Bytes32::new(b"../x y,(%)"), uid, gid },
            11 | 12 => Op::Link { inode: self.any(), parent, name },
            13..=15 => {
                let (parent, name) = self.entry();
                let name = Name::new(&name).unwrap();
                return self.run(Op::Unlink { parent, name }, &Outcome::none());
            }
            _ => {
                let (src_parent, src) = self.entry();
                let (dst_parent, dst) =
                    if self.dice.chance(40) { self.entry() } else { (parent, name.as_bytes().to_vec()) };
                return self.rename((src_parent, &src), (dst_parent, &dst));
            }
        };
        self.run(op, &Outcome::none())
    }

    /// A rename that a planner would let pass: same kinds, not onto itself.
    fn rename(&mut self, (src_parent, src): (Inode, &[u8]), (dst_parent, dst): (Inode, &[u8])) -> bool {
        let from = self.fs.lookup(src_parent, src);
        let to = self.fs.lookup(dst_parent, dst);
        let is_dir = |inode: Inode| self.fs.get(inode).unwrap().is_dir();
        let fine = from.is_some_and(|from| to.is_none_or(|to| to != from && is_dir(to) == is_dir(from)));
        let (src_name, dst_name) = (Name::new(src).unwrap(), Name::new(dst).unwrap());
        fine && self.run(Op::Move { src_parent, src_name, dst_parent, dst_name }, &Outcome::none())
    }

    fn acl(&mut self) -> Op<'_> {
        let inode = self.any();
        let is_dir = self.fs.get(inode).unwrap().is_dir();
        let kind = if is_dir && self.dice.chance(60) { 2 } else { 1 };
        let perm = |dice: &mut Dice| dice.below(8) as u16;
        let (user, group, other) = (perm(&mut self.dice), perm(&mut self.dice), perm(&mut self.dice));
        self.blob.clear();
        let (mut users, mut groups) = (0, 0);
        if self.dice.chance(60) {
            (users, groups) = (1, 1);
            for id in [1001u32, 20] {
                self.blob.extend_from_slice(&id.to_be_bytes());
                let perm = perm(&mut self.dice);
                self.blob.extend_from_slice(&perm.to_be_bytes());
            }
        }
        let mask = if users > 0 || self.dice.chance(30) { perm(&mut self.dice) } else { 0xFFFF };
        let mode = self.dice.pick(&[0o750, 0o644, 0o711]);
        let change_ctime = self.dice.chance(50);
        if self.dice.chance(15) {
            let unset = 0xFFFF;
            let named = AclEntries::default();
            return Op::SetAcl {
                inode,
                mode,
                change_ctime,
                kind,
                user: unset,
                group: unset,
                other: unset,
                mask: unset,
                named,
            };
        }
        let named = AclEntries::new(users, groups, &self.blob).unwrap();
        Op::SetAcl { inode, mode, change_ctime, kind, user, group, other, mask, named }
    }

    fn step_attrs(&mut self) -> bool {
        let inode = self.any();
        let (uid, gid) = (self.dice.pick(&UIDS), self.dice.pick(&UIDS));
        let far = Time::new((1 << 32) + i64::from(self.ts), 1);
        let times = [self.fine(self.ts), Time::from(self.ts - 100), self.fine(self.ts + 5), far];
        let time = |dice: &mut Dice| dice.pick(&times);
        let (atime, mtime, ctime) = (time(&mut self.dice), time(&mut self.dice), time(&mut self.dice));
        let op = match self.dice.below(8) {
            0 => Op::Access { inode },
            1 => Op::AmTime { inode, atime, mtime, ctime },
            2 => {
                let mode = self.dice.pick(&[0o644, 0o755, 0o1700, 0o2770, 0o4755, 0o000]);
                let extra = AttrExtra {
                    winattr: self.dice.below(4) as u8,
                    aclmode: self.dice.pick(&[0, 0o10751, 0o751]),
                };
                Op::Attr { inode, mode, uid, gid, atime, mtime, extra }
            }
            3 | 4 => {
                let name = self.dice.pick(&[b"user.x".as_slice(), b"user.y", b"trusted.z"]);
                let mode = self.dice.below(4) as u8;
                let value: &[u8] = if mode == 3 { b"" } else { b"\0v,(%)" };
                let (name, value) = (Name::new(name).unwrap(), Bytes32::new(value));
                Op::SetXattr { inode, name, value, mode }
            }
            5 => {
                let inode = self.dir();
                let limits = QuotaLimits { soft_inodes: 3, hard_length: 1 << 40, ..QuotaLimits::default() };
                let flags = self.dice.pick(&[0, 0x21, 0x21]);
                Op::Quota { inode, exceeded: false, flags, stamp: 0, limits, grace: self.dice.pick(&[0, 60]) }
            }
            _ => {
                let mut blob = std::mem::take(&mut self.blob);
                let op = self.acl();
                // The entries are moved out, so that the world can be written while they are read.
                let Op::SetAcl { inode, mode, change_ctime, kind, user, group, other, mask, named } = op
                else {
                    return false;
                };
                let (users, groups) = (named.user_count(), named.group_count());
                blob.clear();
                blob.extend_from_slice(named.as_bytes());
                let named = AclEntries::new(users, groups, &blob).unwrap();
                let op = Op::SetAcl { inode, mode, change_ctime, kind, user, group, other, mask, named };
                return self.run(op, &Outcome::none());
            }
        };
        self.run(op, &Outcome::none())
    }

    fn step_data(&mut self) -> bool {
        let inode = self.file();
        let length = self.fs.get(inode).unwrap().length();
        let op = match self.dice.below(20) {
            0..=8 => {
                let slots = length.div_ceil(CHUNK_SIZE) as u32;
                let index = ChunkIndex(self.dice.below(u64::from(slots.min(6)) + 2) as u32);
                let (new_version, set_mtime) = (self.dice.chance(50), self.dice.chance(50));
                Op::Write { inode, index, new_version, set_mtime }
            }
            9..=13 => {
                let sizes = [
                    0,
                    1,
                    4096,
                    CHUNK_SIZE,
                    CHUNK_SIZE + 1,
                    3 * CHUNK_SIZE,
                    2 * CHUNK_SIZE - 1,
                    5 * CHUNK_SIZE,
                ];
                Op::Length { inode, length: self.dice.pick(&sizes), set_mtime: self.dice.chance(50) }
            }
            14 => {
                let (inode, index, _) = self.slot();
                Op::Trunc { inode, index }
            }
            15 => Op::Unlock { chunk: self.chunk() },
            16 => {
                let (inode, index, cur) = self.slot();
                let prev = if self.dice.chance(50) { cur } else { self.chunk() };
                Op::Rollback { inode, index, prev, cur }
            }
            17 => {
                let (inode, index, old) = self.slot();
                if old.0 == 0 {
                    return false;
                }
                Op::SetFileChunk { inode, index, chunk: self.chunk() }
            }
            _ => {
                let src = self.file();
                let range =
                    [None, Some((ChunkIndex(0), ChunkIndex(0))), Some((ChunkIndex(1), ChunkIndex(2)))];
                Op::Append { dst: inode, src, range: self.dice.pick(&range) }
            }
        };
        self.run(op, &Outcome::none())
    }

    fn step_snapshot(&mut self) -> bool {
        let (uid, gids) = (self.dice.pick(&UIDS), self.dice.pick(&GIDS));
        self.gid_bytes = gids.iter().flat_map(|gid| gid.to_be_bytes()).collect();
        let gid_bytes = self.gid_bytes.clone();
        let gids = SnapshotGids(Gids::from_be_bytes(&gid_bytes).unwrap());
        let session_flags = self.dice.pick(&[8, 0x48, 0x4C]);
        let umask = self.dice.pick(&[0o22, 0o77]);
        let delete = self.dice.chance(30);
        let (parent, name) =
            if delete || self.dice.chance(50) { self.entry() } else { (self.dir(), self.fresh_name()) };
        let name = Name::new(&name).unwrap();
        let src =
            if delete { Inode(0) } else { self.one(|k| !matches!(k, NodeType::Trash | NodeType::Sustained)) };
        let mode = if delete { 0x80 } else { self.dice.below(4) as u8 | self.dice.pick(&[0, 8]) };
        // Copies of copies grow without end.
        let too_big = !delete && self.fs.stats(src).is_some_and(|stats| stats.inodes > 25);
        !too_big
            && self.run(
                Op::Snapshot { src, parent, name, mode, session_flags, uid, gids, umask },
                &Outcome::none(),
            )
    }

    fn step_trash(&mut self) -> bool {
        let inode = self.trash();
        let op = match self.dice.below(10) {
            0 => Op::SetPath {
                inode,
                path: Bytes32::new(self.dice.pick(&[b"a/new/path".as_slice(), b"x", b"a/b/c,d"])),
            },
            1 | 2 => Op::Undel { inode },
            3 => Op::Purge { inode },
            4 => {
                self.ts += self.dice.pick(&[0, 3600, 90_000]);
                Op::EmptyTrash { bucket: self.dice.pick(&[None, Some(inode.0 % 4096)]) }
            }
            5 => {
                let inode = self.one(|kind| kind == NodeType::Sustained);
                Op::EmptySustained { bucket: self.dice.pick(&[None, Some(inode.0 % 256)]) }
            }
            6 | 7 => {
                let bucket = self.dice.pick(&[None, Some(inode.0 % 4096)]);
                Op::EmptyTrash { bucket }
            }
            8 => Op::FreeInodes { delay: self.dice.pick(&[0, 100, 86_400]) },
            _ if self.dice.chance(20) => Op::RenumerateEdges {},
            _ => Op::Purge { inode },
        };
        self.run(op, &Outcome::none())
    }

    fn step_sessions(&mut self) -> bool {
        let session = self.session();
        if self.fs.session(session).is_none() {
            let fields = SessionFields { info: Bytes32::new(b"/mnt"), ..SessionFields::default() };
            return self.run(Op::SesAdd { fields }, &Outcome::none());
        }
        let inode = self.file();
        let owner = self.dice.below(3);
        let kind = self.dice.pick(&[LockKind::Shared, LockKind::Exclusive, LockKind::Unlock]);
        let fields = SessionFields {
            exports_csum: 99,
            root: Inode(1),
            flags: 8,
            max_goal: 9,
            ip: 0x0A00_0001,
            info: Bytes32::new(b"/mnt/(x)"),
            ..SessionFields::default()
        };
        let is_open = self.fs.is_open_in(session, inode);
        let op = match self.dice.below(16) {
            0 => Op::SesAdd { fields },
            1 => Op::SesChanged { session, fields: SessionFields { umask: 0o77, ..fields } },
            2 if self.dice.chance(30) => {
                let locks = self.fs.all_flocks().map(|(inode, lock)| (inode, *lock)).collect();
                self.unlock_all(session, locks);
                Op::SesDel { session }
            }
            3 => Op::SesDisconnected { session },
            4..=7 => Op::Acquire { session, inode },
            8 | 9 => {
                let open: Vec<Inode> = self.fs.open_files(session).collect();
                let inode = if open.is_empty() { inode } else { self.dice.pick(&open) };
                let locks = self.fs.flocks(inode).iter().map(|lock| (inode, *lock)).collect();
                self.unlock_all(session, locks);
                Op::Release { session, inode }
            }
            10 | 11 if is_open => {
                let held = self.fs.flocks(inode).iter().any(|l| (l.session, l.owner) == (session, owner));
                if held != (kind == LockKind::Unlock) {
                    return false;
                }
                Op::Flock { inode, session, owner, kind }
            }
            _ => return self.posix_lock(session, owner, kind),
        };
        self.run(op, &Outcome::none())
    }

    /// Logs the removal of a session's BSD locks, as a master does before it closes files.
    fn unlock_all(&mut self, session: SessionId, locks: Vec<(Inode, metadata::Flock)>) {
        for (inode, lock) in locks.into_iter().filter(|(_, lock)| lock.session == session) {
            let op = Op::Flock { inode, session, owner: lock.owner, kind: LockKind::Unlock };
            self.run(op, &Outcome::none());
        }
    }

    /// A POSIX lock that nobody holds against.
    fn posix_lock(&mut self, session: SessionId, owner: u64, kind: LockKind) -> bool {
        let open: Vec<Inode> = self.fs.open_files(session).collect();
        if open.is_empty() {
            return false;
        }
        let inode = self.dice.pick(&open);
        let start = self.dice.below(40);
        let end = if self.dice.chance(10) { u64::MAX } else { start + 1 + self.dice.below(40) };
        let (holder, range) = ((session, owner), (start, end));
        let unlock = kind == LockKind::Unlock;
        if !unlock && self.fs.posix_lock_conflicts(inode, holder, range, kind == LockKind::Exclusive) {
            return false;
        }
        let pid = if unlock { 0 } else { 100 + owner as u32 };
        self.run(Op::PosixLock { inode, session, owner, kind, start, end, pid }, &Outcome::none())
    }

    fn step_recursive(&mut self) -> bool {
        let inode = self.any();
        let uid = self.dice.pick(&UIDS);
        let deep = self.dice.pick(&[0, 4]);
        let op = match self.dice.below(4) {
            0 => {
                let kind = self.dice.below(4) as u8;
                let dst = match self.dice.chance(30) && matches!(kind, 0 | 3) {
                    true => self.fs.sclasses().map(|(id, _)| id).last().unwrap(),
                    false => 1 + self.dice.below(4) as u8,
                };
                let src = if kind == 3 { 1 + self.dice.below(4) as u8 } else { dst };
                Op::SetSclass { inode, uid, src, dst, smode: kind | deep }
            }
            1 => {
                let seconds = self.dice.pick(&[0, 1, 3600, 3601, 86_400, 1_000_000]);
                Op::SetTrashTime { inode, uid, seconds, smode: self.dice.below(3) as u8 | deep }
            }
            2 => {
                let bits = self.dice.pick(&[0x01, 0x02, 0x04, 0x08, 0x20, 0x40, 0x80, 0x05, 0]);
                Op::SetEattr { inode, uid, bits, smode: self.dice.pick(&[0, 1, 2, 2]) | deep }
            }
            _ => Op::ArchChg { inode, uid, cmd: self.dice.below(2) as u8 },
        };
        self.run(op, &Outcome::none())
    }

    fn step_cluster(&mut self) -> bool {
        let (ip, port) = (0x0A00_0010 + self.dice.below(4) as u32, 9422);
        let name = Name::new(self.dice.pick(&CLASSES)).unwrap();
        let other = Name::new(self.dice.pick(&CLASSES)).unwrap();
        let chunk = self.chunk();
        let version = self.fs.chunk(chunk).map_or(ChunkVersion(1), |c| c.version);
        let op = match self.dice.below(16) {
            0 => Op::Csdb { action: CsdbAction::Add, ip, port, arg: 0 },
            1 => Op::Csdb { action: CsdbAction::NewId, ip, port, arg: ip & 15 },
            2 => Op::Csdb {
                action: self.dice.pick(&[CsdbAction::Delete, CsdbAction::MaintenanceOff]),
                ip,
                port,
                arg: 0,
            },
            3 => Op::Csdb { action: CsdbAction::NewAddress, ip, port, arg: 1 + self.dice.below(3) as u32 },
            4 => {
                let action = self.dice.pick(&[CsdbAction::MaintenanceOn, CsdbAction::MaintenanceTemporary]);
                Op::Csdb { action, ip, port, arg: self.ts + 10 }
            }
            5..=7 => {
                let counts = SclassCounts {
                    create: 1 + self.dice.below(3) as u8,
                    keep: 1 + self.dice.below(3) as u8,
                    archive: 1 + self.dice.below(3) as u8,
                };
                let terms = counts.create + counts.keep + counts.archive;
                let masks: Vec<u8> = (0..terms)
                    .flat_map(|_| {
                        let first = self.dice.below(4) as u32;
                        [first, 0, 0, 0].into_iter().flat_map(u32::to_be_bytes)
                    })
                    .collect();
                let masks = MaskList::from_be_bytes(&masks).unwrap();
                let (new, mode) = (self.dice.chance(60), self.dice.below(3) as u8);
                let op = Op::ScSet { name, new, counts, mode, arch_delay: 3, admin_only: false, masks };
                return self.run(op, &Outcome::none());
            }
            8 => Op::ScDup { src: name, dst: other },
            9 => Op::ScRen { old: name, new: other },
            10 => Op::ScDel { name },
            11 => {
                let chunk = ChunkId(self.fs.next_chunk_id().0 + self.dice.below(3));
                let locked_to = self.dice.pick(&[0, self.ts + 1000]);
                Op::ChunkAdd { chunk, version: ChunkVersion(3), locked_to }
            }
            12 | 13 => Op::ChunkDel { chunk, version },
            14 => Op::SetVersion { chunk, version: ChunkVersion(version.0 + 2) },
            _ => Op::IncVersion { chunk },
        };
        self.run(op, &Outcome::none())
    }
}
