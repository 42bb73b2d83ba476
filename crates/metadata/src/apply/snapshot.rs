//! `SNAPSHOT`: lazy copies of trees, and their removal (`spec/metadata-format.md` 15.6).

mod check;
mod copy;
mod remove;
mod update;

use crate::fs::Fs;
use crate::ns::records::NodeRec;
use ondisk::Outcome;
use std::collections::HashMap;
use types::{Gids, Inode, Name, NodeType, Status, Time};

/// Mode bit: existing files may be replaced.
const OVERWRITE: u8 = 0x01;
/// Mode bit: attributes as `cp` gives them.
const CP_LIKE: u8 = 0x02;
/// Mode bit: names of one file in the source become names of one file in the copy.
const HARD_LINKS: u8 = 0x08;
/// Mode bit: remove a snapshot.
const DELETE: u8 = 0x80;

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) uid: u32,
    pub(crate) gids: Gids<'a>,
    pub(crate) session_flags: u8,
    pub(crate) umask: u16,
}

/// The state of one `SNAPSHOT`.
struct Run<'a> {
    ts: Time,
    mode: u8,
    caller: Caller<'a>,
    /// Copies of source files with several names.
    copies: HashMap<Inode, Inode>,
    xor: u32,
    removed: u64,
    same: u64,
    existing: u64,
    hardlinks: u64,
    new: u64,
}

/// Which column of the attribute table counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    CpLike,
    Owner,
    Other,
}

impl Run<'_> {
    fn has(&self, bit: u8) -> bool {
        self.mode & bit != 0
    }

    fn column(&self, src: &NodeRec) -> Column {
        match self.caller.uid {
            _ if self.has(CP_LIKE) => Column::CpLike,
            uid if uid == 0 || uid == src.uid => Column::Owner,
            _ => Column::Other,
        }
    }

    /// Owner, group and mode of the copy.
    fn owner(&self, src: &NodeRec) -> (u32, u32, u16) {
        let (uid, gid) = (self.caller.uid, self.caller.gids.primary());
        match self.column(src) {
            Column::CpLike => (uid, gid, src.mode & !self.caller.umask),
            Column::Owner => (src.uid, src.gid, src.mode),
            Column::Other => (uid, gid, src.mode & 0o1777),
        }
    }

    fn outcome(&self) -> Outcome {
        Outcome::from_slice(&[
            self.xor.into(),
            self.removed,
            self.same,
            self.existing,
            self.hardlinks,
            self.new,
        ])
    }
}

impl Fs {
    pub(super) fn snapshot_op(
        &mut self,
        ts: Time,
        src: Inode,
        (parent, name): (Inode, Name<'_>),
        mode: u8,
        caller: Caller<'_>,
    ) -> Result<Outcome, Status> {
        let mut run = Run {
            ts,
            mode,
            caller,
            copies: HashMap::new(),
            xor: 0,
            removed: 0,
            same: 0,
            existing: 0,
            hardlinks: 0,
            new: 0,
        };
        self.existing_dir(parent)?;
        if run.has(DELETE) {
            let edge = self.find_edge(parent, name.as_bytes()).ok_or(Status::ENOENT)?;
            self.remove_copies(&mut run, edge);
        } else if !self.is_deleted(src) {
            // Stock makes nothing of a deleted file, but logs that it did.
            self.check_copy(&run, src, parent, name.as_bytes())?;
            self.copy_tree(&mut run, src, parent, name.as_bytes())?;
        }
        Ok(run.outcome())
    }

    fn is_deleted(&self, inode: Inode) -> bool {
        let rec = self.node(inode);
        rec.is(NodeType::Trash) || rec.is(NodeType::Sustained)
    }

    fn may(&self, run: &Run<'_>, inode: Inode, want: u8) -> bool {
        const IGNORE_GID: u8 = 0x04;
        let ignore_gid = run.caller.session_flags & IGNORE_GID != 0;
        self.access(inode, run.caller.uid, run.caller.gids, ignore_gid, want)
    }
}
