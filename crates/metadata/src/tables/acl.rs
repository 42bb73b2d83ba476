//! POSIX ACLs.

use ondisk::AclEntries;
use std::sync::Arc;
use types::Inode;

/// A permission field that is not set.
pub const UNSET: u16 = 0xFFFF;

/// An access or default ACL. Permissions are 0 to 7, or [`UNSET`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Acl {
    pub user: u16,
    pub group: u16,
    pub other: u16,
    pub mask: u16,
    /// Number of named users; the rest of the named entries are groups.
    users: u16,
    named: Box<[u8]>,
}

/// What a new node gets from its parent's default ACL.
pub(crate) struct Inherited {
    pub(crate) mode: u16,
    pub(crate) access: Option<Acl>,
}

impl Acl {
    /// The number of access ACLs in images and logs.
    pub const ACCESS: u8 = 1;
    /// The number of default ACLs in images and logs.
    pub const DEFAULT: u8 = 2;

    /// An ACL with a copy of the named entries.
    pub fn new(user: u16, group: u16, other: u16, mask: u16, named: AclEntries<'_>) -> Self {
        Acl { user, group, other, mask, users: named.user_count(), named: named.as_bytes().into() }
    }

    /// The named users and groups.
    pub fn named(&self) -> AclEntries<'_> {
        let groups = self.named.len() / 6 - usize::from(self.users);
        AclEntries::new(self.users, groups as u16, &self.named).expect("made from entries")
    }

    /// True when all four fields are unset and nobody is named: the form that removes an ACL.
    pub fn is_empty(&self) -> bool {
        [self.user, self.group, self.other, self.mask] == [UNSET; 4] && self.named.is_empty()
    }

    /// True when the nine bits of a mode say as much.
    pub fn is_minimal(&self) -> bool {
        self.named.is_empty() && self.mask == UNSET && self.user <= 7 && self.group <= 7 && self.other <= 7
    }

    /// What a node made with `mode` below a directory with this default ACL gets (`spec/metadata-format.md` 14).
    pub(crate) fn inherited(&self, mode: u16) -> Inherited {
        if self.is_minimal() {
            let bits = self.user << 6 | self.group << 3 | self.other;
            return Inherited { mode: mode & (0o7000 | bits), access: None };
        }
        let access = Acl {
            user: mode >> 6 & 7 & self.user,
            group: self.group,
            other: mode & 7 & self.other,
            mask: mode >> 3 & 7 & self.mask,
            ..self.clone()
        };
        let low = access.user << 6 | (access.group & 7) << 3 | access.other;
        Inherited { mode: mode & 0o7000 | low, access: Some(access) }
    }
}

/// All ACLs, by inode and kind.
#[derive(Clone, Default)]
pub(crate) struct Acls {
    by_inode: imbl::OrdMap<(u32, u8), Arc<Acl>>,
}

impl Acls {
    pub(crate) fn get(&self, inode: Inode, kind: u8) -> Option<Arc<Acl>> {
        self.by_inode.get(&(inode.0, kind)).cloned()
    }

    pub(crate) fn peek(&self, inode: Inode, kind: u8) -> Option<&Acl> {
        self.by_inode.get(&(inode.0, kind)).map(|acl| &**acl)
    }

    pub(crate) fn any(&self, inode: Inode) -> bool {
        self.peek(inode, Acl::ACCESS).is_some() || self.peek(inode, Acl::DEFAULT).is_some()
    }

    pub(crate) fn set(&mut self, inode: Inode, kind: u8, acl: Option<Acl>) {
        match acl {
            Some(acl) => self.by_inode.insert((inode.0, kind), Arc::new(acl)),
            None => self.by_inode.remove(&(inode.0, kind)),
        };
    }

    /// Changes an ACL that is there.
    pub(crate) fn change(&mut self, inode: Inode, kind: u8, change: impl FnOnce(&mut Acl)) {
        if let Some(acl) = self.by_inode.get_mut(&(inode.0, kind)) {
            change(Arc::make_mut(acl));
        }
    }

    pub(crate) fn remove_all(&mut self, inode: Inode) {
        self.set(inode, Acl::ACCESS, None);
        self.set(inode, Acl::DEFAULT, None);
    }

    /// Inode, kind and ACL of all.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Inode, u8, &Acl)> {
        self.by_inode.iter().map(|((inode, kind), acl)| (Inode(*inode), *kind, &**acl))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inheritance() {
        let minimal = Acl::new(7, 5, 0, UNSET, AclEntries::default());
        assert!(minimal.is_minimal() && minimal.inherited(0o4777).access.is_none());
        assert_eq!(minimal.inherited(0o4777).mode, 0o4750);
        let named = AclEntries::new(1, 0, &[0, 0, 0, 9, 0, 6]).unwrap();
        let full = Acl::new(7, 5, 4, 7, named);
        let got = full.inherited(0o662);
        let access = got.access.unwrap();
        assert_eq!([access.user, access.group, access.other, access.mask], [6, 5, 0, 6]);
        assert_eq!((got.mode, access.named()), (0o650, named));
    }
}
