//! Quotas of directories.

use ondisk::QuotaLimits;
use types::Inode;

/// The quota of a directory (`spec/metadata-format.md` 6.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quota {
    /// Seconds a soft limit may be exceeded; 0 for the configured default.
    pub grace: u32,
    /// The grace period is over.
    pub exceeded: bool,
    /// Which limits count (`spec/metadata-format.md` 1).
    pub flags: u8,
    /// When a soft limit was passed, Unix seconds; 0 for not.
    pub stamp: u32,
    /// The limits.
    pub limits: QuotaLimits,
}

/// All quotas, with the order images keep: the newest first.
#[derive(Clone, Default)]
pub(crate) struct Quotas {
    by_inode: imbl::OrdMap<u32, (u64, Quota)>,
    by_age: imbl::OrdMap<u64, u32>,
    next: u64,
}

impl Quotas {
    pub(crate) fn get(&self, inode: Inode) -> Option<&Quota> {
        self.by_inode.get(&inode.0).map(|(_, quota)| quota)
    }

    /// Sets a quota; a new one becomes the newest.
    pub(crate) fn set(&mut self, inode: Inode, quota: Quota) {
        if let Some((_, old)) = self.by_inode.get_mut(&inode.0) {
            *old = quota;
            return;
        }
        self.by_inode.insert(inode.0, (self.next, quota));
        self.by_age.insert(self.next, inode.0);
        self.next += 1;
    }

    pub(crate) fn remove(&mut self, inode: Inode) {
        if let Some((age, _)) = self.by_inode.remove(&inode.0) {
            self.by_age.remove(&age);
        }
    }

    /// The newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Inode, &Quota)> {
        self.by_age.iter().rev().filter_map(|(_, inode)| Some((Inode(*inode), self.get(Inode(*inode))?)))
    }
}
