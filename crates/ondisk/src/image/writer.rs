//! Writing an image piece by piece.

use super::section::HEADER;
use super::{Body, END_MARKER, Header, SIGNATURE, section_header};
use std::io::{self, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use types::Wire;

/// Encoded bytes are handed on when this many are there.
const PIECE: usize = 256 * 1024;

/// Streams an image into a file, section by section, with bounded memory. Section lengths are patched in when the
/// section is done; into something that cannot seek, write with [`ImageWriter::sized_section`].
///
/// Nothing is synced: that, and the rename that makes the file count, is the caller's. A file whose writer was
/// dropped before [`ImageWriter::finish`] has no end marker, and no reader takes it.
pub struct ImageWriter<W> {
    out: W,
    buffer: Vec<u8>,
}

impl<W: Write> ImageWriter<W> {
    /// Writes signature and header.
    pub fn new(out: W, header: Header) -> io::Result<Self> {
        let mut buffer = Vec::with_capacity(PIECE + 4096);
        buffer.extend_from_slice(SIGNATURE);
        header.encode(&mut buffer);
        let mut writer = ImageWriter { out, buffer };
        writer.flush()?;
        Ok(writer)
    }

    /// Writes a section whose body is known to have `length` bytes; an error when it turns out otherwise.
    pub fn sized_section<S: Body<'static>>(
        &mut self,
        head: &S::Head,
        length: u64,
        records: impl FnOnce(&mut RecordSink<'_, S, W>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.buffer.extend_from_slice(&section_header(S::NAME, S::VERSION, length));
        let written = self.body::<S>(head, records)?;
        if written == length { Ok(()) } else { Err(broken::<S>("its length is not what was announced")) }
    }

    /// Writes the end marker for the first time. A 3.0.117 master reads no further, but wants the marker at the very end,
    /// too (seen); so sections it does not know can follow, and it does without them.
    pub fn end_for_stock(&mut self) {
        self.buffer.extend_from_slice(END_MARKER);
    }

    /// Writes the end marker and gives the output back, everything handed to it, nothing synced.
    pub fn finish(mut self) -> io::Result<W> {
        self.buffer.extend_from_slice(END_MARKER);
        self.flush()?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// Writes head, records and end; gives the body's length.
    fn body<S: Body<'static>>(
        &mut self,
        head: &S::Head,
        records: impl FnOnce(&mut RecordSink<'_, S, W>) -> io::Result<()>,
    ) -> io::Result<u64> {
        self.flush()?;
        S::write_head(head, &mut self.buffer);
        let mut sink = RecordSink { writer: self, length: 0, count: 0, section: PhantomData };
        records(&mut sink)?;
        if S::count(head).is_some_and(|count| count != sink.count) {
            return Err(broken::<S>("its head announces another number of records"));
        }
        S::write_end(&mut sink.writer.buffer);
        let length = sink.length;
        Ok(length + self.flush()?)
    }

    /// Hands on what is encoded; gives how much that was.
    fn flush(&mut self) -> io::Result<u64> {
        self.out.write_all(&self.buffer)?;
        let length = self.buffer.len() as u64;
        self.buffer.clear();
        Ok(length)
    }
}

impl<W: Write + Seek> ImageWriter<W> {
    /// Writes a section; its length is patched in afterwards.
    pub fn section<S: Body<'static>>(
        &mut self,
        head: &S::Head,
        records: impl FnOnce(&mut RecordSink<'_, S, W>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.flush()?;
        let start = self.out.stream_position()?;
        self.buffer.extend_from_slice(&section_header(S::NAME, S::VERSION, u64::MAX));
        let length = self.body::<S>(head, records)?;
        self.out.seek(SeekFrom::Start(start))?;
        self.out.write_all(&section_header(S::NAME, S::VERSION, length))?;
        self.out.seek(SeekFrom::Start(start + HEADER as u64 + length))?;
        Ok(())
    }
}

/// Takes the records of one section.
pub struct RecordSink<'w, S, W> {
    writer: &'w mut ImageWriter<W>,
    /// Bytes of the body handed on so far.
    length: u64,
    count: u64,
    section: PhantomData<fn(S)>,
}

impl<S, W: Write> RecordSink<'_, S, W> {
    /// Writes a record, borrowed from wherever.
    pub fn push<'r>(&mut self, record: &S::Record) -> io::Result<()>
    where
        S: Body<'r>,
    {
        S::write_record(record, &mut self.writer.buffer);
        self.count += 1;
        self.make_room()
    }

    /// Writes `count` records encoded elsewhere (on another thread) with [`Body::write_record`].
    pub fn push_encoded(&mut self, count: u64, records: &[u8]) -> io::Result<()> {
        self.length += self.writer.flush()?;
        self.writer.out.write_all(records)?;
        self.length += records.len() as u64;
        self.count += count;
        Ok(())
    }

    fn make_room(&mut self) -> io::Result<()> {
        if self.writer.buffer.len() >= PIECE {
            self.length += self.writer.flush()?;
        }
        Ok(())
    }
}

fn broken<S: Body<'static>>(what: &str) -> io::Error {
    io::Error::other(format!("section {}: {what}", S::NAME))
}
