//! Files that only the mount has: found by name in its root (`.masterinfo` anywhere), never listed
//! (`spec/tools.md` 16).

use super::{Fs, locked};
use crate::fuse::{FileAttr, Reply, Ttl, open_flags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use types::{Inode, ROOT, Time};

const MASTERINFO: Inode = Inode(0x7FFF_FFFF);
const STATS: Inode = Inode(0x7FFF_FFF0);
const RANDOM: Inode = Inode(0x7FFF_FFF4);
const PARAMS: Inode = Inode(0x7FFF_FFF5);
const FILES: [(&[u8], Inode, u32); 4] = [
    (b".masterinfo", MASTERINFO, 0o444),
    (b".stats", STATS, 0o644),
    (b".random", RANDOM, 0o444),
    (b".params", PARAMS, 0o400),
];
/// Nothing about these files ever changes but their content.
const LONG: Duration = Duration::from_secs(3600);

/// What the special files show.
pub(crate) struct Special {
    /// Empty without a proxy: then there is no `.masterinfo`.
    pub(crate) masterinfo: Vec<u8>,
    pub(crate) params: String,
}

/// Open special files, and the numbers in `.stats`.
#[derive(Default)]
pub(super) struct SpecialState {
    /// What a handle reads was fixed at its open; `None` is `.random`.
    open: Mutex<HashMap<u64, Option<Vec<u8>>>>,
    counts: Mutex<HashMap<&'static str, u64>>,
    random: AtomicU64,
}

fn attr(inode: Inode, masterinfo_len: usize) -> FileAttr {
    let mode = FILES.iter().find(|f| f.1 == inode).map_or(0, |f| f.2);
    FileAttr {
        node: inode,
        size: if inode == MASTERINFO { masterinfo_len as u64 } else { 0 },
        atime: Time::default(),
        mtime: Time::default(),
        ctime: Time::default(),
        mode: 0o100_000 | mode,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
    }
}

/// True for inodes that are no file of the master.
pub(super) fn is_special(inode: Inode) -> bool {
    FILES.iter().any(|file| file.1 == inode)
}

/// True for names that cannot be made, moved or removed.
pub(super) fn is_reserved(parent: Inode, name: &[u8]) -> bool {
    parent == ROOT && FILES.iter().any(|file| file.0 == name)
}

impl Fs {
    /// One more operation of this name.
    pub(super) fn count(&self, name: &'static str) {
        *locked(&self.special_state.counts).entry(name).or_default() += 1;
    }

    fn special_node(&self, parent: Inode, name: &[u8]) -> Option<Inode> {
        let (_, inode, _) = *FILES.iter().find(|file| file.0 == name)?;
        let there = parent == ROOT || inode == MASTERINFO;
        let known = inode != MASTERINFO || !self.special.masterinfo.is_empty();
        (there && known).then_some(inode)
    }

    /// Answers a lookup of a special file; gives the reply back if it is none.
    pub(super) fn special_lookup(&self, parent: Inode, name: &[u8], reply: Reply) -> Option<Reply> {
        match self.special_node(parent, name) {
            Some(inode) => {
                let attr = attr(inode, self.special.masterinfo.len());
                reply.entry(&attr, Ttl { entry: LONG, attr: LONG });
                None
            }
            None => Some(reply),
        }
    }

    pub(super) fn special_attr(&self, inode: Inode, reply: Reply) {
        reply.attr(&attr(inode, self.special.masterinfo.len()), LONG);
    }

    pub(super) fn special_open(&self, inode: Inode, uid: u32, flags: u32, reply: Reply) {
        let writing = flags & 3 != 0;
        let content = match inode {
            PARAMS if uid != 0 => return reply.error(Errno::ACCESS),
            STATS => Some(self.stats().into_bytes()),
            _ if writing => return reply.error(Errno::ACCESS),
            MASTERINFO => Some(self.special.masterinfo.clone()),
            PARAMS => Some(self.special.params.clone().into_bytes()),
            _ => None,
        };
        let fh = self.new_fh();
        locked(&self.special_state.open).insert(fh, content);
        let seek = if inode == RANDOM { open_flags::NONSEEKABLE } else { 0 };
        reply.opened(fh, open_flags::DIRECT_IO | seek);
    }

    pub(super) fn special_read(&self, fh: u64, offset: u64, size: u32, reply: Reply) {
        let open = locked(&self.special_state.open);
        match open.get(&fh) {
            None => reply.error(Errno::BADF),
            Some(Some(content)) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
                let end = start.saturating_add(size as usize).min(content.len());
                reply.bytes(&content[start..end]);
            }
            Some(None) => {
                drop(open);
                let words = (size as usize).min(1 << 20).div_ceil(8);
                let bytes: Vec<u8> = (0..words).flat_map(|_| self.next_random().to_be_bytes()).collect();
                reply.bytes(&bytes[..(size as usize).min(bytes.len())]);
            }
        }
    }

    /// Writing to `.stats` sets all counters to 0 when it is closed; nothing else can be open for writing.
    pub(super) fn special_write(&self, fh: u64, len: usize, reply: Reply) {
        if let Some(content) = locked(&self.special_state.open).get_mut(&fh) {
            *content = None;
            return reply.written(u32::try_from(len).unwrap_or(u32::MAX));
        }
        reply.error(Errno::BADF);
    }

    pub(super) fn special_release(&self, inode: Inode, fh: u64, reply: Reply) {
        let content = locked(&self.special_state.open).remove(&fh);
        if inode == STATS && content == Some(None) {
            locked(&self.special_state.counts).clear();
        }
        reply.ok();
    }

    fn stats(&self) -> String {
        let counts = locked(&self.special_state.counts);
        let mut names: Vec<_> = counts.iter().collect();
        names.sort_unstable();
        let mut text = format!("fuse_ops: {}\n", counts.values().sum::<u64>());
        for (name, count) in names {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "fuse_ops.{name}: {count}");
        }
        text
    }

    /// splitmix64: for filling disks, not for secrets.
    fn next_random(&self) -> u64 {
        let state = self.special_state.random.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let z = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }
}
