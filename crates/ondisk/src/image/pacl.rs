//! PACL: POSIX ACLs.

use super::body::{end_mark, zeros};
use super::{Body, SectionName};
use crate::AclEntries;
use types::{DecodeError, Inode, Reader, Wire};

/// One ACL of a node. 0xFFFF in a permission field is "not set".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AclRecord<'a> {
    /// The node.
    pub inode: Inode,
    /// 1 access, 2 default.
    pub kind: u8,
    /// The owner's permissions.
    pub user: u16,
    /// The group's permissions.
    pub group: u16,
    /// Everybody else's.
    pub other: u16,
    /// What named entries and the group have at most.
    pub mask: u16,
    /// Named users and groups.
    pub named: AclEntries<'a>,
}

/// The section.
pub enum Pacl {}

impl<'a> Body<'a> for Pacl {
    const NAME: SectionName = SectionName(*b"PACL");
    const VERSION: u8 = 0x11;
    const OLDEST: u8 = 0x10;
    type Head = ();
    type Record = AclRecord<'a>;

    fn head(_version: u8, _r: &mut Reader<'a>) -> Result<(), DecodeError> {
        Ok(())
    }

    fn record(version: u8, _head: &(), r: &mut Reader<'a>) -> Result<Option<AclRecord<'a>>, DecodeError> {
        if end_mark(r, 17) {
            return Ok(None);
        }
        let (inode, kind) = Wire::decode(r)?;
        let (user, group, other, mask) = Wire::decode(r)?;
        // Version 1.0 stored masks that nothing passes.
        let mask = if version == 0x10 && mask == 0 { 7 } else { mask };
        let (users, groups): (u16, u16) = Wire::decode(r)?;
        let blob = r.take((usize::from(users) + usize::from(groups)) * 6)?;
        let named = AclEntries::new(users, groups, blob).ok_or_else(|| r.bad("named entries"))?;
        Ok(Some(AclRecord { inode, kind, user, group, other, mask, named }))
    }

    fn write_head(_head: &(), _out: &mut Vec<u8>) {}

    fn write_record(record: &AclRecord<'a>, out: &mut Vec<u8>) {
        let named = &record.named;
        (record.inode, record.kind).encode(out);
        (record.user, record.group, record.other, record.mask).encode(out);
        (named.user_count(), named.group_count()).encode(out);
        out.extend_from_slice(named.as_bytes());
    }

    fn write_end(out: &mut Vec<u8>) {
        zeros(17, out);
    }
}
