//! ACLs as the kernel's extended attributes hold them: `u32 version 2`, then `u16 tag | u16 perm | u32 id` each,
//! little-endian on every machine (`linux/posix_acl_xattr.h`).

#![expect(clippy::little_endian_bytes, reason = "the kernel's format")]

use client::{Acl, AclKind, AclPermissions};
use rustix::io::Errno;

const VERSION: u32 = 2;
const USER_OBJ: u16 = 0x01;
const USER: u16 = 0x02;
const GROUP_OBJ: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;
const NO_ID: u32 = u32::MAX;

/// Which ACL an attribute's name stands for.
pub(super) fn acl_kind(name: &[u8]) -> Option<AclKind> {
    match name {
        b"system.posix_acl_access" => Some(AclKind::Access),
        b"system.posix_acl_default" => Some(AclKind::Default),
        _ => None,
    }
}

/// In the order that tools expect: owner, users, group, groups, mask, others.
pub(super) fn acl_to_xattr(acl: &Acl) -> Vec<u8> {
    let mut out = VERSION.to_le_bytes().to_vec();
    let mut put = |tag: u16, perm: u16, id: u32| {
        out.extend_from_slice(&tag.to_le_bytes());
        out.extend_from_slice(&perm.to_le_bytes());
        out.extend_from_slice(&id.to_le_bytes());
    };
    put(USER_OBJ, acl.user.unwrap_or(0), NO_ID);
    acl.users.iter().for_each(|e| put(USER, e.perm, e.id));
    put(GROUP_OBJ, acl.group.unwrap_or(0), NO_ID);
    acl.groups.iter().for_each(|e| put(GROUP, e.perm, e.id));
    if let Some(mask) = acl.mask {
        put(MASK, mask, NO_ID);
    }
    put(OTHER, acl.other.unwrap_or(0), NO_ID);
    out
}

/// Refuses what setfacl(1) would not write.
pub(super) fn xattr_to_acl(bytes: &[u8]) -> Result<Acl, Errno> {
    let (version, entries) = bytes.split_first_chunk::<4>().ok_or(Errno::INVAL)?;
    if u32::from_le_bytes(*version) != VERSION || !entries.len().is_multiple_of(8) {
        return Err(Errno::INVAL);
    }
    let mut acl = Acl::default();
    for entry in entries.chunks_exact(8) {
        let tag = u16::from_le_bytes([entry[0], entry[1]]);
        let perm = u16::from_le_bytes([entry[2], entry[3]]);
        let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
        if perm > 7 {
            return Err(Errno::INVAL);
        }
        match tag {
            USER_OBJ => acl.user = Some(perm),
            USER => acl.users.push(AclPermissions { id, perm }),
            GROUP_OBJ => acl.group = Some(perm),
            GROUP => acl.groups.push(AclPermissions { id, perm }),
            MASK => acl.mask = Some(perm),
            OTHER => acl.other = Some(perm),
            _ => return Err(Errno::INVAL),
        }
    }
    let named = !acl.users.is_empty() || !acl.groups.is_empty();
    // An attribute without entries removes the ACL.
    let complete = acl.user.is_some() && acl.group.is_some() && acl.other.is_some();
    if entries.is_empty() || complete && (acl.mask.is_some() || !named) { Ok(acl) } else { Err(Errno::INVAL) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let acl = Acl {
            user: Some(6),
            group: Some(4),
            other: Some(0),
            mask: Some(7),
            users: vec![AclPermissions { id: 30, perm: 6 }],
            groups: vec![AclPermissions { id: 40, perm: 5 }],
        };
        let bytes = acl_to_xattr(&acl);
        assert_eq!(bytes.len(), 4 + 6 * 8);
        assert_eq!(xattr_to_acl(&bytes), Ok(acl));
        assert!(xattr_to_acl(&bytes[..bytes.len() - 1]).is_err());
        assert_eq!(xattr_to_acl(&2_u32.to_le_bytes()), Ok(Acl::default()));
    }
}
