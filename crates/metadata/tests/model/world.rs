//! Sessions, users, and requests by chance.

use crate::naive::{MIB64, Naive, Node};
use crate::requests::{Bytes, Call, Entry, Request};
use metadata::plan::{SessionCaps, SetAttr};
use ondisk::QuotaLimits;
use types::{Inode, NodeType};

/// Hard links a node may have; few, so that the limit is met.
pub(crate) const MAX_LINKS: u32 = 9;
/// Grace of soft quotas that name none, seconds.
pub(crate) const DEFAULT_GRACE: u32 = 7 * 86_400;
/// Seconds until a number can be used again.
pub(crate) const REUSE_DELAY: u32 = 86_400;
/// When the file system is made.
pub(crate) const BORN: u32 = 1_700_000_000;

/// Users, and their groups.
pub(crate) const WHO: [(u32, &[u32]); 5] =
    [(0, &[0]), (1000, &[1000, 20]), (1001, &[1001, 20, 30]), (1002, &[30]), (50, &[51, 1000])];

/// Sessions: with all rights, without admin rights, root squashed, read-only, all mapped, groups ignored, of a
/// subdirectory, of the trash, of the trash read-only, and two with operations disabled.
pub(crate) fn sessions() -> Vec<SessionCaps> {
    let all = SessionCaps {
        fine_times: false,
        root: Inode(1),
        flags: 0x48,
        umask: 0,
        disables: 0,
        root_ids: (0, 0),
        mapall_ids: (999, 999),
        goals: (1, 9),
        trash_times: (0, u32::MAX),
    };
    vec![
        all,
        SessionCaps { flags: 0x40, goals: (2, 4), trash_times: (3600, 100_000), ..all },
        SessionCaps { root_ids: (999, 998), umask: 0o022, ..all },
        SessionCaps { flags: 0x41, ..all },
        SessionCaps { flags: 0x50, root_ids: (50, 51), mapall_ids: (50, 51), ..all },
        SessionCaps { flags: 0x4C, ..all },
        SessionCaps { root: Inode(2), umask: 0o027, ..all },
        SessionCaps { root: Inode(0), ..all },
        SessionCaps { root: Inode(0), flags: 0x49, ..all },
        SessionCaps { disables: 0x155_5555, ..all },
        SessionCaps { disables: 0x0AA_AAAA, ..all },
    ]
}

/// A small generator of numbers that look random.
pub(crate) struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

const NAMES: [&[u8]; 12] =
    [b"a", b"b", b"c", b"d", b"e", b"f,(%", b"\xC3\xA9", b"g\n", b"h", b"i", b"j", &[b'x'; 255]];
const BAD_NAMES: [&[u8]; 5] = [b"", b".", b"..", b"a/b", b"a\0"];
const MODES: [u16; 12] =
    [0o755, 0o644, 0o777, 0o700, 0o070, 0o007, 0o2775, 0o1777, 0o6755, 0o4711, 0o2770, 0];
const EATTRS: [u8; 12] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x05, 0x30, 0xE0, 0];
/// Nodes from which on less is made and more removed.
const MANY: usize = 150;

/// Makes up requests that often make sense.
pub(crate) struct Chance {
    dice: Dice,
    now: u32,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Chance { dice: Dice(seed), now: BORN }
    }

    pub(crate) fn request(&mut self, fs: &Naive) -> Request {
        match self.dice.below(400) {
            0 => self.now += 90_000,
            1 | 2 => self.now += 7200,
            3 => self.now -= 20,
            4..100 => self.now += self.dice.below(3) as u32,
            _ => {}
        }
        let root = self.dice.one_in(2);
        let mut session = if root || self.dice.one_in(3) { 0 } else { self.dice.below(11) as usize };
        let mut who = if root || self.dice.one_in(4) { 0 } else { self.dice.below(5) as usize };
        let call = if self.dice.one_in(30) {
            (session, who) = (0, 0);
            self.set_free(fs)
        } else if fs.nodes.len() > MANY && (self.dice.one_in(3) || fs.nodes.len() > 2 * MANY) {
            (session, who) = (0, 0);
            self.clean_up(fs)
        } else {
            self.call(fs)
        };
        use Call::{ListDeleted, Purge, SetTrashPath, TrashPath, Undelete};
        let of_trash =
            matches!(call, ListDeleted | Purge(_) | SetTrashPath { .. } | TrashPath(_) | Undelete(_));
        if of_trash && !self.dice.one_in(5) {
            session = 7;
        }
        Request { now: self.now, session, who, call }
    }

    fn any(&mut self, fs: &Naive) -> u32 {
        if self.dice.one_in(60) {
            return self.dice.below(400) as u32;
        }
        let all: Vec<u32> = fs.nodes.keys().copied().collect();
        self.dice.pick(&all)
    }

    fn of(&mut self, fs: &Naive, wanted: impl Fn(NodeType) -> bool) -> u32 {
        let all: Vec<u32> = fs.nodes.iter().filter(|(_, n)| wanted(n.kind)).map(|(i, _)| *i).collect();
        if all.is_empty() || self.dice.one_in(40) { self.any(fs) } else { self.dice.pick(&all) }
    }

    fn dir(&mut self, fs: &Naive) -> u32 {
        self.of(fs, |kind| kind == NodeType::Dir)
    }

    fn file(&mut self, fs: &Naive) -> u32 {
        self.of(fs, NodeType::has_chunks)
    }

    fn trash(&mut self, fs: &Naive) -> u32 {
        self.of(fs, |kind| kind == NodeType::Trash)
    }

    fn name(&mut self) -> Bytes {
        if self.dice.one_in(50) { self.dice.pick(&BAD_NAMES) } else { self.dice.pick(&NAMES) }.to_vec()
    }

    fn place(&mut self, fs: &Naive) -> Entry {
        (self.dir(fs), self.name())
    }

    /// A name that exists, mostly.
    fn entry(&mut self, fs: &Naive) -> Entry {
        let links = fs.nodes.iter().flat_map(|(dir, node)| node.entries.iter().map(move |link| (dir, link)));
        let all: Vec<Entry> = links.map(|(dir, link)| (*dir, link.name.clone())).collect();
        if all.is_empty() || self.dice.one_in(20) { self.place(fs) } else { self.dice.pick(&all) }
    }

    /// An extended attribute that exists, mostly.
    fn xattr(&mut self, fs: &Naive) -> (u32, Bytes) {
        let all: Vec<(u32, Bytes)> = fs
            .nodes
            .iter()
            .flat_map(|(inode, node)| node.xattrs.iter().map(|(name, _)| (*inode, name.clone())))
            .collect();
        let names: [&[u8]; 7] = [b"user.x", b"user.y", b"trusted.z", b"security.s", b"system.q", b"", b"\0"];
        if all.is_empty() || self.dice.one_in(3) {
            (self.any(fs), self.dice.pick(&names).to_vec())
        } else {
            self.dice.pick(&all)
        }
    }

    fn length(&mut self) -> u64 {
        let m = MIB64;
        let usual = [0, 1, 4096, 65_536, 100_000, m - 1, m, m + 1, 2 * m, 3 * m + 5, 5 * m, 6 * m - 70_000];
        match self.dice.below(60) {
            0 => self.dice.pick(&[(m << 31) + 1, u64::MAX]),
            _ => self.dice.pick(&usual),
        }
    }

    fn index(&mut self) -> u32 {
        if self.dice.one_in(60) { 0x8000_0000 } else { self.dice.below(6) as u32 }
    }

    fn smode(&mut self) -> u8 {
        if self.dice.one_in(40) { 8 } else { self.dice.below(8) as u8 }
    }

    fn mask(&mut self) -> u16 {
        self.dice.pick(&[0o022, 0o077, 0, 0o027])
    }

    /// Takes away what makes everything impossible.
    fn set_free(&mut self, fs: &Naive) -> Call {
        let limited = fs.nodes.iter().find(|(_, node)| node.quota.is_some()).map(|(inode, _)| *inode);
        match limited {
            Some(dir) if self.dice.one_in(2) => Call::DeleteQuota { dir, flags: 0xFF },
            _ => Call::SetEattr { inode: 1, bits: 0xE0, smode: 6 },
        }
    }

    /// A name of a node that `which` likes.
    fn entry_of(&mut self, fs: &Naive, which: impl Fn(&Node) -> bool) -> Entry {
        let links = fs.nodes.iter().flat_map(|(dir, node)| node.entries.iter().map(move |link| (dir, link)));
        let liked = links.filter(|(_, link)| which(fs.get(link.inode)));
        let all: Vec<Entry> = liked.map(|(dir, link)| (*dir, link.name.clone())).collect();
        if all.is_empty() { self.entry(fs) } else { self.dice.pick(&all) }
    }

    fn clean_up(&mut self, fs: &Naive) -> Call {
        match self.dice.below(12) {
            0..=6 => {
                let at = self.entry_of(fs, |node| node.entries.is_empty());
                let is_dir = fs.child(at.0, &at.1).is_some_and(|inode| fs.get(inode).is_dir());
                if is_dir { Call::Rmdir(at) } else { Call::Unlink(at) }
            }
            7..=9 => Call::Purge(self.trash(fs)),
            10 => Call::Snapshot { src: 0, at: self.entry(fs), mode: 0x84, umask: 0 },
            _ => {
                self.now += 43_200;
                Call::EmptyTrash
            }
        }
    }

    fn call(&mut self, fs: &Naive) -> Call {
        match self.dice.below(100) {
            0..=11 => self.reading(fs),
            12..=27 => self.making(fs),
            28..=40 => self.moving(fs),
            41..=50 => self.attributes(fs),
            51..=66 => self.contents(fs),
            67..=74 => self.xattrs(fs),
            75..=84 => self.trees(fs),
            85..=89 => self.snapshots(fs),
            _ => self.deleted(fs),
        }
    }

    fn reading(&mut self, fs: &Naive) -> Call {
        match self.dice.below(9) {
            0 | 1 => Call::Lookup(self.entry(fs)),
            2 => Call::Access { inode: self.any(fs), mask: self.dice.below(8) as u16 },
            3 => Call::Readlink(self.of(fs, |kind| kind == NodeType::Symlink)),
            4 => Call::Getattr { inode: self.any(fs), opened: self.dice.one_in(3) },
            5 => {
                let part = self.dice.pick(&[u32::MAX, 1, 2, 5]);
                Call::Readdir { dir: self.dir(fs), with_attr: self.dice.one_in(2), part }
            }
            6 => Call::DirStats(self.any(fs)),
            7 => Call::Parents(self.any(fs)),
            _ => Call::Paths(self.any(fs)),
        }
    }

    fn making(&mut self, fs: &Naive) -> Call {
        use NodeType::*;
        let at = self.place(fs);
        let (mode, umask) = (self.dice.pick(&MODES), self.mask());
        match self.dice.below(10) {
            0..=1 => Call::Mkdir { at, mode, umask, copy_sgid: self.dice.one_in(2) },
            2..=7 => {
                let kind = self.dice.pick(&[
                    File, File, File, File, File, File, File, Fifo, BlockDev, CharDev, Socket, Dir, Trash,
                ]);
                Call::Mknod { at, kind, mode, umask, rdev: self.dice.pick(&[0, 0x801]) }
            }
            8 => {
                let target =
                    self.dice.pick(&[&b"../x y,(%)"[..], b"t", b"", b"n\0l", &[b'z'; 4096], &[b'z'; 4097]]);
                Call::Symlink { at, target: target.to_vec() }
            }
            _ => Call::Link { inode: self.any(fs), at },
        }
    }

    fn moving(&mut self, fs: &Naive) -> Call {
        match self.dice.below(10) {
            0..=3 => Call::Unlink(self.entry(fs)),
            4 => Call::Rmdir(self.entry(fs)),
            5..=6 => Call::Rename { from: self.entry(fs), to: self.entry(fs) },
            _ => Call::Rename { from: self.entry(fs), to: self.place(fs) },
        }
    }

    fn attributes(&mut self, fs: &Naive) -> Call {
        let users = [0, 1000, 1001, 1002, 50];
        let masks = [0x02, 0x02, 0x04, 0x08, 0x0C, 0x0E, 0x10, 0x20, 0x40, 0x80, 0x90, 0xFF, 0, 0x01];
        let node = Inode(self.any(fs));
        let kept = fs.nodes.get(&node.0).map_or(0, |n| n.mode & 0o1777);
        Call::Setattr(SetAttr {
            inode: node,
            opened: self.dice.one_in(6),
            mask: self.dice.pick(&masks),
            mode: if self.dice.one_in(3) { kept } else { self.dice.pick(&MODES) },
            uid: self.dice.pick(&users),
            gid: self.dice.pick(&[0, 1000, 20, 30, 51]),
            atime: (self.now - 100).into(),
            mtime: (self.now + 5).into(),
            winattr: self.dice.below(4) as u8,
            suid_clear_mode: self.dice.below(6) as u8,
        })
    }

    fn contents(&mut self, fs: &Naive) -> Call {
        match self.dice.below(12) {
            0..=2 => {
                let flags = self.dice.pick(&[0, 0, 1, 1, 2, 3, 4, 5, 8, 9, 10, 11]);
                Call::Truncate { inode: self.file(fs), flags, length: self.length() }
            }
            3..=6 => Call::Write { inode: self.file(fs), index: self.index(), length: self.length() },
            7 => Call::Read { inode: self.file(fs), index: self.index() },
            8 | 9 => {
                let (from, to) = self.dice.pick(&[(0, 0x8000_0000), (0, 1), (1, 3), (2, 1), (3, 0)]);
                let flags = self.dice.below(4) as u8;
                Call::Append { dst: self.file(fs), src: self.file(fs), from, to, flags }
            }
            10 => Call::Open { inode: self.file(fs), flags: self.dice.below(16) as u8 },
            _ if self.dice.one_in(10) => Call::Hold(self.any(fs)),
            _ => Call::Close(self.file(fs)),
        }
    }

    fn xattrs(&mut self, fs: &Naive) -> Call {
        let ((inode, name), opened) = (self.xattr(fs), self.dice.one_in(5));
        let kind = if self.dice.one_in(20) { 3 } else { 1 + self.dice.below(2) as u8 };
        match self.dice.below(8) {
            0..=2 => {
                let value = vec![b'v'; self.dice.pick(&[0, 1, 30, 300, 65_536, 65_537])];
                let value = if value.len() > 300 && !self.dice.one_in(10) { b"%,)".to_vec() } else { value };
                Call::SetXattr { inode, opened, name, value, mode: self.dice.below(5) as u8 }
            }
            3 => Call::GetXattr { inode, opened, name },
            4 => Call::ListXattrs { inode, opened },
            5 | 6 => self.acl(fs, kind),
            _ => Call::GetAcl { inode: self.any(fs), kind },
        }
    }

    fn acl(&mut self, fs: &Naive, kind: u8) -> Call {
        let inode = self.any(fs);
        let mut perm = || if self.dice.one_in(4) { 0xFFFF } else { self.dice.below(8) as u16 };
        let perms = [perm(), perm(), perm(), perm()];
        let (mut users, mut groups) = (Vec::new(), Vec::new());
        if self.dice.one_in(2) {
            users.push((self.dice.pick(&[1000, 1001, 50]), self.dice.below(8) as u16));
            groups.push((self.dice.pick(&[20, 30]), self.dice.below(8) as u16));
            groups.push((1000, self.dice.below(8) as u16));
        }
        let perms = if self.dice.one_in(5) { [0xFFFF; 4] } else { perms };
        Call::SetAcl { inode, kind, perms, users, groups }
    }

    fn trees(&mut self, fs: &Naive) -> Call {
        let (inode, smode) = (self.any(fs), self.smode());
        match self.dice.below(9) {
            0 | 1 => {
                let bits = self.dice.pick(&EATTRS);
                // Trees that nobody can change any more would be dull.
                let smode = if bits & 0xE0 != 0 && !self.dice.one_in(4) { 2 | smode & 4 } else { smode };
                Call::SetEattr { inode, bits, smode }
            }
            2 => Call::SetClass { inode, goal: self.dice.pick(&[1, 2, 3, 4, 9, 0, 10]), smode },
            3 | 4 => {
                let seconds = self.dice.pick(&[0, 1, 3600, 3601, 86_400, 500_000, u32::MAX]);
                Call::SetTrashTime { inode, seconds, smode }
            }
            5 => Call::GetSettings { inode, mode: self.dice.below(3) as u8 },
            6 => {
                let (few, small) =
                    (self.dice.pick(&[2, 5, 30, 60]), self.dice.pick(&[5000, MIB64, 8 * MIB64]));
                let limits = QuotaLimits {
                    soft_inodes: few,
                    hard_inodes: few + 5,
                    soft_length: small,
                    hard_length: 2 * small,
                    soft_size: 2 * small,
                    hard_size: 4 * small,
                    soft_real_size: 4 * small,
                    hard_real_size: 9 * small,
                };
                let flags = self.dice.pick(&[0x01, 0x10, 0x11, 0x22, 0x44, 0x88, 0xFF]);
                Call::SetQuota {
                    dir: self.dir(fs),
                    flags,
                    grace: self.dice.pick(&[0, 1, 60, 90_000]),
                    limits,
                }
            }
            7 => Call::DeleteQuota { dir: self.dir(fs), flags: self.dice.pick(&[0xFF, 0xFF, 0x0F, 0x31]) },
            _ if self.dice.one_in(3) => Call::GetQuota(self.dir(fs)),
            _ => Call::CheckQuotas,
        }
    }

    fn snapshots(&mut self, fs: &Naive) -> Call {
        let umask = self.mask();
        match self.dice.below(3) {
            0 => {
                let mode = self.dice.pick(&[0x80, 0x84]);
                Call::Snapshot { src: 0, at: self.entry(fs), mode, umask }
            }
            which => {
                let at = if which == 1 { self.entry(fs) } else { self.place(fs) };
                let mut src = self.any(fs);
                if fs.nodes.contains_key(&src) && fs.whole(src).inodes > 25 && !self.dice.one_in(20) {
                    src = self.file(fs);
                }
                Call::Snapshot { src, at, mode: self.dice.below(16) as u8, umask }
            }
        }
    }

    fn deleted(&mut self, fs: &Naive) -> Call {
        let paths: [&[u8]; 9] =
            [b"a/b/c", b"/x", b"a", b"n/e/w", b"a//b", b"../a", b"", b"e/", b"f,(%/\xC3\xA9"];
        match self.dice.below(12) {
            0 => Call::ListDeleted,
            1 => Call::TrashPath(self.trash(fs)),
            2 => Call::SetTrashPath { inode: self.trash(fs), path: self.dice.pick(&paths).to_vec() },
            3 | 4 => Call::Undelete(self.trash(fs)),
            5 => Call::Purge(self.trash(fs)),
            6 => Call::EmptyTrash,
            7 => Call::EmptySustained,
            8 => Call::FreeInodes,
            9 => Call::Open { inode: self.file(fs), flags: 1 },
            _ => Call::Close(self.file(fs)),
        }
    }
}
