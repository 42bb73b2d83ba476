//! What all sections have in common: a head, records, an end.

use super::{ImageError, Section, SectionName};
use types::{DecodeError, Reader};

/// The form of one section. Implemented by a type for each, that only names it.
pub trait Body<'a> {
    /// The section's letters.
    const NAME: SectionName;
    /// The version that 3.0.117 writes, and we.
    const VERSION: u8;
    /// The earliest version that is read.
    const OLDEST: u8;
    /// The numbers in front of the records.
    type Head;
    /// One record.
    type Record;

    /// Reads the head.
    fn head(version: u8, r: &mut Reader<'a>) -> Result<Self::Head, DecodeError>;
    /// Reads a record, or the end mark as `None`.
    fn record(
        version: u8,
        head: &Self::Head,
        r: &mut Reader<'a>,
    ) -> Result<Option<Self::Record>, DecodeError>;
    /// How many records there are, for sections that have a number in front and no end mark.
    fn count(_head: &Self::Head) -> Option<u64> {
        None
    }

    /// Appends the head, in the current version like all that is written.
    fn write_head(head: &Self::Head, out: &mut Vec<u8>);
    /// Appends a record.
    fn write_record(record: &Self::Record, out: &mut Vec<u8>);
    /// Appends the end mark.
    fn write_end(out: &mut Vec<u8>);
}

/// The records of a section, one after the other. Ends after the first error; ends without one only when the section
/// was whole and nothing follows its last record.
pub struct Records<'a, S: Body<'a>> {
    section: Section<'a>,
    head: S::Head,
    reader: Reader<'a>,
    /// Records given so far.
    done: u64,
    ended: bool,
}

impl<'a, S: Body<'a>> Records<'a, S> {
    pub(crate) fn new(section: Section<'a>) -> Result<Self, ImageError> {
        let Section { name, version, offset, body } = section;
        if name != S::NAME {
            return Err(ImageError::OtherSection { section: name, offset, wanted: S::NAME });
        }
        if version > S::VERSION {
            return Err(ImageError::TooNew { section: name, version, newest: S::VERSION });
        }
        if version < S::OLDEST {
            return Err(ImageError::TooOld { section: name, version, oldest: S::OLDEST });
        }
        let mut reader = Reader::new(body);
        let head = S::head(version, &mut reader)
            .map_err(|error| ImageError::Head { section: name, error: in_file(error, offset) })?;
        Ok(Records { section, head, reader, done: 0, ended: false })
    }

    /// The numbers in front of the records.
    pub fn head(&self) -> &S::Head {
        &self.head
    }

    /// Where the next record begins in the file.
    fn offset(&self) -> u64 {
        self.section.offset + (self.section.body.len() - self.reader.left()) as u64
    }

    fn record(&mut self) -> Result<Option<S::Record>, ImageError> {
        if S::count(&self.head) == Some(self.done) {
            return Ok(None);
        }
        let offset = self.offset();
        S::record(self.section.version, &self.head, &mut self.reader).map_err(|error| ImageError::Record {
            section: S::NAME,
            record: self.done,
            offset,
            error: in_file(error, self.section.offset),
        })
    }

    fn finish(&self) -> Result<(), ImageError> {
        match self.reader.left() as u64 {
            0 => Ok(()),
            left => Err(ImageError::Trailing {
                section: S::NAME,
                records: self.done,
                offset: self.offset(),
                left,
            }),
        }
    }
}

impl<'a, S: Body<'a>> Iterator for Records<'a, S> {
    type Item = Result<S::Record, ImageError>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.record() {
            Ok(Some(record)) => {
                self.done += 1;
                Some(Ok(record))
            }
            Ok(None) => {
                self.ended = true;
                self.finish().err().map(Err)
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }
}

/// The error with its offset counted from the start of the file.
fn in_file(error: DecodeError, by: u64) -> DecodeError {
    let by = by as usize;
    match error {
        DecodeError::Short { at, wanted, left } => DecodeError::Short { at: at + by, wanted, left },
        DecodeError::Trailing { at, left } => DecodeError::Trailing { at: at + by, left },
        DecodeError::Bad { what, at } => DecodeError::Bad { what, at: at + by },
    }
}

/// Reads `len` bytes if they are there and all zero: the end mark of most sections.
pub(crate) fn end_mark(r: &mut Reader<'_>, len: usize) -> bool {
    let mut ahead = r.clone();
    let zero = ahead.take(len).is_ok_and(|bytes| bytes.iter().all(|&b| b == 0));
    if zero {
        *r = ahead;
    }
    zero
}

/// Appends `len` zeros.
pub(crate) fn zeros(len: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + len, 0);
}
