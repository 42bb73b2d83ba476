//! Shapes of extended attributes and ACLs.

use std::fmt;
use types::{DecodeError, Reader, TwoLists, Wire};

record! { <'a> {
    /// Permissions of one user or group in an ACL.
    #[derive(Eq)]
    AclEntry {
        /// uid or gid.
        id: u32,
        /// 4 read, 2 write, 1 execute.
        perm: u16,
    }

    /// A POSIX ACL; 0xFFFF is "not set".
    Acl<'a> {
        /// The owner's permissions.
        user: u16,
        /// The owning group's permissions.
        group: u16,
        /// Everybody else's permissions.
        other: u16,
        /// What named entries and the group can have at most.
        mask: u16,
        /// Named users, then named groups.
        named: TwoLists<'a, u16, AclEntry>,
    }
} }

/// `u32 length | [bytes]`: without the bytes when only the length was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct XattrValue<'a> {
    length: u32,
    data: &'a [u8],
}

impl<'a> XattrValue<'a> {
    /// A value (what is beyond 4 GiB is cut; the limit of values is 65536 bytes).
    pub fn value(data: &'a [u8]) -> Self {
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        XattrValue { length, data: &data[..length as usize] }
    }

    /// Only how long a value is.
    pub fn length_only(length: u32) -> Self {
        XattrValue { length, data: &[] }
    }

    /// The value's length.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// The value; empty also when only the length was sent.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }
}

impl<'a> Wire<'a> for XattrValue<'a> {
    const MIN_SIZE: usize = 4;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let length = u32::decode(r)?;
        let data = if r.is_empty() { &[] } else { r.take(length as usize)? };
        Ok(XattrValue { length, data })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.length.encode(out);
        out.extend_from_slice(self.data);
    }
}

impl fmt::Debug for XattrValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} of {} bytes]", self.data.len(), self.length)
    }
}
