//! EDGE: names, in the order of the lists.

use super::LoadError;
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
    pub(super) fn load_names(&mut self, section: &Section<'_>) -> Result<(), LoadError> {
        // A record has at least 11 bytes, so the number of bytes bounds what is reserved.
        self.by_name.reserve((section.body.len() / 11).min(self.node_count as usize * 2));
        let records = section.read::<Edge>()?;
        self.next_edge_id = *records.head();
        self.renumber = self.next_edge_id == ondisk::image::NEXT_EDGE_UNSET;
        let mut place = Place::default();
        for record in records {
            let record = record?;
            self.check_room().map_err(|_| LoadError::TooBig)?;
            if record.name.is_empty() {
                return Err(bad(&record, "it is empty"));
            }
            let child = self.node(record.child);
            let deleted = child.is(NodeType::Trash) || child.is(NodeType::Sustained);
            match record.parent {
                _ if !child.exists() => return Err(bad(&record, "there is no such node")),
                _ if child.parents != 0 && (deleted || child.is_dir()) => {
                    return Err(bad(&record, "the node has a name already"));
                }
                Inode(0) if deleted => {
                    let path = &record.name[..record.name.len().min(MAX_TRASH_PATH)];
                    self.add_to_bucket(record.child, path, record.id);
                }
                Inode(0) => return Err(bad(&record, "the node is not deleted")),
                _ if deleted || record.child == ROOT => {
                    return Err(bad(&record, "the node cannot be in a directory"));
                }
                _ => self.load_entry(&mut place, &record)?,
            }
        }
        Ok(())
    }

    fn load_entry(&mut self, place: &mut Place, record: &EdgeRecord<'_>) -> Result<(), LoadError> {
        let dir = record.parent;
        let parent = self.node(dir);
        if !parent.is_dir() {
            return Err(bad(record, "the parent is no directory"));
        }
        if dir != place.dir {
            place.dir = dir;
            place.tail = if dir == ROOT { place.root_tail } else { None };
            if dir != ROOT && parent.first_entry() != 0 {
                return Err(bad(record, "parent node sequence error"));
            }
        }
        if place.tail.is_some_and(|tail| self.edges.get(tail).id >= record.id) {
            self.renumber = true;
        }
        let name = &record.name[..record.name.len().min(MAX_NAME)];
        let slot = self.add_entry(dir, record.child, name, record.id, place.tail);
        place.tail = Some(slot);
        if dir == ROOT {
            place.root_tail = place.tail;
        }
        Ok(())
    }
}
