//! Shapes of the data packets: lists of chunkservers, the end of a write.

use std::net::SocketAddrV4;
use types::{ChunkId, ChunkIndex, ChunkVersion, DecodeError, Reader, Rest, Version, Wire};

record! { <'a> {
    /// A chunkserver that has a copy (`spec/wire-client-master.md` 4.1).
    #[derive(Eq)]
    Location {
        /// Its data port.
        addr: SocketAddrV4,
        /// Its version.
        version: Version,
        /// Its labels, bit 0 is A.
        labels: u32,
    }

    /// A chunk and where its copies are, the best one first. An empty list: they are out of reach for the moment.
    ChunkPlace<'a> {
        /// The chunk; 0 is a hole.
        chunk: ChunkId,
        /// Its version.
        version: ChunkVersion,
        /// At most 100 servers.
        copies: Rest<'a, Location>,
    }

    /// A chunk of a file, with the file's length.
    FileChunk<'a> {
        /// The file's length, bytes.
        file_length: u64,
        /// The chunk.
        place: ChunkPlace<'a>,
    }
} }

/// The end of a write, in the three forms there are: `[u32 index] | u64 length | [u8 flags]`. 3.0.117 sends the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WriteEnd {
    /// 13 bytes. Other clients are told which chunk has changed.
    Indexed {
        /// Which chunk of the file.
        index: ChunkIndex,
        /// The file's new length, or 0.
        length: u64,
        /// As of `FuseWriteChunk`.
        flags: u8,
    },
    /// 9 bytes.
    Flagged {
        /// The file's new length, or 0.
        length: u64,
        /// As of `FuseWriteChunk`.
        flags: u8,
    },
    /// 8 bytes.
    Plain {
        /// The file's new length, or 0.
        length: u64,
    },
}

impl WriteEnd {
    /// The file's new length, or 0 to leave it alone.
    pub fn length(self) -> u64 {
        match self {
            WriteEnd::Indexed { length, .. }
            | WriteEnd::Flagged { length, .. }
            | WriteEnd::Plain { length } => length,
        }
    }

    /// Which chunk of the file, if told.
    pub fn index(self) -> Option<ChunkIndex> {
        match self {
            WriteEnd::Indexed { index, .. } => Some(index),
            _ => None,
        }
    }
}

impl<'a> Wire<'a> for WriteEnd {
    const MIN_SIZE: usize = 8;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(match r.left() {
            8 => WriteEnd::Plain { length: u64::decode(r)? },
            9 => {
                let (length, flags) = Wire::decode(r)?;
                WriteEnd::Flagged { length, flags }
            }
            _ => {
                let (index, length, flags) = Wire::decode(r)?;
                WriteEnd::Indexed { index, length, flags }
            }
        })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            WriteEnd::Indexed { index, length, flags } => (index, length, flags).encode(out),
            WriteEnd::Flagged { length, flags } => (length, flags).encode(out),
            WriteEnd::Plain { length } => length.encode(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ends_of_a_write() {
        let index = ChunkIndex(5);
        let ends = [
            (WriteEnd::Indexed { index, length: 7, flags: 2 }, 13),
            (WriteEnd::Flagged { length: 7, flags: 2 }, 9),
            (WriteEnd::Plain { length: 7 }, 8),
        ];
        for (end, size) in ends {
            let mut bytes = Vec::new();
            end.encode(&mut bytes);
            assert_eq!(bytes.len(), size);
            assert_eq!(WriteEnd::decode_whole(&bytes), Ok(end));
            assert_eq!(end.length(), 7);
        }
        assert!(WriteEnd::decode_whole(&[0; 12]).is_err());
    }
}
