//! Paths of nodes.

use crate::fs::Fs;
use types::{Inode, MAX_TRASH_PATH};

impl Fs {
    /// The path of an entry through first parents, without a slash in front, cut to 1024 bytes by dropping its
    /// beginning: what the trash remembers.
    pub(crate) fn trash_path(&self, edge: u32) -> Vec<u8> {
        let mut parts = Vec::new();
        let mut length = 0;
        let mut at = edge;
        // The first of the names has no slash in front: a byte less than counted here.
        while at != 0 && length <= MAX_TRASH_PATH {
            let rec = self.edges.get(at);
            let name = self.names.get(rec.name);
            length += name.len() + 1;
            parts.push(name);
            at = self.node(Inode(rec.parent)).parents;
        }
        parts.reverse();
        let path = parts.join(&b'/');
        path[path.len().saturating_sub(MAX_TRASH_PATH)..].to_vec()
    }
}
