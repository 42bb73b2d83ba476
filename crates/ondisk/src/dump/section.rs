//! The frame around the records of a section.

use super::{DumpError, DumpSection, RULE, Style, hex};
use crate::ImageError;
use crate::image::check::with_section;
use crate::image::{HEADER, Section, SectionName, parse_header};
use std::io::Write;

/// A section of a file that may end before it does.
pub(super) struct RawSection<'a> {
    header: &'a [u8; HEADER],
    /// As it stands in the file.
    pub(super) name: SectionName,
    version: u8,
    /// Where the body begins.
    pub(super) offset: u64,
    /// What the header says.
    pub(super) length: u64,
    /// What is there of it.
    body: &'a [u8],
}

impl<'a> RawSection<'a> {
    /// For a header at `at` with `rest` behind it.
    pub(super) fn new(header: &'a [u8; HEADER], at: u64, rest: &'a [u8]) -> Result<Self, ImageError> {
        let (name, version, length) = parse_header(header, at)?;
        let body = usize::try_from(length).ok().and_then(|length| rest.get(..length)).unwrap_or(rest);
        Ok(RawSection { header, name, version, offset: at + HEADER as u64, length, body })
    }
}

pub(super) fn write(raw: &RawSection<'_>, dots: bool, out: &mut impl Write) -> Result<(), DumpError> {
    let RawSection { header, name, version, offset, length, body } = *raw;
    out.write_all(RULE)?;
    out.write_all(b"# section header: ")?;
    out.write_all(&header[..8])?;
    out.write_all(b" (")?;
    hex::upper(&header[..8], out)?;
    writeln!(out, ") ; length: {length}")?;
    out.write_all(b"# section type: ")?;
    out.write_all(&name.0)?;
    writeln!(out, " ; version: 0x{version:02X}")?;
    let section = Section { name, version, offset, body };
    let result = with_section!(name, S => records::<S>(&section, Style { dots, version }, out), _ => {
        out.write_all(b"unknown file part\n")?;
        hex::table(body, dots, out)?;
        Ok(())
    });
    if matches!(result, Err(DumpError::Image(_))) {
        writeln!(out, "error reading metadata ({name})")?;
    }
    result
}

fn records<'a, S: DumpSection<'a>>(
    section: &Section<'a>,
    style: Style,
    out: &mut impl Write,
) -> Result<(), DumpError> {
    let mut records = section.read::<S>()?;
    S::head_line(records.head(), style, out)?;
    records.try_for_each(|record| Ok(S::line(&record?, style, out)?))
}

/// The lines of one section's records, without what stands around them: each record's bytes as `mfsmetadump` shows them,
/// without the newline. An unknown section has none.
pub fn for_each_line(section: &Section<'_>, mut each: impl FnMut(&[u8])) -> Result<(), ImageError> {
    with_section!(section.name, S => lines::<S>(section, &mut each), _ => Ok(()))
}

fn lines<'a, S: DumpSection<'a>>(
    section: &Section<'a>,
    each: &mut impl FnMut(&[u8]),
) -> Result<(), ImageError> {
    let style = Style { dots: false, version: section.version };
    let mut line = Vec::new();
    for record in section.read::<S>()? {
        line.clear();
        // Memory takes whatever is written.
        let _ = S::line(&record?, style, &mut line);
        each(line.strip_suffix(b"\n").unwrap_or(&line));
    }
    Ok(())
}
