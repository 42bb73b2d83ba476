//! READDIR (`spec/wire-client-master.md` 3.5).

use super::attr::attr_of_entry;
use super::bookmarks::Bookmarks;
use super::caller::{Caller, Disable};
use super::namespace::{need_dir, need_list};
use super::resolve::{resolve, shown};
use crate::{Cursor, Fs, NodeBody, NodeView};
use types::{Attr, Inode, Name, Status, Wire};

/// A reply must stay below this, bytes.
const MAX_REPLY: usize = 0xFFFF_0000;
/// Room for so many entries is made at once.
const MAX_RESERVED: u32 = 4096;

/// A piece of a directory, in wire form.
#[derive(Debug)]
pub struct DirEntries {
    /// The directory.
    pub dir: NodeView,
    /// Where to go on; [`Cursor::END`] when there is no more.
    pub next: u64,
    /// `NAME | inode | type` or `NAME | inode | ATTR`, one after the other.
    pub bytes: Vec<u8>,
}

/// Lists at most `max` entries from a cursor: 0 is `.`, 1 is `..`, others are ids of edges.
pub fn list_directory(
    fs: &Fs,
    bookmarks: &mut Bookmarks,
    caller: &Caller<'_>,
    inode: Inode,
    with_attr: bool,
    (max, from): (u32, u64),
) -> Result<DirEntries, Status> {
    if caller.caps.disabled(Disable::Readdir) {
        return Err(Status::EPERM);
    }
    let dir = resolve(fs, caller.caps, inode)?;
    need_dir(&dir)?;
    if from == 0 {
        need_list(fs, caller, &dir, with_attr)?;
    }
    let entries =
        if let NodeBody::Dir { entries, .. } = dir.body { entries.min(max).min(MAX_RESERVED) } else { 0 };
    let bytes = Vec::with_capacity(entries as usize * if with_attr { Attr::SIZE + 24 } else { 24 });
    let mut list = Listing { fs, bookmarks, caller, dir, with_attr, left: max, bytes };
    let next = list.fill(from)?;
    Ok(DirEntries { dir, next, bytes: list.bytes })
}

struct Listing<'a> {
    fs: &'a Fs,
    bookmarks: &'a mut Bookmarks,
    caller: &'a Caller<'a>,
    dir: NodeView,
    with_attr: bool,
    left: u32,
    bytes: Vec<u8>,
}

impl Listing<'_> {
    /// Returns the cursor behind the last entry taken.
    fn fill(&mut self, from: u64) -> Result<u64, Status> {
        if from == 0 {
            if self.left == 0 {
                return Ok(0);
            }
            self.push(b".", self.dir.inode)?;
        }
        if from <= 1 {
            if self.left == 0 {
                return Ok(1);
            }
            let at_root = self.dir.inode == self.caller.caps.root;
            let parent = self.fs.parent_dir(self.dir.inode).filter(|_| !at_root);
            self.push(b"..", parent.unwrap_or(self.dir.inode))?;
        }
        let dir = self.dir.inode;
        for entry in self.fs.read_dir(dir, self.bookmarks.cursor(self.fs, dir, from)) {
            if self.left == 0 {
                self.bookmarks.add(dir, entry.cursor);
                return Ok(entry.cursor.edge_id);
            }
            self.push(entry.name, entry.inode)?;
        }
        Ok(Cursor::END)
    }

    fn push(&mut self, name: &[u8], inode: Inode) -> Result<(), Status> {
        let Some(node) = self.fs.get(inode) else { return Ok(()) };
        let name = Name::new(name).ok_or(Status::EINVAL)?;
        name.encode(&mut self.bytes);
        shown(self.caller.caps, inode).encode(&mut self.bytes);
        if self.with_attr {
            attr_of_entry(self.fs, &node, self.dir.eattr, self.caller).encode(&mut self.bytes);
        } else {
            node.kind.encode(&mut self.bytes);
        }
        self.left -= 1;
        if self.bytes.len() >= MAX_REPLY { Err(Status::ERANGE) } else { Ok(()) }
    }
}
