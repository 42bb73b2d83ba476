//! What is wrong with an image, and where.

use super::SectionName;
use thiserror::Error;
use types::DecodeError;

/// An image that cannot be read. Offsets count from the start of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImageError {
    /// The first eight bytes are no signature.
    #[error("not a metadata image: it begins with \"{0}\"")]
    Signature(String),
    /// A file of MooseFS 1.x.
    #[error("image format {major}.{minor} is too old: let a MooseFS 3.0 master load and store it once")]
    FileTooOld {
        /// From the signature.
        major: u8,
        /// From the signature.
        minor: u8,
    },
    /// The file does not end with the marker: its writer did not get to the end.
    #[error("the image is incomplete: \"[MFS EOF MARKER]\" is not at its end")]
    Ending,
    /// The file ends inside its header or a section's.
    #[error("the image ends inside {what} at offset {offset}")]
    Cut {
        /// Which header.
        what: &'static str,
        /// Where that begins.
        offset: u64,
    },
    /// A section's header is no section header.
    #[error("no section header at offset {offset}: \"{found}\"")]
    SectionHeader {
        /// Where.
        offset: u64,
        /// The sixteen bytes, escaped.
        found: String,
    },
    /// A section claims more bytes than the file has.
    #[error("section {section} at offset {offset}: {length} bytes claimed, {left} left in the file")]
    SectionLength {
        /// Which section.
        section: SectionName,
        /// Where its body begins.
        offset: u64,
        /// What its header says; all ones is "unknown", which only transfers over sockets use.
        length: u64,
        /// What is there before the end marker.
        left: u64,
    },
    /// A section that 3.0.117 does not know.
    #[error("unknown section {section} {} at offset {offset}, perhaps of a newer version of MooseFS",
            dotted(*version))]
    UnknownSection {
        /// Its letters.
        section: SectionName,
        /// Its version byte.
        version: u8,
        /// Where its body begins.
        offset: u64,
    },
    /// A section that was asked for is another one.
    #[error("section {section} at offset {offset} read as {wanted}")]
    OtherSection {
        /// Which section it is.
        section: SectionName,
        /// Where its body begins.
        offset: u64,
        /// What the caller took it for.
        wanted: SectionName,
    },
    /// A section of a later MooseFS.
    #[error("section {section} has version {}, stored by a newer version of MooseFS (known up to {})",
            dotted(*version), dotted(*newest))]
    TooNew {
        /// Which section.
        section: SectionName,
        /// Its version byte.
        version: u8,
        /// The latest we know.
        newest: u8,
    },
    /// A section of an earlier MooseFS than we read.
    #[error("section {section} has version {}, too old (read from {}): let a MooseFS 3.0.117 master load and \
             store the image once", dotted(*version), dotted(*oldest))]
    TooOld {
        /// Which section.
        section: SectionName,
        /// Its version byte.
        version: u8,
        /// The earliest we read.
        oldest: u8,
    },
    /// The numbers in front of a section's records are wrong.
    #[error("section {section}, head: {error}")]
    Head {
        /// Which section.
        section: SectionName,
        /// What is wrong; its offset counts from the start of the file.
        error: DecodeError,
    },
    /// A record is wrong.
    #[error("section {section}, record {record} at offset {offset}: {error}")]
    Record {
        /// Which section.
        section: SectionName,
        /// Which record, from 0.
        record: u64,
        /// Where the record begins.
        offset: u64,
        /// What is wrong; its offset counts from the start of the file.
        error: DecodeError,
    },
    /// Bytes follow a section's last record.
    #[error(
        "section {section}: not all of it has been read, {left} bytes follow its {records} records at \
             offset {offset}"
    )]
    Trailing {
        /// Which section.
        section: SectionName,
        /// How many records there were.
        records: u64,
        /// Where the surplus begins.
        offset: u64,
        /// Its length.
        left: u64,
    },
}

/// A version byte as headers show it.
pub(crate) fn dotted(version: u8) -> String {
    format!("{}.{}", version >> 4, version & 15)
}
