//! Removal of what a snapshot made and nobody changed since.

use super::Run;
use crate::fs::Fs;
use crate::ns::nodes::eattr;
use types::Inode;

/// Access to enter a directory and take names out of it.
const WRITE_EXECUTE: u8 = 3;

enum Step {
    /// Look at a name.
    Visit(u32),
    /// All below this directory was visited; its extra attributes were these.
    Leave(u32, u8),
}

impl Fs {
    pub(super) fn remove_copies(&mut self, run: &mut Run<'_>, top: u32) {
        let mut steps = vec![Step::Visit(top)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Visit(edge) => {
                    let child = self.edges.get(edge).child();
                    let rec = self.node(child);
                    if !rec.is_dir() {
                        self.remove_copy(run, edge);
                        continue;
                    }
                    steps.push(Step::Leave(edge, rec.eattr));
                    if self.may(run, child, WRITE_EXECUTE) {
                        steps.extend(self.entry_slots(child).into_iter().rev().map(Step::Visit));
                    }
                }
                Step::Leave(edge, eattr) => {
                    let child = self.edges.get(edge).child();
                    if self.node(child).entries() == 0 {
                        self.node_mut(child).eattr = eattr;
                        self.remove_copy(run, edge);
                    }
                }
            }
        }
    }

    /// Edges of a directory in list order.
    pub(super) fn entry_slots(&self, dir: Inode) -> Vec<u32> {
        let first = self.node(dir).first_entry();
        std::iter::successors((first != 0).then_some(first), |slot| {
            let next = self.edges.get(*slot).next;
            (next != 0).then_some(next)
        })
        .collect()
    }

    fn remove_copy(&mut self, run: &mut Run<'_>, edge: u32) {
        let rec = self.edges.get(edge);
        let (child, dir) = (rec.child(), Inode(rec.parent));
        let node = self.node(child);
        let kept = eattr::UNDELETABLE | eattr::IMMUTABLE | eattr::APPENDONLY;
        let dir_kept = eattr::IMMUTABLE | eattr::APPENDONLY;
        if node.eattr & eattr::SNAPSHOT == 0 || node.eattr & kept != 0 || self.node(dir).eattr & dir_kept != 0
        {
            return;
        }
        // Even when other names keep the node alive.
        self.node_mut(child).trash_hours = 0;
        run.xor ^= child.0;
        run.removed += 1;
        self.delete(run.ts, edge);
    }
}
