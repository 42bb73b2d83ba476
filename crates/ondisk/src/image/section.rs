//! Section headers, and the walk from one to the next.

use super::{Body, END_MARKER, ImageError, Records};
use std::fmt;

/// The four letters of a section.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionName(pub [u8; 4]);

impl fmt::Display for SectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for SectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A section of an image, not looked into yet. Sections can be decoded on several threads.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// Which one; `LABS`, the old name of `SCLA`, is given as `SCLA`.
    pub name: SectionName,
    /// Version byte: 0x14 is 1.4.
    pub version: u8,
    /// Where the body begins in the file.
    pub offset: u64,
    /// What stands behind the header.
    pub body: &'a [u8],
}

impl<'a> Section<'a> {
    /// The head and the records, for the section's type.
    pub fn read<S: Body<'a>>(&self) -> Result<Records<'a, S>, ImageError> {
        Records::new(*self)
    }
}

/// Bytes of a section's header.
pub(crate) const HEADER: usize = 16;

/// A section's header as it stands in a file. A length of all ones is "not known yet".
pub fn section_header(name: SectionName, version: u8, length: u64) -> [u8; 16] {
    let mut header = [b' '; HEADER];
    header[..4].copy_from_slice(&name.0);
    header[5..8].copy_from_slice(&[b'0' + (version >> 4), b'.', b'0' + (version & 15)]);
    header[8..].copy_from_slice(&length.to_be_bytes());
    header
}

/// Letters, version byte and length of a header found at `offset`.
pub(crate) fn parse_header(header: &[u8; HEADER], offset: u64) -> Result<(SectionName, u8, u64), ImageError> {
    let [a, b, c, d, b' ', high, b'.', low, length @ ..] = *header else {
        return Err(ImageError::SectionHeader { offset, found: header.escape_ascii().to_string() });
    };
    let nibble = |c: u8| c.wrapping_sub(b'0') & 15;
    Ok((SectionName([a, b, c, d]), nibble(high) << 4 | nibble(low), u64::from_be_bytes(length)))
}

/// Walks over sections. Ends after the first error.
pub struct Sections<'a> {
    /// The file without the end marker that it ends with.
    file: &'a [u8],
    at: usize,
}

impl<'a> Sections<'a> {
    pub(crate) fn new(file: &'a [u8], at: usize) -> Self {
        Sections { file, at }
    }

    fn section(&mut self) -> Result<Section<'a>, ImageError> {
        let start = self.at;
        let rest = &self.file[start..];
        self.at = self.file.len();
        let (header, rest) = rest
            .split_first_chunk::<HEADER>()
            .ok_or(ImageError::Cut { what: "a section's header", offset: start as u64 })?;
        let (name, version, length) = parse_header(header, start as u64)?;
        let name = if name.0 == *b"LABS" { super::Scla::NAME } else { name };
        let offset = (start + HEADER) as u64;
        let body = usize::try_from(length).ok().and_then(|length| rest.get(..length));
        let body =
            body.ok_or(ImageError::SectionLength { section: name, offset, length, left: rest.len() as u64 })?;
        self.at = start + HEADER + body.len();
        Ok(Section { name, version, offset, body })
    }
}

impl<'a> Iterator for Sections<'a> {
    type Item = Result<Section<'a>, ImageError>;
    fn next(&mut self) -> Option<Self::Item> {
        // Stock stops here; sections of ours may follow.
        if self.file.get(self.at..).is_some_and(|rest| rest.starts_with(END_MARKER)) {
            self.at += END_MARKER.len();
        }
        (self.at < self.file.len()).then(|| self.section())
    }
}
