//! The named entries of an ACL, as images, changelogs and packets carry them.

use std::fmt;

/// Bytes of one named entry.
const ENTRY: usize = 6;

/// One named user or group of an ACL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AclEntry {
    /// The user or group id.
    pub id: u32,
    /// Permission bits, 0 to 7.
    pub perm: u16,
}

/// Named users, then named groups: `(u32 id | u16 perm)*`, users first. Borrows its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct AclEntries<'a> {
    users: u16,
    blob: &'a [u8],
}

impl<'a> AclEntries<'a> {
    /// `None` when `blob` does not hold exactly `users + groups` entries.
    pub fn new(users: u16, groups: u16, blob: &'a [u8]) -> Option<Self> {
        let wanted = (usize::from(users) + usize::from(groups)) * ENTRY;
        (blob.len() == wanted).then_some(AclEntries { users, blob })
    }

    /// How many named users there are.
    pub fn user_count(&self) -> u16 {
        self.users
    }

    /// How many named groups there are.
    pub fn group_count(&self) -> u16 {
        (self.blob.len() / ENTRY - usize::from(self.users)) as u16
    }

    /// Named users in stored order.
    pub fn users(&self) -> impl Iterator<Item = AclEntry> + use<'a> {
        entries(&self.blob[..usize::from(self.users) * ENTRY])
    }

    /// Named groups in stored order.
    pub fn groups(&self) -> impl Iterator<Item = AclEntry> + use<'a> {
        entries(&self.blob[usize::from(self.users) * ENTRY..])
    }

    /// The entries' bytes, users first.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.blob
    }
}

fn entries(blob: &[u8]) -> impl Iterator<Item = AclEntry> + use<'_> {
    blob.chunks_exact(ENTRY).map(|b| AclEntry {
        id: u32::from_be_bytes([b[0], b[1], b[2], b[3]]),
        perm: u16::from_be_bytes([b[4], b[5]]),
    })
}

impl fmt::Debug for AclEntries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |e: AclEntry| (e.id, e.perm);
        f.debug_struct("AclEntries")
            .field("users", &self.users().map(show).collect::<Vec<_>>())
            .field("groups", &self.groups().map(show).collect::<Vec<_>>())
            .finish()
    }
}
