//! What becomes of a node whose last name is gone.

use crate::fs::Fs;
use types::{Inode, NodeType, Time};

impl Fs {
    /// The primitive "delete": removes an entry; a node without names is removed, or goes to the trash, or stays
    /// sustained while it is open.
    pub(crate) fn delete(&mut self, ts: Time, edge: u32) {
        let child = self.edges.get(edge).child();
        let rec = self.node(child);
        let last = self.edges.get(rec.parents).next_parent == 0;
        if !last || !rec.is(NodeType::File) {
            self.unlink(ts, edge);
            if last {
                self.remove_node(ts, child);
            }
            return;
        }
        let kind = if rec.trash_hours > 0 {
            NodeType::Trash
        } else if self.opens.is_open(child) {
            NodeType::Sustained
        } else {
            self.unlink(ts, edge);
            self.remove_node(ts, child);
            return;
        };
        let path = self.trash_path(edge);
        self.unlink(ts, edge);
        self.node_mut(child).set_type(kind);
        let id = self.take_edge_id();
        self.add_to_bucket(child, &path, id);
    }

    /// The primitive "purge" for a trash or sustained file. True when a trash file stays, sustained.
    pub(crate) fn purge(&mut self, ts: Time, inode: Inode) -> bool {
        let rec = self.node(inode);
        let edge = self.edges.get(rec.parents);
        if rec.is(NodeType::Trash) && self.opens.is_open(inode) {
            let path = self.names.get(edge.name).to_vec();
            self.remove_from_bucket(inode);
            self.node_mut(inode).set_type(NodeType::Sustained);
            self.add_to_bucket(inode, &path, edge.id);
            return true;
        }
        self.remove_from_bucket(inode);
        self.remove_node(ts, inode);
        false
    }
}
