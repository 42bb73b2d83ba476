//! Directories: names, lists, ancestors.

use crate::fs::Fs;
use types::{Inode, NodeType};

/// A place in a directory listing: the next entry to show. Stays valid whatever happens to the directory; holding on
/// to it saves the search that an edge id alone needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cursor {
    /// Id of the entry, 0 for the first of all.
    pub edge_id: u64,
    /// Where it, or one before it, was last seen.
    slot: u32,
}

impl Cursor {
    /// The id that means "no more entries" on the wire.
    pub const END: u64 = 0x7FFF_FFFF_FFFF_FFFF;

    /// Before the first entry.
    pub const fn start() -> Self {
        Cursor { edge_id: 0, slot: 0 }
    }

    /// At the first entry whose id is at least this.
    pub const fn at(edge_id: u64) -> Self {
        Cursor { edge_id, slot: 0 }
    }

    /// At the first entry whose id is at least this, sought from here on: it must not be before this entry.
    pub(crate) const fn or_later(self, edge_id: u64) -> Self {
        Cursor { edge_id, slot: self.slot }
    }
}

/// An entry of a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DirEntry<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// What it names.
    pub inode: Inode,
    /// The type of that.
    pub kind: NodeType,
    /// Where to go on to see this entry again.
    pub cursor: Cursor,
}

impl Fs {
    /// The node with this name in a directory.
    pub fn lookup(&self, dir: Inode, name: &[u8]) -> Option<Inode> {
        self.find_edge(dir, name).map(|edge| self.edges.get(edge).child())
    }

    /// The entries of a directory from a cursor on, the newest first. Nothing for what is no directory.
    pub fn read_dir(&self, dir: Inode, from: Cursor) -> impl Iterator<Item = DirEntry<'_>> {
        let mut edge = self.seek(dir, from);
        std::iter::from_fn(move || {
            let slot = edge;
            let rec = (slot != 0).then(|| self.edges.get(slot))?;
            edge = rec.next;
            Some(DirEntry {
                name: self.names.get(rec.name),
                inode: rec.child(),
                kind: self.node(rec.child()).node_type()?,
                cursor: Cursor { edge_id: rec.id, slot },
            })
        })
    }

    /// The edge at a cursor: where it was, or by a search along the list.
    fn seek(&self, dir: Inode, from: Cursor) -> u32 {
        let rec = self.node(dir);
        if !rec.is_dir() {
            return 0;
        }
        let hint = self.edges.get(from.slot);
        let helps = from.slot != 0 && hint.parent == dir.0 && hint.id <= from.edge_id;
        let mut edge = if helps { from.slot } else { rec.first_entry() };
        while edge != 0 && self.edges.get(edge).id < from.edge_id {
            edge = self.edges.get(edge).next;
        }
        edge
    }

    /// True while the entry of this id is where the cursor says.
    pub(crate) fn is_at(&self, dir: Inode, place: Cursor) -> bool {
        let rec = self.edges.get(place.slot);
        place.slot != 0 && rec.parent == dir.0 && rec.id == place.edge_id
    }

    /// The directory that holds this directory; the root is its own.
    pub fn parent_dir(&self, dir: Inode) -> Option<Inode> {
        let rec = self.node(dir);
        let parent = Inode(self.edges.get(rec.parents).parent);
        rec.is_dir().then_some(if parent.0 == 0 { dir } else { parent })
    }

    /// True when `inode` is `dir` or lies below it, through any of its names.
    pub fn is_below(&self, inode: Inode, dir: Inode) -> bool {
        if inode == dir {
            return true;
        }
        self.parents(inode).any(|link| {
            let mut at = link.parent;
            while at.0 != 0 && at != dir {
                at = Inode(self.edges.get(self.node(at).parents).parent);
            }
            at == dir && dir.0 != 0
        })
    }

    /// All paths of a node below `top`, each without a slash in front; the newest name first. `top` itself has the
    /// empty path.
    pub fn paths(&self, inode: Inode, top: Inode) -> Vec<Vec<u8>> {
        if inode == top {
            return vec![Vec::new()];
        }
        let links = self.parents(inode).filter(|link| link.parent.0 != 0);
        links.filter_map(|link| self.path_from(link.parent, link.name, top)).collect()
    }

    fn path_from<'a>(&'a self, dir: Inode, name: &'a [u8], top: Inode) -> Option<Vec<u8>> {
        let mut parts = vec![name];
        let mut at = dir;
        while at != top {
            let link = self.parents(at).next()?;
            parts.push(link.name);
            at = link.parent;
        }
        parts.reverse();
        Some(parts.join(&b'/'))
    }

    /// Files of a bucket of the trash (inode modulo 4096), with their paths.
    pub fn trash(&self, bucket: u32) -> impl Iterator<Item = (Inode, &[u8])> {
        self.bucket(self.trash.heads.get(bucket as usize))
    }

    /// Sustained files of a bucket (inode modulo 256), with their paths.
    pub fn sustained(&self, bucket: u32) -> impl Iterator<Item = (Inode, &[u8])> {
        self.bucket(self.sustained.heads.get(bucket as usize))
    }

    fn bucket(&self, head: Option<&u32>) -> impl Iterator<Item = (Inode, &[u8])> {
        let mut edge = head.copied().unwrap_or(0);
        std::iter::from_fn(move || {
            let rec = (edge != 0).then(|| self.edges.get(edge))?;
            edge = rec.next;
            Some((rec.child(), self.names.get(rec.name)))
        })
    }

    /// The first node from `from` on, by number: a way through all nodes in steps.
    pub fn next_node(&self, from: Inode) -> Option<Inode> {
        self.nodes.iter_from(from.0).find(|(_, rec)| rec.exists()).map(|(inode, _)| Inode(inode))
    }
}
