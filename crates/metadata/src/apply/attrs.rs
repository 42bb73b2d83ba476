//! Attributes of one node.

use crate::fs::Fs;
use crate::ns::records::HAS_XATTR;
use crate::ns::times::Stamp::{Atime, Ctime};
use crate::tables::acl::{Acl, UNSET};
use crate::tables::quota::Quota;
use ondisk::{AttrExtra, Op, Outcome};
use types::{Inode, Name, Status, Time};

/// Bit of `aclmode` that says the other bits count.
const ACLMODE_SET: u16 = 1 << 12;

impl Fs {
    pub(super) fn set_atime(&mut self, ts: Time, inode: Inode) -> Result<Outcome, Status> {
        self.existing(inode)?;
        self.stamp(inode, &[Atime], ts);
        Ok(Outcome::none())
    }

    pub(super) fn set_times(&mut self, inode: Inode, times: [Time; 3]) -> Result<Outcome, Status> {
        self.existing(inode)?;
        self.put_times(inode, times);
        Ok(Outcome::none())
    }

    pub(super) fn set_attrs(
        &mut self,
        ts: Time,
        inode: Inode,
        mode: u16,
        (uid, gid): (u32, u32),
        (atime, mtime): (Time, Time),
        extra: AttrExtra,
    ) -> Result<Outcome, Status> {
        self.existing(inode)?;
        if mode > 0o7777 {
            return Err(Status::EINVAL);
        }
        let rec = self.node_mut(inode);
        (rec.mode, rec.uid, rec.gid) = (mode, uid, gid);
        rec.winattr = extra.winattr;
        self.put_times(inode, [atime, mtime, ts]);
        self.acls.change(inode, Acl::ACCESS, |acl| {
            let (bits, mask) = match extra.aclmode & ACLMODE_SET {
                0 => (mode, 7),
                _ => (extra.aclmode, extra.aclmode >> 3 & 7),
            };
            (acl.user, acl.mask, acl.other) = (bits >> 6 & 7, mask, bits & 7);
        });
        Ok(Outcome::none())
    }

    pub(super) fn set_xattr(
        &mut self,
        ts: Time,
        inode: Inode,
        name: Name<'_>,
        value: &[u8],
        mode: u8,
    ) -> Result<Outcome, Status> {
        self.existing(inode)?;
        let name = name.as_bytes();
        let is_there = self.xattr(inode, name).is_some();
        match mode {
            _ if name.is_empty() => return Err(Status::EINVAL),
            1 if is_there => return Err(Status::EEXIST),
            2 | 3 if !is_there => return Err(Status::ENOATTR),
            0..=2 => self.xattrs.set(inode, name, value),
            3 => {
                self.xattrs.remove(inode, name);
            }
            _ => return Err(Status::EINVAL),
        }
        self.mark_xattrs(inode);
        self.stamp(inode, &[Ctime], ts);
        Ok(Outcome::none())
    }

    /// Keeps the node's mark in step with the table.
    pub(crate) fn mark_xattrs(&mut self, inode: Inode) {
        let any = !self.xattrs.list(inode).is_empty();
        self.node_mut(inode).set_flag(HAS_XATTR, any);
    }

    pub(super) fn set_acl_op(&mut self, ts: Time, op: &Op<'_>) -> Result<Outcome, Status> {
        let Op::SetAcl { inode, mode, change_ctime, kind, user, group, other, mask, named } = *op else {
            return Err(Status::EINVAL);
        };
        self.existing(inode)?;
        if !matches!(kind, Acl::ACCESS | Acl::DEFAULT) || mode > 0o7777 {
            return Err(Status::EINVAL);
        }
        let acl = Acl::new(user, group, other, mask, named);
        if acl.is_empty() {
            self.set_acl(inode, kind, None);
            return Ok(Outcome::none());
        }
        // A mode says as much as an access ACL without names and mask.
        let in_mode = kind == Acl::ACCESS && acl.named().as_bytes().is_empty() && mask == UNSET;
        self.set_acl(inode, kind, (!in_mode).then_some(acl));
        self.node_mut(inode).mode = mode;
        if change_ctime {
            self.stamp(inode, &[Ctime], ts);
        }
        Ok(Outcome::none())
    }

    pub(super) fn set_quota(&mut self, inode: Inode, new: Quota) -> Result<Outcome, Status> {
        self.existing_dir(inode)?;
        if new.flags == 0 {
            self.quotas.remove(inode);
            return Ok(Outcome::none());
        }
        let old = self.quotas.get(inode).map_or(0, |quota| quota.grace);
        let grace = if new.grace == 0 { old } else { new.grace };
        self.quotas.set(inode, Quota { grace, ..new });
        Ok(Outcome::none())
    }
}
