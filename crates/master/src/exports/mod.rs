//! `mfsexports.cfg`: who may mount what, and how (`spec/config-and-daemons.md` 7).

mod address;
mod parse;
mod select;
#[cfg(test)]
mod tests;

pub use address::AddressRange;
pub use parse::{LineError, parse_exports};
pub use select::{Challenge, Mount, Selection};

use std::hash::Hasher as _;

/// One line of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Export {
    /// Line number, from 1.
    pub line: u32,
    /// Whose line it is.
    pub range: AddressRange,
    /// True for the trash and sustained files (path `.`).
    pub meta: bool,
    /// The directory, without slashes at either end; empty is the root.
    pub path: Vec<u8>,
    /// What the line grants.
    pub options: ExportOptions,
}

/// What a line grants.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the file")]
pub struct ExportOptions {
    /// `rw`.
    pub writable: bool,
    /// `alldirs`: directories below the path may be mounted.
    pub alldirs: bool,
    /// `dynamicip`: the session may move to another address.
    pub dynamic_ip: bool,
    /// `ignoregid`: group and other permissions are joined.
    pub ignore_gid: bool,
    /// `admin`.
    pub admin: bool,
    /// What uid 0 becomes, and its group.
    pub root: (u32, u32),
    /// What all others become, with `mapall`.
    pub mapall: Option<(u32, u32)>,
    /// MD5 of the password.
    pub password: Option<[u8; 16]>,
    /// Lowest client version, `x<<16 | y<<8 | z` without doubling.
    pub min_version: u32,
    /// Goals that may be set.
    pub goals: (u8, u8),
    /// Trash times that may be set, seconds.
    pub trash_times: (u32, u32),
    /// Added to every umask.
    pub umask: u16,
    /// Refused operations, a bit each (`spec/wire-client-master.md` 2.10).
    pub disables: u32,
}

/// The ids of nobody in particular, where nothing else is said.
pub(crate) const NOBODY: (u32, u32) = (999, 999);

impl ExportOptions {
    /// What a line without options grants.
    fn defaults() -> Self {
        ExportOptions {
            writable: false,
            alldirs: false,
            dynamic_ip: false,
            ignore_gid: false,
            admin: false,
            root: NOBODY,
            mapall: None,
            password: None,
            min_version: 0,
            goals: (1, 9),
            trash_times: (0, u32::MAX),
            umask: 0,
            disables: 0,
        }
    }
}

/// A number that changes when the table does, stable over restarts and independent of the order of lines: sessions
/// remember it, and re-register when it differs.
pub fn checksum(exports: &[Export]) -> u64 {
    exports.iter().fold(0, |sum, export| {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        let o = &export.options;
        hash.write(&export.path);
        let (first, last) = export.range.bounds();
        let flags =
            [o.writable, o.alldirs, o.dynamic_ip, o.ignore_gid, o.admin, o.mapall.is_some(), export.meta];
        flags.iter().for_each(|&flag| hash.write(&[flag.into()]));
        hash.write(&o.password.unwrap_or_default());
        let mapall = o.mapall.unwrap_or_default();
        let ids = [first, last, o.root.0, o.root.1, mapall.0, mapall.1, o.min_version, o.disables];
        let limits = [o.goals.0.into(), o.goals.1.into(), o.trash_times.0, o.trash_times.1, o.umask.into()];
        ids.iter().chain(&limits).for_each(|n| hash.write(&n.to_be_bytes()));
        sum.wrapping_add(hash.finish())
    })
}

/// FNV-1a: the standard library's hashes promise nothing about the next release.
struct Fnv(u64);

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
