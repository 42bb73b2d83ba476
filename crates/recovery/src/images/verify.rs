//! Comparing a file with what was meant to be in it, by writing it once more.

use crate::storage::ReadAt;
use std::io::{self, Seek, SeekFrom, Write};

/// Bytes read at once.
const STEP: usize = 1 << 20;
/// A writer may fill in so many places afterwards: one for each section, and then some.
const MAX_OPEN: usize = 256;

/// Takes the same writes as the file did and compares. What differs must be filled in by a later write.
pub(super) struct Verifier<'a> {
    file: &'a dyn ReadAt,
    at: u64,
    end: u64,
    /// Ranges that differ so far.
    open: Vec<(u64, u64)>,
    buf: Vec<u8>,
}

fn differs(at: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("byte {at} differs: the disk or the memory is not to be trusted"),
    )
}

impl<'a> Verifier<'a> {
    pub(super) fn new(file: &'a dyn ReadAt) -> Self {
        Verifier { file, at: 0, end: 0, open: Vec::new(), buf: Vec::new() }
    }

    /// The size of the file, if it is what it should be.
    pub(super) fn finish(self) -> io::Result<u64> {
        if let Some((from, _)) = self.open.first() {
            return Err(differs(*from));
        }
        if self.file.size()? == self.end { Ok(self.end) } else { Err(differs(self.end)) }
    }

    fn compare(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buf.resize(bytes.len(), 0);
        self.file.read_exact_at(&mut self.buf, self.at)?;
        let (from, to) = (self.at, self.at + bytes.len() as u64);
        let patch = from < self.end;
        if patch {
            // A place that is filled in later must be right now, and is done with; what lies beside it is not.
            let rest = self.open.iter().flat_map(|(a, b)| [(*a, from.min(*b)), (to.max(*a), *b)]);
            self.open = rest.filter(|(a, b)| a < b).collect();
        }
        if self.buf != bytes {
            if patch || self.open.len() >= MAX_OPEN {
                return Err(differs(from));
            }
            let same = |(a, b): (&u8, &u8)| a == b;
            let before = self.buf.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            let behind = self.buf.iter().rev().zip(bytes.iter().rev()).take_while(|p| same(*p)).count();
            self.open.push((from + before as u64, to - behind as u64));
        }
        Ok(())
    }
}

impl Write for Verifier<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(STEP)];
        self.compare(bytes)?;
        self.at += bytes.len() as u64;
        self.end = self.end.max(self.at);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Verifier<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(out: &mut (impl Write + Seek)) -> io::Result<()> {
        out.write_all(b"head....")?;
        out.write_all(&[7; 100])?;
        out.seek(SeekFrom::Start(4))?;
        out.write_all(b"0100")?;
        out.seek(SeekFrom::End(0))?;
        out.write_all(b"tail")
    }

    fn check(bytes: &[u8]) -> io::Result<u64> {
        let file = tempfile::tempfile()?;
        (&file).write_all(bytes)?;
        let mut verifier = Verifier::new(&file);
        image(&mut verifier)?;
        verifier.finish()
    }

    #[test]
    fn every_flipped_byte_is_found() {
        let mut good = io::Cursor::new(Vec::new());
        image(&mut good).unwrap();
        let good = good.into_inner();
        assert_eq!(check(&good).unwrap(), 112);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(check(&bad).is_err(), "byte {at}");
        }
        assert!(check(&good[..111]).is_err());
        assert!(check(&[good.as_slice(), b"x"].concat()).is_err());
    }
}
