//! Attributes.

use super::Fs;
use crate::fuse::{FileAttr, Reply, Request, SetAttr, TimeSet, Ttl};
use client::{Found, SetTime};
use rustix::io::Errno;
use std::time::Duration;
use types::{Attr, BLOCK_SIZE, Inode, MattrFlags, NodeType, Time};

/// What stock shows as the number of files beside those that exist.
const PRETENDED_FREE_FILES: u64 = 1_000_000_000;

/// The type bits of `st_mode`.
pub(super) fn type_bits(kind: NodeType) -> u32 {
    match kind {
        NodeType::File | NodeType::Trash | NodeType::Sustained => 0o100_000,
        NodeType::Dir => 0o040_000,
        NodeType::Symlink => 0o120_000,
        NodeType::Fifo => 0o010_000,
        NodeType::BlockDev => 0o060_000,
        NodeType::CharDev => 0o020_000,
        NodeType::Socket => 0o140_000,
    }
}

/// Our attributes as the kernel's.
pub(crate) fn file_attr(node: Inode, attr: &Attr) -> FileAttr {
    let (size, rdev) = match attr.kind {
        NodeType::BlockDev | NodeType::CharDev => (0, attr.rdev()),
        NodeType::Symlink => (attr.length & 0xFFFF_FFFF, 0),
        _ => (attr.length, 0),
    };
    FileAttr {
        node,
        size,
        atime: attr.atime,
        mtime: attr.mtime,
        ctime: attr.ctime,
        mode: type_bits(attr.kind) | u32::from(attr.mode),
        nlink: attr.nlink,
        uid: attr.uid,
        gid: attr.gid,
        rdev,
    }
}

fn set_time(time: TimeSet) -> SetTime {
    match time {
        TimeSet::Now => SetTime::Now,
        TimeSet::At(seconds, nanos) => SetTime::At(Time::new(seconds, nanos)),
    }
}

impl Fs {
    /// How long attributes hold.
    pub(super) fn attr_ttl(&self, attr: &Attr) -> Duration {
        if attr.flags.has(MattrFlags::NO_ATTR_CACHE) { Duration::ZERO } else { self.cache.attr }
    }

    /// How long an entry holds.
    pub(super) fn ttl(&self, attr: &Attr) -> Ttl {
        let entry = match attr.kind {
            _ if attr.flags.has(MattrFlags::NO_ENTRY_CACHE) => Duration::ZERO,
            NodeType::Dir => self.cache.dir_entry,
            _ => self.cache.entry,
        };
        Ttl { entry, attr: self.attr_ttl(attr) }
    }

    /// Answers with a node.
    pub(super) fn entry(&self, found: &Found, reply: Reply) {
        self.no_xattr.saw(found.inode, &found.attr);
        reply.entry(&file_attr(found.inode, &found.attr), self.ttl(&found.attr));
    }

    fn answer_attr(&self, node: Inode, result: Result<Attr, Errno>, reply: Reply) {
        match result {
            Ok(attr) => {
                self.no_xattr.saw(node, &attr);
                reply.attr(&file_attr(node, &attr), self.attr_ttl(&attr));
            }
            Err(error) => reply.error(error),
        }
    }

    pub(super) fn getattr(&self, request: &Request<'_>, reply: Reply) {
        let result = self.client.getattr(&self.caller(request), request.node);
        self.answer_attr(request.node, result, reply);
    }

    pub(super) fn setattr(&self, request: &Request<'_>, set: SetAttr, reply: Reply) {
        let caller = self.caller(request);
        let node = request.node;
        let change = client::SetAttr {
            mode: set.mode.map(|mode| (mode & 0o7777) as u16),
            uid: set.uid,
            gid: set.gid,
            atime: set.atime.map(set_time),
            mtime: set.mtime.map(set_time),
        };
        let mut result = None;
        if let Some(size) = set.size {
            let cut = self.client.truncate(&caller, node, set.fh.is_some(), size);
            let failed = cut.is_err();
            result = Some(cut);
            // The kernel adds "mtime now" to a size; the master has set it already.
            let only_mtime = change.mode.is_none() && change.uid.is_none() && change.gid.is_none();
            if failed
                || only_mtime && change.atime.is_none() && matches!(change.mtime, None | Some(SetTime::Now))
            {
                return self.answer_attr(node, result.expect("just set"), reply);
            }
        }
        let nothing = change.mode.is_none() && change.uid.is_none() && change.gid.is_none();
        if nothing && change.atime.is_none() && change.mtime.is_none() {
            let result = result.unwrap_or_else(|| self.client.getattr(&caller, node));
            return self.answer_attr(node, result, reply);
        }
        self.answer_attr(node, self.client.setattr(&caller, node, change), reply);
    }

    pub(super) fn statfs(&self, reply: Reply) {
        match self.client.statfs() {
            Ok(space) => {
                let blocks = |bytes: u64| bytes / u64::from(BLOCK_SIZE);
                let files = PRETENDED_FREE_FILES + u64::from(space.inodes);
                let (total, free, avail) = (blocks(space.total), blocks(space.free), blocks(space.avail));
                reply.statfs(total, free, avail, files, PRETENDED_FREE_FILES);
            }
            Err(error) => reply.error(error),
        }
    }
}
