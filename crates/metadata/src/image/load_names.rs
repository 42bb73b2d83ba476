//! EDGE: names, in the order of the lists.

use super::{Damage, LoadError};
use crate::fs::Fs;
use ondisk::image::{Edge, EdgeRecord, Section};
use types::{Inode, MAX_NAME, MAX_TRASH_PATH, NodeType, ROOT};

/// Where the next entry goes.
#[derive(Default)]
struct Place {
    /// The directory whose entries come just now, and the last one of them.
    dir: Inode,
    tail: Option<u32>,
    /// The last of root's entries: these alone may come in pieces.
    root_tail: Option<u32>,
}

fn bad(record: &EdgeRecord<'_>, what: &'static str) -> LoadError {
    let name = record.name.escape_ascii().to_string();
    LoadError::BadEdge { parent: record.parent, child: record.child, name, what }
}

impl Fs {
    pub(super) fn load_names(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        // A record has at least 11 bytes, so the number of bytes bounds what is reserved.
        self.by_name.reserve((section.body.len() / 11).min(self.node_count as usize * 2));
        let records = section.read::<Edge>()?;
        self.next_edge_id = *records.head();
        self.renumber = self.next_edge_id == ondisk::image::NEXT_EDGE_UNSET;
        let mut place = Place::default();
        for record in records {
            let Some(mut record) = damage.pass(record)? else { break };
            self.check_room().map_err(|_| LoadError::TooBig)?;
            let substitute = format!("(empty {})", record.child);
            if record.name.is_empty() {
                damage.met(bad(&record, "it is empty"))?;
                record.name = substitute.as_bytes();
            }
            if let Err(what) = self.load_name(&mut place, &record) {
                damage.met(bad(&record, what))?;
                self.load_misplaced(&mut place, &record);
            }
        }
        Ok(())
    }

    /// Takes a name; the error says why it cannot be where it says.
    fn load_name(&mut self, place: &mut Place, record: &EdgeRecord<'_>) -> Result<(), &'static str> {
        let child = self.node(record.child);
        let deleted = child.is(NodeType::Trash) || child.is(NodeType::Sustained);
        match record.parent {
            _ if !child.exists() => Err("there is no such node"),
            _ if child.parents != 0 && (deleted || child.is_dir()) => Err("the node has a name already"),
            Inode(0) if deleted => {
                let path = &record.name[..record.name.len().min(MAX_TRASH_PATH)];
                self.add_to_bucket(record.child, path, record.id);
                Ok(())
            }
            Inode(0) => Err("the node is not deleted"),
            _ if deleted || record.child == ROOT => Err("the node cannot be in a directory"),
            _ => self.load_entry(place, record),
        }
    }

    /// With `-i`: a node whose directory is none, or whose directory's names stand in pieces, goes to the end of root or
    /// of that directory; other names are left out, and a node that has none then is found later.
    fn load_misplaced(&mut self, place: &mut Place, record: &EdgeRecord<'_>) {
        let child = self.node(record.child);
        let deleted = child.is(NodeType::Trash) || child.is(NodeType::Sustained);
        let taken = child.parents != 0 && child.is_dir();
        if !child.exists() || deleted || taken || record.child == ROOT || record.parent.0 == 0 {
            return;
        }
        let dir = if self.node(record.parent).is_dir() { record.parent } else { ROOT };
        let name = &record.name[..record.name.len().min(MAX_NAME)];
        if self.find_edge(dir, name).is_none() {
            self.append_entry(dir, record.child, name, record.id);
            // The end of the list is another one now.
            *place = Place { root_tail: self.last_entry(ROOT), ..Place::default() };
        }
    }

    /// The last entry of a directory.
    fn last_entry(&self, dir: Inode) -> Option<u32> {
        let next = |slot: &u32| Some(self.edges.get(*slot).next).filter(|next| *next != 0);
        std::iter::successors(Some(self.node(dir).first_entry()).filter(|slot| *slot != 0), next).last()
    }

    /// A name at the end of a directory, in whatever order its ids then are.
    fn append_entry(&mut self, dir: Inode, child: Inode, name: &[u8], id: u64) {
        let tail = self.last_entry(dir);
        self.renumber = true;
        self.add_entry(dir, child, name, id, tail);
    }

    /// A node that no directory holds gets a name in root; a deleted file gets a path to be restored to.
    pub(super) fn rescue(&mut self, inode: Inode) {
        let node = self.node(inode);
        if node.is(NodeType::Trash) || node.is(NodeType::Sustained) {
            self.add_to_bucket(inode, format!("lost_node_{inode}").as_bytes(), 0);
            return;
        }
        let names = std::iter::once(format!("lost_node_{inode}"));
        let mut names = names.chain((1..u32::MAX).map(|n| format!("lost_node_{inode}.{n}")));
        if let Some(name) = names.find(|name| self.find_edge(ROOT, name.as_bytes()).is_none()) {
            self.append_entry(ROOT, inode, name.as_bytes(), 0);
        }
    }

    fn load_entry(&mut self, place: &mut Place, record: &EdgeRecord<'_>) -> Result<(), &'static str> {
        let dir = record.parent;
        let parent = self.node(dir);
        if !parent.is_dir() {
            return Err("the parent is no directory");
        }
        if dir != place.dir {
            place.dir = dir;
            place.tail = if dir == ROOT { place.root_tail } else { None };
            if dir != ROOT && parent.first_entry() != 0 {
                return Err("parent node sequence error");
            }
        }
        if place.tail.is_some_and(|tail| self.edges.get(tail).id >= record.id) {
            self.renumber = true;
        }
        let name = &record.name[..record.name.len().min(MAX_NAME)];
        if self.find_edge(dir, name).is_some() {
            return Err("the directory has this name already");
        }
        let slot = self.add_entry(dir, record.child, name, record.id, place.tail);
        place.tail = Some(slot);
        if dir == ROOT {
            place.root_tail = place.tail;
        }
        Ok(())
    }
}
