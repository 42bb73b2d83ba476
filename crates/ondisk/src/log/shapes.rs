//! Arguments that are more than a number or a name.

use super::arg::{Arg, Args};
use super::{LineError, scan::Scan};
use crate::{AclEntries, QuotaLimits};
use std::fmt;
use types::NodeType;

/// Type and permissions of a new node: `type,mode,umask`, or in old lines a letter and no umask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewNode {
    /// What is made.
    pub kind: NodeType,
    /// Permission bits before the umask.
    pub mode: u16,
    /// Bits to clear; 0 in old lines.
    pub umask: u16,
}

impl<'a> Arg<'a> for NewNode {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        const LETTERS: &[u8] = b"fdlqbcstr";
        scan.separator()?;
        let letter = LETTERS.iter().position(|l| scan.eat(*l));
        let number = match letter {
            Some(index) => index as u8 + 1,
            None => scan.number("a node type")?,
        };
        let kind = NodeType::from_u8(number).ok_or_else(|| scan.expected("a node type"))?;
        let mode = u16::parse(scan)?;
        let umask = if letter.is_some() { 0 } else { u16::parse(scan)? };
        Ok(NewNode { kind, mode, umask })
    }
    fn write(&self, out: &mut Args<'_>) {
        out.number(self.kind as u8);
        out.number(self.mode);
        out.number(self.umask);
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        let kind = NodeType::from_u8(entropy.byte() % 9 + 1).unwrap();
        NewNode { kind, mode: u16::any(entropy), umask: u16::any(entropy) }
    }
}

/// The end of `ATTR`: `winattr,aclmode`; in old lines only `aclmode`, or nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AttrExtra {
    /// The opaque byte for Windows clients.
    pub winattr: u8,
    /// Bit 12: the low nine bits are the new user, mask and other entries of the access ACL.
    pub aclmode: u16,
}

impl<'a> Arg<'a> for AttrExtra {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        let Some(first) = Option::<u16>::parse(scan)? else { return Ok(AttrExtra::default()) };
        if !scan.more() {
            return Ok(AttrExtra { winattr: 0, aclmode: first });
        }
        let winattr = u8::try_from(first).map_err(|_| scan.expected("a winattr up to 255 before this"))?;
        Ok(AttrExtra { winattr, aclmode: u16::parse(scan)? })
    }
    fn write(&self, out: &mut Args<'_>) {
        out.number(self.winattr);
        out.number(self.aclmode);
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        AttrExtra { winattr: u8::any(entropy), aclmode: u16::any(entropy) }
    }
}

/// What a lock line does. `S` and `E`, and small letters, are read as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LockKind {
    /// `R`: a shared lock.
    Shared,
    /// `W`: an exclusive lock.
    Exclusive,
    /// `U`: no lock any more.
    Unlock,
}

impl<'a> Arg<'a> for LockKind {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        scan.separator()?;
        let kind = match scan.peek().unwrap_or(0).to_ascii_uppercase() {
            b'R' | b'S' => LockKind::Shared,
            b'W' | b'E' => LockKind::Exclusive,
            b'U' => LockKind::Unlock,
            _ => return Err(scan.expected("one of R, S, W, E, U")),
        };
        scan.eat(scan.peek().unwrap_or(0));
        Ok(kind)
    }
    fn write(&self, out: &mut Args<'_>) {
        out.begin().push(match self {
            LockKind::Shared => b'R',
            LockKind::Exclusive => b'W',
            LockKind::Unlock => b'U',
        });
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        [LockKind::Shared, LockKind::Exclusive, LockKind::Unlock][usize::from(entropy.byte() % 3)]
    }
}

/// What happens to the table of chunkservers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CsdbAction {
    /// A server is new; the argument is the id it had before it was removed, or 0.
    Add = 0,
    /// The server is removed.
    Delete = 1,
    /// The server whose id is the argument now has this address.
    NewAddress = 2,
    /// The server gets the argument as its id.
    NewId = 3,
    /// Maintenance until the time in the argument, 0 for no end.
    MaintenanceOn = 4,
    /// Maintenance is over.
    MaintenanceOff = 5,
    /// Temporary maintenance until the time in the argument.
    MaintenanceTemporary = 6,
}

impl<'a> Arg<'a> for CsdbAction {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        use CsdbAction::*;
        scan.separator()?;
        let number: usize = scan.number("a number from 0 to 6")?;
        [Add, Delete, NewAddress, NewId, MaintenanceOn, MaintenanceOff, MaintenanceTemporary]
            .get(number)
            .copied()
            .ok_or_else(|| scan.expected("a number from 0 to 6 before this"))
    }
    fn write(&self, out: &mut Args<'_>) {
        out.number(*self as u8);
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        Self::parse(&mut Scan::new(&[b'0' + entropy.byte() % 7], &mut [])).unwrap()
    }
}

/// How many copies a storage class asks for: `Wc,Kk,Aa`. Only 1 to 9 each will be accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SclassCounts {
    /// While a chunk is being written.
    pub create: u8,
    /// Afterwards.
    pub keep: u8,
    /// Once archived.
    pub archive: u8,
}

impl<'a> Arg<'a> for SclassCounts {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        let mut count = |letter, what| {
            scan.separator()?;
            scan.expect(letter, what)?;
            scan.number("a number of copies")
        };
        Ok(SclassCounts {
            create: count(b'W', "'W' and the create copies")?,
            keep: count(b'K', "'K' and the keep copies")?,
            archive: count(b'A', "'A' and the archive copies")?,
        })
    }
    fn write(&self, out: &mut Args<'_>) {
        for (letter, count) in [(b'W', self.create), (b'K', self.keep), (b'A', self.archive)] {
            let out = out.begin();
            out.push(letter);
            super::text::decimal(count.into(), out);
        }
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        SclassCounts { create: u8::any(entropy), keep: u8::any(entropy), archive: u8::any(entropy) }
    }
}

/// Label masks of a storage class, four for each copy: `u32*` big-endian as in packets and images. `-` in a line
/// is no masks at all.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct MaskList<'a>(&'a [u8]);

impl<'a> MaskList<'a> {
    /// `None` when the bytes are no whole number of masks.
    pub fn from_be_bytes(bytes: &'a [u8]) -> Option<Self> {
        bytes.len().is_multiple_of(4).then_some(MaskList(bytes))
    }

    /// The masks in order: create copies, keep copies, archive copies.
    pub fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.0.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// How many masks there are.
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// True without masks.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The masks' bytes.
    pub fn as_be_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl<'a> Arg<'a> for MaskList<'a> {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        scan.separator()?;
        if scan.eat(b'-') {
            return Ok(MaskList(&[]));
        }
        scan.numbers(b')', "a label mask").map(MaskList)
    }
    fn write(&self, out: &mut Args<'_>) {
        if self.is_empty() {
            out.begin().push(b'-');
        }
        self.iter().for_each(|mask| out.number(mask));
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        let bytes = entropy.bytes(432);
        MaskList(&bytes[..bytes.len() / 4 * 4])
    }
}

impl fmt::Debug for MaskList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// `nusers,ngroups,blob`.
impl<'a> Arg<'a> for AclEntries<'a> {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        let (users, groups) = Arg::parse(scan)?;
        scan.separator()?;
        let blob = scan.bytes(usize::from(u16::MAX) * 12, "named ACL entries")?;
        AclEntries::new(users, groups, blob)
            .ok_or_else(|| scan.expected("6 bytes per named ACL entry before this"))
    }
    fn write(&self, out: &mut Args<'_>) {
        out.number(self.user_count());
        out.number(self.group_count());
        out.bytes(self.as_bytes());
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        let blob = entropy.bytes(60);
        let count = (blob.len() / 6) as u16;
        let users = entropy.byte() as u16 % (count + 1);
        AclEntries::new(users, count - users, &blob[..blob.len() / 6 * 6]).unwrap()
    }
}

/// Eight numbers, soft before hard: inodes, length, size, real size.
impl<'a> Arg<'a> for QuotaLimits {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        Ok(QuotaLimits {
            soft_inodes: Arg::parse(scan)?,
            hard_inodes: Arg::parse(scan)?,
            soft_length: Arg::parse(scan)?,
            hard_length: Arg::parse(scan)?,
            soft_size: Arg::parse(scan)?,
            hard_size: Arg::parse(scan)?,
            soft_real_size: Arg::parse(scan)?,
            hard_real_size: Arg::parse(scan)?,
        })
    }
    fn write(&self, out: &mut Args<'_>) {
        out.number(self.soft_inodes);
        out.number(self.hard_inodes);
        let sizes = [self.soft_length, self.hard_length, self.soft_size, self.hard_size];
        sizes.into_iter().chain([self.soft_real_size, self.hard_real_size]).for_each(|n| out.number(n));
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        let (soft_inodes, hard_inodes) = Arg::any(entropy);
        let mut next = || entropy.number();
        QuotaLimits {
            soft_inodes,
            hard_inodes,
            soft_length: next(),
            hard_length: next(),
            soft_size: next(),
            hard_size: next(),
            soft_real_size: next(),
            hard_real_size: next(),
        }
    }
}
