//! Links between directories and nodes, and the lists they form.

use crate::fs::Fs;
use crate::ns::records::{EdgeRec, lo, pair};
use types::Inode;

/// The counter's value when no id was ever given out; edges then get id 0 (`spec/metadata-format.md` 6.5).
pub(crate) const UNSET_EDGE_ID: u64 = 0x7FFF_FFFF_FFFF_FFFF;
/// The first id given out; later ones are smaller.
pub(crate) const FIRST_EDGE_ID: u64 = UNSET_EDGE_ID - 1;

impl Fs {
    /// The next edge id; new entries sort before old ones.
    pub(crate) fn take_edge_id(&mut self) -> u64 {
        if self.next_edge_id == UNSET_EDGE_ID {
            return 0;
        }
        let id = self.next_edge_id;
        self.next_edge_id = id.wrapping_sub(1);
        id
    }

    /// The entry of a directory with this name.
    pub(crate) fn find_edge(&self, dir: Inode, name: &[u8]) -> Option<u32> {
        self.by_name.find(self.hasher.named(dir.0, name), |slot| {
            let edge = self.edges.get(slot);
            edge.parent == dir.0 && self.names.get(edge.name) == name
        })
    }

    /// Makes a record and puts it first in the child's list of names; the caller puts it into a directory or bucket.
    fn new_edge(&mut self, parent: Inode, child: Inode, name: &[u8], id: u64) -> u32 {
        let name = self.names.insert(name);
        let next_parent = self.node(child).parents;
        let rec = EdgeRec { id, parent: parent.0, child: child.0, name, next: 0, prev: 0, next_parent };
        let slot = self.edges.insert(rec);
        self.node_mut(child).parents = slot;
        slot
    }

    /// Puts an entry into a directory, in front or behind `after`, and counts it there. Times are the caller's business.
    pub(crate) fn add_entry(
        &mut self,
        dir: Inode,
        child: Inode,
        name: &[u8],
        id: u64,
        after: Option<u32>,
    ) -> u32 {
        let slot = self.new_edge(dir, child, name, id);
        let before = match after {
            Some(prev) => {
                let next = self.edges.get(prev).next;
                self.edges.get_mut(prev).next = slot;
                self.edges.get_mut(slot).prev = prev;
                next
            }
            None => {
                let head = self.node(dir).first_entry();
                self.node_mut(dir).set_first_entry(slot);
                head
            }
        };
        if before != 0 {
            self.edges.get_mut(slot).next = before;
            self.edges.get_mut(before).prev = slot;
        }
        self.index_edge(slot, dir, name);
        self.count_entry(dir, child, 1);
        slot
    }

    fn index_edge(&mut self, slot: u32, dir: Inode, name: &[u8]) {
        let Fs { by_name, edges, names, hasher, .. } = self;
        by_name.insert(hasher.named(dir.0, name), slot, |slot| {
            let edge = edges.get(slot);
            hasher.named(edge.parent, names.get(edge.name))
        });
    }

    /// Adjusts the numbers of entries and sub-directories.
    fn count_entry(&mut self, dir: Inode, child: Inode, by: i32) {
        let is_dir = self.node(child).is_dir();
        let rec = self.node_mut(dir);
        rec.a = pair(rec.first_entry(), lo(rec.a).wrapping_add_signed(by));
        if is_dir {
            rec.b = pair(rec.stats_slot(), lo(rec.b).wrapping_add_signed(by));
        }
    }

    /// Takes an entry out of its directory and destroys it. The child stays, perhaps nameless.
    pub(crate) fn remove_entry(&mut self, slot: u32) {
        let edge = self.edges.get(slot);
        let dir = Inode(edge.parent);
        let hash = self.hasher.named(dir.0, self.names.get(edge.name));
        self.by_name.remove(hash, slot);
        if edge.prev == 0 {
            self.node_mut(dir).set_first_entry(edge.next);
        }
        self.count_entry(dir, edge.child(), -1);
        self.drop_edge(slot, edge);
    }

    /// Unhooks a record from its neighbours and its child, and frees it.
    fn drop_edge(&mut self, slot: u32, edge: EdgeRec) {
        if edge.prev != 0 {
            self.edges.get_mut(edge.prev).next = edge.next;
        }
        if edge.next != 0 {
            self.edges.get_mut(edge.next).prev = edge.prev;
        }
        let mut at = self.node(edge.child()).parents;
        if at == slot {
            self.node_mut(edge.child()).parents = edge.next_parent;
        }
        while at != slot && at != 0 {
            let next = self.edges.get(at).next_parent;
            if next == slot {
                self.edges.get_mut(at).next_parent = edge.next_parent;
            }
            at = next;
        }
        self.names.remove(edge.name);
        self.edges.remove(slot);
    }

    /// Remembers the path of a trash or sustained file, at the head of its bucket.
    pub(crate) fn add_to_bucket(&mut self, child: Inode, path: &[u8], id: u64) {
        let slot = self.new_edge(Inode(0), child, path, id);
        let head = self.bucket_head(child);
        let old = std::mem::replace(head, slot);
        if old != 0 {
            self.edges.get_mut(slot).next = old;
            self.edges.get_mut(old).prev = slot;
        }
        self.count_deleted(child, 1);
    }

    /// Forgets the path of a trash or sustained file. To be called before its type changes.
    pub(crate) fn remove_from_bucket(&mut self, child: Inode) {
        let slot = self.node(child).parents;
        let edge = self.edges.get(slot);
        if edge.prev == 0 {
            *self.bucket_head(child) = edge.next;
        }
        self.count_deleted(child, -1);
        self.drop_edge(slot, edge);
    }
}
