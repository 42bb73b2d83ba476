//! Permissions (`spec/wire-client-master.md` 3.1.5).

use crate::fs::Fs;
use crate::ns::nodes::eattr;
use crate::tables::acl::{Acl, UNSET};
use types::{Gids, Inode};

impl Fs {
    /// True when a user may do everything in `want` (read 4, write 2, execute 1) with a node. `ignore_gid` is the
    /// session flag under which group and other bits count together. False for what does not exist.
    pub fn access(&self, inode: Inode, uid: u32, gids: Gids<'_>, ignore_gid: bool, want: u8) -> bool {
        let rec = self.node(inode);
        if uid == 0 || !rec.exists() {
            return rec.exists();
        }
        if let Some(acl) = self.acl(inode, Acl::ACCESS) {
            return acl.grants(uid == rec.uid, rec.gid, uid, gids, want.into());
        }
        let granted = if uid == rec.uid || rec.eattr & eattr::NOOWNER != 0 {
            rec.mode >> 6
        } else if ignore_gid {
            rec.mode >> 3 | rec.mode
        } else if gids.iter().any(|gid| gid == rec.gid) {
            rec.mode >> 3
        } else {
            rec.mode
        };
        u16::from(want) & !granted & 7 == 0
    }
}

impl Acl {
    /// True when the ACL grants everything in `want`. Of several groups one must grant it all.
    fn grants(&self, is_owner: bool, owning_gid: u32, uid: u32, gids: Gids<'_>, want: u16) -> bool {
        let mask = if self.mask == UNSET { 7 } else { self.mask };
        let enough = |perm: u16| want & !perm & 7 == 0;
        if is_owner {
            return enough(self.user);
        }
        if let Some(entry) = self.named().users().find(|entry| entry.id == uid) {
            return enough(entry.perm & mask);
        }
        let is_member = |gid: u32| gids.iter().any(|mine| mine == gid);
        let owning = is_member(owning_gid).then_some(self.group);
        let named = self.named().groups().filter(|entry| is_member(entry.id)).map(|entry| entry.perm);
        let mut matching = owning.into_iter().chain(named).peekable();
        if matching.peek().is_none() {
            return enough(self.other);
        }
        matching.any(|perm| enough(perm & mask))
    }
}
