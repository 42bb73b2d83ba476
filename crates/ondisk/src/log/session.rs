//! What the changelog says of a client session.

use super::arg::{Arg, Args};
use super::{LineError, scan::Scan};
use std::io::Write;
use types::{Bytes32, Inode};

/// `#csum,root,flags,0umask,ruid,rgid,muid,mgid,mingoal,maxgoal,mintrash,maxtrash,0xdisables,ip,info`. The checksum,
/// the umask and the disabled commands are missing in old lines and then 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SessionFields<'a> {
    /// Checksum of the exports file's line.
    pub exports_csum: u64,
    /// What the client sees as its root; 0 for a session on the trash and the like ("meta").
    pub root: Inode,
    /// Session flags, `spec/metadata-format.md` 1.
    pub flags: u8,
    /// Bits that the session clears in every new node's mode; at most 0o777.
    pub umask: u16,
    /// The user that root becomes.
    pub root_uid: u32,
    /// The group that root becomes.
    pub root_gid: u32,
    /// The user that all others become, with the mapall flag.
    pub mapall_uid: u32,
    /// The group that all others become, with the mapall flag.
    pub mapall_gid: u32,
    /// Lowest goal the session may set.
    pub min_goal: u8,
    /// Highest goal the session may set.
    pub max_goal: u8,
    /// Lowest trash time the session may set, seconds.
    pub min_trash: u32,
    /// Highest trash time the session may set, seconds.
    pub max_trash: u32,
    /// Commands the session may not use, one bit each.
    pub disables: u32,
    /// The client's IPv4 address.
    pub ip: u32,
    /// Where the client has it mounted, as it says itself.
    pub info: Bytes32<'a>,
}

impl<'a> Arg<'a> for SessionFields<'a> {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        let exports_csum = csum(scan)?;
        let root = if exports_csum.is_some() { Arg::parse(scan)? } else { Inode(scan.number("an inode")?) };
        Ok(SessionFields {
            exports_csum: exports_csum.unwrap_or(0),
            root,
            flags: Arg::parse(scan)?,
            umask: umask(scan)?,
            root_uid: Arg::parse(scan)?,
            root_gid: Arg::parse(scan)?,
            mapall_uid: Arg::parse(scan)?,
            mapall_gid: Arg::parse(scan)?,
            min_goal: Arg::parse(scan)?,
            max_goal: Arg::parse(scan)?,
            min_trash: Arg::parse(scan)?,
            max_trash: Arg::parse(scan)?,
            disables: disables(scan)?,
            ip: Arg::parse(scan)?,
            info: Arg::parse(scan)?,
        })
    }

    fn write(&self, out: &mut Args<'_>) {
        let start = out.begin();
        start.push(b'#');
        super::text::decimal(self.exports_csum, start);
        out.number(self.root.0);
        out.number(self.flags);
        formatted(out, format_args!("0{:03o}", self.umask & 0o777));
        [self.root_uid, self.root_gid, self.mapall_uid, self.mapall_gid]
            .into_iter()
            .for_each(|n| out.number(n));
        out.number(self.min_goal);
        out.number(self.max_goal);
        out.number(self.min_trash);
        out.number(self.max_trash);
        formatted(out, format_args!("0x{:08X}", self.disables));
        out.number(self.ip);
        out.bytes(self.info.as_bytes());
    }

    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        SessionFields {
            exports_csum: Arg::any(entropy),
            root: Arg::any(entropy),
            flags: Arg::any(entropy),
            umask: u16::any(entropy) & 0o777,
            root_uid: Arg::any(entropy),
            root_gid: Arg::any(entropy),
            mapall_uid: Arg::any(entropy),
            mapall_gid: Arg::any(entropy),
            min_goal: Arg::any(entropy),
            max_goal: Arg::any(entropy),
            min_trash: Arg::any(entropy),
            max_trash: Arg::any(entropy),
            disables: Arg::any(entropy),
            ip: Arg::any(entropy),
            info: Arg::any(entropy),
        }
    }
}

fn formatted(out: &mut Args<'_>, text: std::fmt::Arguments<'_>) {
    out.begin().write_fmt(text).expect("a Vec takes everything");
}

/// Without the checksum the root stands right here, its comma already read.
fn csum(scan: &mut Scan<'_>) -> Result<Option<u64>, LineError> {
    scan.separator()?;
    if scan.eat(b'#') { scan.number("an exports checksum").map(Some) } else { Ok(None) }
}

/// A zero and exactly three octal digits. No decimal number looks like that, so what does not is the next field.
fn umask(scan: &mut Scan<'_>) -> Result<u16, LineError> {
    let is_umask = matches!(scan.ahead(), [b',', b'0', a, b, c, b',', ..]
        if [a, b, c].iter().all(|d| matches!(d, b'0'..=b'7')));
    if !is_umask {
        return Ok(0);
    }
    scan.separator()?;
    scan.digits(8, 4).map(|n| n as u16).ok_or_else(|| scan.expected("an octal umask"))
}

/// `0x` and hexadecimal digits; what does not begin so is the next field.
fn disables(scan: &mut Scan<'_>) -> Result<u32, LineError> {
    if !scan.ahead().starts_with(b",0x") {
        return Ok(0);
    }
    scan.separator()?;
    scan.eat(b'0');
    scan.eat(b'x');
    scan.digits(16, 8).map(|n| n as u32).ok_or_else(|| scan.expected("a hexadecimal mask"))
}
