//! A metadata image as text, byte for byte what stock's `mfsmetadump` prints (`spec/tools.md` 13).
//!
//! Two things that no 3.0.117 image has are shown in today's form instead: storage classes of versions before 1.6, and
//! sessions with another number of counters than 16.

mod hex;
mod namespace;
mod section;
mod tables;
mod text;

#[cfg(test)]
mod tests;

use crate::ImageError;
use crate::image::{Body, EMPTY_IMAGE, END_MARKER, HEADER, Header, probe};
use section::RawSection;
pub use section::for_each_line;
use std::io::{self, Write};
use thiserror::Error;

/// What `mfsmetadump` can be asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct DumpOptions<'s> {
    /// A dot for every byte in names, targets and session infos that is not ASCII text.
    pub dots: bool,
    /// Only the section with these letters; `HEAD` is the file's header.
    pub only: Option<&'s str>,
}

/// Why a dump ended early. What could be read before was written.
#[derive(Debug, Error)]
pub enum DumpError {
    /// The image is at fault.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The output is.
    #[error(transparent)]
    Output(#[from] io::Error),
}

const RULE: &[u8] = b"# -------------------------------------------------------------------\n";

/// Bytes of the file before the first section.
const FILE_HEAD: usize = 24;

/// What lines depend on besides their records.
#[derive(Clone, Copy)]
struct Style {
    /// See [`DumpOptions::dots`].
    dots: bool,
    /// The section's version: what it does not store is not shown.
    version: u8,
}

/// How a section's records are lines.
trait DumpSection<'a>: Body<'a> {
    /// The line for the numbers in front of the records, if there is one.
    fn head_line(_head: &Self::Head, _style: Style, _out: &mut impl Write) -> io::Result<()> {
        Ok(())
    }
    /// The line for a record.
    fn line(record: &Self::Record, style: Style, out: &mut impl Write) -> io::Result<()>;
}

/// Dumps a whole file. It need not be complete: what is there is written before the error. `out` is given small
/// pieces, so buffer it.
pub fn write_dump(file: &[u8], out: &mut impl Write) -> Result<(), DumpError> {
    write_dump_with(file, &DumpOptions::default(), out)
}

/// The same with options.
pub fn write_dump_with(
    file: &[u8],
    options: &DumpOptions<'_>,
    out: &mut impl Write,
) -> Result<(), DumpError> {
    if !head(file, options, out)? {
        return Ok(());
    }
    let mut at = FILE_HEAD;
    loop {
        let rest = file.get(at..).unwrap_or_default();
        if let Some(behind) = rest.strip_prefix(END_MARKER) {
            end(options, out)?;
            if behind.is_empty() {
                return Ok(());
            }
            // Stock's tool ends here; sections of ours follow.
            at += END_MARKER.len();
            continue;
        }
        let Some((header, rest)) = rest.split_first_chunk::<HEADER>() else {
            out.write_all(b"can't read section header\n")?;
            return Err(ImageError::Ending.into());
        };
        let section = RawSection::new(header, at as u64, rest)?;
        if options.only.is_none_or(|only| only.as_bytes() == section.name.0) {
            section::write(&section, options.dots, out)?;
        }
        let left = rest.len() as u64;
        let Some(length) = usize::try_from(section.length).ok().filter(|&length| length <= rest.len()) else {
            let RawSection { name: section, offset, length, .. } = section;
            return Err(ImageError::SectionLength { section, offset, length, left }.into());
        };
        at += HEADER + length;
    }
}

/// False when nothing follows.
fn head(file: &[u8], options: &DumpOptions<'_>, out: &mut impl Write) -> Result<bool, DumpError> {
    let shown = options.only.is_none_or(|only| only == "HEAD");
    let signature = &file[..file.len().min(8)];
    if shown {
        out.write_all(b"# header: ")?;
        out.write_all(signature)?;
        out.write_all(b" (")?;
        hex::upper(signature, out)?;
        out.write_all(b")\n")?;
    }
    if file == EMPTY_IMAGE {
        out.write_all(b"empty file\n")?;
        return Ok(false);
    }
    // The ending is looked at when it is reached.
    match probe(&file[..file.len().min(FILE_HEAD)], END_MARKER) {
        Ok(Header { version, id }) => {
            if shown {
                writeln!(out, "# version: {version} ; fileid: 0x{id:016X}")?;
            }
            Ok(true)
        }
        Err(error) => {
            out.write_all(b"wrong metadata header (old version ?)\n")?;
            Err(error.into())
        }
    }
}

fn end(options: &DumpOptions<'_>, out: &mut impl Write) -> io::Result<()> {
    if options.only.is_none() {
        out.write_all(RULE)?;
        out.write_all(b"# MFS END OF FILE MARKER\n")?;
        out.write_all(RULE)?;
    }
    Ok(())
}
