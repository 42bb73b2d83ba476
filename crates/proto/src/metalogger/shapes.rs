//! Shapes of the packets between metalogger and master.

use std::fmt;
use types::{DecodeError, Reader, Status, Version, Wire};

/// What a metalogger wants: `u8 kind | u32 version | u16 timeout | [u64 first]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MlRegister {
    /// The metalogger's version.
    pub version: Version,
    /// Seconds of silence that end the link.
    pub timeout: u16,
    /// The first change wanted (kind 2), or changes from now on (kind 1).
    pub first: Option<u64>,
}

impl<'a> Wire<'a> for MlRegister {
    const MIN_SIZE: usize = 7;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let kind = u8::decode(r)?;
        if !matches!(kind, 1 | 2) {
            return Err(r.bad("kind of registration"));
        }
        let (version, timeout) = Wire::decode(r)?;
        let first = if kind == 2 { Some(u64::decode(r)?) } else { None };
        Ok(MlRegister { version, timeout, first })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        let kind: u8 = if self.first.is_some() { 2 } else { 1 };
        (kind, self.version, self.timeout, self.first).encode(out);
    }
}

/// What a metalogger has: `u64 synced | u64 image | u8 complete | u32 lag`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MlState {
    /// The last change that is on its disk, 0 for none.
    pub synced: u64,
    /// The version of its newest image, 0 without one.
    pub image: u64,
    /// Image and changelogs lead to the last change without a hole.
    pub complete: bool,
    /// Seconds between the stamp of the last change and its arrival.
    pub lag: u32,
}

impl<'a> Wire<'a> for MlState {
    const MIN_SIZE: usize = 21;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (synced, image, complete, lag) = <(u64, u64, u8, u32)>::decode(r)?;
        Ok(MlState { synced, image, complete: complete != 0, lag })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        (self.synced, self.image, u8::from(self.complete), self.lag).encode(out);
    }
}

/// Something that happened to the master's changelog.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ChangeLogEvent<'a> {
    /// A change with its number: `u8 0xFF | u64 number | text | NUL`. The line in the file is `number: text`.
    Change {
        /// Its number.
        number: u64,
        /// The line from the time stamp on; no NUL.
        text: &'a [u8],
    },
    /// Rotate the files: `u8 0x55`.
    Rotate,
}

impl<'a> Wire<'a> for ChangeLogEvent<'a> {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match u8::decode(r)? {
            0x55 => Ok(ChangeLogEvent::Rotate),
            0xFF => {
                let number = u64::decode(r)?;
                match r.rest().split_last() {
                    Some((0, text)) if !text.contains(&0) => Ok(ChangeLogEvent::Change { number, text }),
                    _ => Err(r.bad("changelog line")),
                }
            }
            _ => Err(r.bad("changelog event")),
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            ChangeLogEvent::Rotate => out.push(0x55),
            ChangeLogEvent::Change { number, text } => {
                out.push(0xFF);
                number.encode(out);
                out.extend_from_slice(text);
                out.push(0);
            }
        }
    }
}

impl fmt::Debug for ChangeLogEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChangeLogEvent::Rotate => f.write_str("Rotate"),
            ChangeLogEvent::Change { number, text } => write!(f, "{number}: {}", text.escape_ascii()),
        }
    }
}

/// Which file of the master.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum DownloadFile {
    /// `metadata.mfs.back`; opens both changelogs at the same moment.
    Metadata = 1,
    /// `sessions.mfs` of 1.6; answered with an error.
    Sessions = 2,
    /// `changelog.0.mfs` as it was when file 1 was opened.
    Changelog0 = 11,
    /// `changelog.1.mfs` as it was when file 1 was opened.
    Changelog1 = 12,
}

impl<'a> Wire<'a> for DownloadFile {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        use DownloadFile::*;
        let n = u8::decode(r)?;
        let file = [Metadata, Sessions, Changelog0, Changelog1].into_iter().find(|file| *file as u8 == n);
        file.ok_or_else(|| r.bad("file number"))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
}

/// The size of the file just opened; or, as a single byte of any value (stock sends 0xFF), that it cannot be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DownloadInfo {
    /// It cannot be had.
    Error(Status),
    /// Bytes.
    Size(u64),
}

impl<'a> Wire<'a> for DownloadInfo {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if r.left() == 1 {
            Status::decode(r).map(DownloadInfo::Error)
        } else {
            u64::decode(r).map(DownloadInfo::Size)
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            DownloadInfo::Error(status) => status.encode(out),
            DownloadInfo::Size(size) => size.encode(out),
        }
    }
}

/// `u32 length | u32 crc | bytes`. The checksum is not verified here. `Debug` prints the length only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CrcBlock<'a> {
    /// CRC-32 of the bytes, as the sender computed it.
    pub crc: u32,
    /// The bytes; below 4 GiB (the link's limit is 1.5 MB).
    pub data: &'a [u8],
}

impl<'a> Wire<'a> for CrcBlock<'a> {
    const MIN_SIZE: usize = 8;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (length, crc) = <(u32, u32)>::decode(r)?;
        Ok(CrcBlock { crc, data: r.take(length as usize)? })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        (length, self.crc).encode(out);
        out.extend_from_slice(&self.data[..length as usize]);
    }
}

impl fmt::Debug for CrcBlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes, crc {:08x}]", self.data.len(), self.crc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_registrations() {
        for (first, size) in [(None, 7), (Some(706), 15)] {
            let request = MlRegister { version: types::OUR_VERSION, timeout: 10, first };
            let mut bytes = Vec::new();
            request.encode(&mut bytes);
            assert_eq!(bytes.len(), size);
            assert_eq!(MlRegister::decode_whole(&bytes), Ok(request));
            assert!((0..size).all(|n| MlRegister::decode_whole(&bytes[..n]).is_err()));
        }
    }

    #[test]
    fn a_line_ends_with_its_only_nul() {
        let line = b"\xFF\0\0\0\0\0\0\0\x911795343157|EMPTYSUSTAINED(38):1,38\0";
        let event = ChangeLogEvent::Change { number: 0x91, text: b"1795343157|EMPTYSUSTAINED(38):1,38" };
        assert_eq!(ChangeLogEvent::decode_whole(line), Ok(event));
        assert!((0..line.len()).all(|n| ChangeLogEvent::decode_whole(&line[..n]).is_err()));
        assert!(ChangeLogEvent::decode_whole(b"\xFF\0\0\0\0\0\0\0\x91a\0b\0").is_err());
        assert!(ChangeLogEvent::decode_whole(b"\x55\0").is_err());
    }
}
