//! What must hold before a copy begins, so that it never stops half way.

use super::{OVERWRITE, Run};
use crate::fs::Fs;
use crate::ns::nodes::eattr;
use types::{Inode, Status};

/// What is marked so is not written over.
const KEPT: u8 = eattr::UNDELETABLE | eattr::APPENDONLY | eattr::IMMUTABLE;

impl Fs {
    /// Where a name of the copy exists already, it must be of the same type, and replaceable.
    pub(super) fn check_copy(
        &self,
        run: &Run<'_>,
        src: Inode,
        parent: Inode,
        name: &[u8],
    ) -> Result<(), Status> {
        let rec = self.existing(src)?;
        let there = self.lookup(parent, name);
        if name.is_empty() || (rec.is_dir() && self.is_below(parent, src)) || there == Some(src) {
            return Err(Status::EINVAL);
        }
        let mut pairs: Vec<(Inode, Inode)> = there.map(|dst| (src, dst)).into_iter().collect();
        while let Some((src, dst)) = pairs.pop() {
            let (from, to) = (self.node(src), self.node(dst));
            if from.node_type() != to.node_type() || to.eattr & KEPT != 0 {
                return Err(Status::EPERM);
            }
            if !from.is_dir() {
                if !run.has(OVERWRITE) {
                    return Err(Status::EEXIST);
                }
                continue;
            }
            for slot in self.entry_slots(src) {
                let edge = self.edges.get(slot);
                let there = self.lookup(dst, self.names.get(edge.name));
                pairs.extend(there.map(|dst| (edge.child(), dst)));
            }
        }
        Ok(())
    }
}
