//! Byte strings with a length in front.

use crate::{DecodeError, Reader, Wire};
use std::fmt;

/// `u8 len | bytes`: names of files, attributes, classes. At most 255 bytes by construction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Name<'a>(&'a [u8]);

/// `u8 len | bytes` that is no name: a trash listing's path, a path component list.
pub type Bytes8<'a> = Name<'a>;

impl<'a> Name<'a> {
    /// `None` when longer than 255 bytes.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() <= 255).then_some(Name(bytes))
    }

    /// The bytes, not necessarily UTF-8.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// True for what may name a directory entry: 1 to 255 bytes, not `.` or `..`, no NUL, no `/`
    /// (`spec/wire-client-master.md` 3.1.3).
    pub fn is_file_name(&self) -> bool {
        !matches!(self.0, b"" | b"." | b"..") && !self.0.iter().any(|&b| b == 0 || b == b'/')
    }
}

impl<'a> Wire<'a> for Name<'a> {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let len = u8::decode(r)?;
        r.take(len.into()).map(Name)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::try_from(self.0.len()).expect("checked in Name::new"));
        out.extend_from_slice(self.0);
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0))
    }
}

/// `u32 len | bytes`: symlink targets, paths, attribute values. `Debug` prints the length only.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Bytes32<'a>(&'a [u8]);

impl<'a> Bytes32<'a> {
    /// Any slice below 4 GiB; what is longer is cut (no caller comes near).
    pub fn new(bytes: &'a [u8]) -> Self {
        Bytes32(&bytes[..bytes.len().min(u32::MAX as usize)])
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The bytes without the NULs at the end, which stock clients count in.
    pub fn without_nul(&self) -> &'a [u8] {
        let end = self.0.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
        &self.0[..end]
    }
}

impl<'a> Wire<'a> for Bytes32<'a> {
    const MIN_SIZE: usize = 4;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let len = u32::decode(r)?;
        r.take(len as usize).map(Bytes32)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        u32::try_from(self.0.len()).expect("cut in Bytes32::new").encode(out);
        out.extend_from_slice(self.0);
    }
}

impl fmt::Debug for Bytes32<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}
