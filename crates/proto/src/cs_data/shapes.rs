//! Shapes of the data port's packets.

use std::fmt;
use types::{BLOCKS_PER_CHUNK, DecodeError, Reader, Wire};

/// `u8 protover`, there exactly when the body then has an odd length: everything behind it is even
/// (`spec/wire-chunkserver.md` 1.2 and 1.3). Non-zero lets the chunkserver send NOPs while it works.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ProtoVer(pub Option<u8>);

impl ProtoVer {
    /// What clients send.
    pub const CLIENT: ProtoVer = ProtoVer(Some(1));
    /// What a replicating chunkserver sends: nothing.
    pub const REPLICATION: ProtoVer = ProtoVer(None);

    /// True when the sender wants NOPs during a long operation, and its connection kept afterwards.
    pub fn wants_nops(self) -> bool {
        self.0.is_some_and(|version| version != 0)
    }
}

impl<'a> Wire<'a> for ProtoVer {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let odd = r.left() % 2 == 1;
        Ok(ProtoVer(if odd { Some(u8::decode(r)?) } else { None }))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

/// `u32 crc` of each of the 1024 blocks, present or not. `Debug` prints the length only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CrcTable<'a>(&'a [u8; CrcTable::SIZE]);

impl<'a> CrcTable<'a> {
    /// Bytes of the table.
    pub const SIZE: usize = 4 * BLOCKS_PER_CHUNK as usize;

    /// From the table's bytes, which are the same on the wire and in a chunk's file.
    pub fn new(bytes: &'a [u8; CrcTable::SIZE]) -> Self {
        CrcTable(bytes)
    }

    /// The table's bytes.
    pub fn as_bytes(&self) -> &'a [u8; CrcTable::SIZE] {
        self.0
    }

    /// The checksums in order of blocks.
    pub fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.0.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }
}

impl<'a> Wire<'a> for CrcTable<'a> {
    const MIN_SIZE: usize = CrcTable::SIZE;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let bytes = r.take(CrcTable::SIZE)?;
        Ok(CrcTable(bytes.try_into().expect("took as many")))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }
}

impl fmt::Debug for CrcTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}
