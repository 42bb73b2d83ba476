//! What must hold before anybody works with a loaded state.

use super::{Damage, LoadError};
use crate::fs::Fs;
use types::{Inode, ROOT};

impl Fs {
    /// Root is there, all nodes have names, all directories are below root. Computes the statistics.
    pub(super) fn check_loaded(&mut self, damage: &mut Damage) -> Result<(), LoadError> {
        if !self.node(ROOT).is_dir() {
            return Err(LoadError::NoRoot);
        }
        let mut dirs = 0;
        let mut orphans = Vec::new();
        for (inode, rec) in self.nodes.iter().filter(|(_, rec)| rec.exists()) {
            if rec.parents == 0 && inode != ROOT.0 {
                damage.met(LoadError::Orphan(Inode(inode)))?;
                orphans.push(Inode(inode));
            }
            dirs += u64::from(rec.is_dir());
        }
        for inode in orphans {
            self.rescue(inode);
        }
        // Each directory has one parent, so those that root does not reach form rings.
        let reached = self.recount();
        if reached == dirs { Ok(()) } else { Err(LoadError::Unreachable(dirs - reached)) }
    }
}
