//! Shapes of the packets between chunkserver and master.

use std::net::SocketAddrV4;
use types::{ChunkId, ChunkVersion, DecodeError, Reader, Rest, Version, Wire};

record! { <'a> {
    /// Bytes and chunks on ordinary disks, then the same on disks marked for removal.
    #[derive(Eq, Default)]
    Space {
        /// Bytes used on ordinary disks.
        used: u64,
        /// Bytes in all on ordinary disks.
        total: u64,
        /// Chunks on ordinary disks.
        chunks: u32,
        /// Bytes used on disks marked for removal.
        td_used: u64,
        /// Bytes in all on disks marked for removal.
        td_total: u64,
        /// Chunks on disks marked for removal.
        td_chunks: u32,
    }

    /// A copy to replicate from.
    #[derive(Eq)]
    Source {
        /// The chunk there.
        chunk: ChunkId,
        /// Its version there.
        version: ChunkVersion,
        /// Where.
        addr: SocketAddrV4,
    }
} }

/// `u64 chunk | u32 version`, whose highest bit says that the copy's disk is marked for removal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListedChunk {
    /// The chunk.
    pub chunk: ChunkId,
    /// The copy's version, below 2^31.
    pub version: ChunkVersion,
    /// The copy lies on a disk marked for removal.
    pub marked_for_removal: bool,
}

impl<'a> Wire<'a> for ListedChunk {
    const MIN_SIZE: usize = 12;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (chunk, version) = <(ChunkId, u32)>::decode(r)?;
        Ok(ListedChunk {
            chunk,
            version: ChunkVersion(version & 0x7FFF_FFFF),
            marked_for_removal: version >> 31 == 1,
        })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        let mark = u32::from(self.marked_for_removal) << 31;
        (self.chunk, self.version.0 & 0x7FFF_FFFF | mark).encode(out);
    }
}

/// Who a chunkserver is: the body of registration step 60.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CsBegin {
    /// Answer to the master's challenge, when it sent one.
    pub digest: Option<[u8; 16]>,
    /// The chunkserver's version.
    pub version: Version,
    /// Where its data port is; address 0 means "where I come from".
    pub addr: SocketAddrV4,
    /// Seconds of silence that end the link; 0 leaves it to the master, 1 to 9 are refused.
    pub timeout: u16,
    /// The id an earlier master gave, or 0.
    pub csid: u16,
    /// Its space.
    pub space: Space,
}

/// A step of a chunkserver's registration. Steps 50 to 52 are what stock falls back to when a master does not answer
/// step 60.
#[derive(Clone, Debug, PartialEq)]
pub enum CsRegister<'a> {
    /// 60: who I am.
    Begin(CsBegin),
    /// 61: some of my chunks. Acknowledged.
    Chunks(Rest<'a, ListedChunk>),
    /// 62: that was all.
    End,
    /// 63: goodbye.
    Disconnect,
    /// 50: who I am, older form: version, address, timeout of at least 10 s.
    OldBegin(Version, SocketAddrV4, u16),
    /// 51: some of my chunks.
    OldChunks(Rest<'a, ListedChunk>),
    /// 52: that was all; the space is told here.
    OldEnd(Space),
}

impl<'a> Wire<'a> for CsRegister<'a> {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match u8::decode(r)? {
            60 => {
                let digest = if r.left() == 70 { Some(r.array()?) } else { None };
                let (version, addr) = Wire::decode(r)?;
                let (timeout, csid, space) = Wire::decode(r)?;
                Ok(CsRegister::Begin(CsBegin { digest, version, addr, timeout, csid, space }))
            }
            61 => Rest::decode(r).map(CsRegister::Chunks),
            62 => Ok(CsRegister::End),
            63 => Ok(CsRegister::Disconnect),
            50 => {
                let (version, addr, timeout) = Wire::decode(r)?;
                Ok(CsRegister::OldBegin(version, addr, timeout))
            }
            51 => Rest::decode(r).map(CsRegister::OldChunks),
            52 => Space::decode(r).map(CsRegister::OldEnd),
            _ => Err(r.bad("registration step")),
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            CsRegister::Begin(b) => {
                out.push(60);
                b.digest.encode(out);
                (b.version, b.addr).encode(out);
                (b.timeout, b.csid, b.space).encode(out);
            }
            CsRegister::Chunks(chunks) => {
                out.push(61);
                chunks.encode(out);
            }
            CsRegister::End => out.push(62),
            CsRegister::Disconnect => out.push(63),
            CsRegister::OldBegin(version, addr, timeout) => {
                out.push(50);
                (*version, *addr, *timeout).encode(out);
            }
            CsRegister::OldChunks(chunks) => {
                out.push(51);
                chunks.encode(out);
            }
            CsRegister::OldEnd(space) => {
                out.push(52);
                space.encode(out);
            }
        }
    }
}

/// The master's answer to a step of registration, told by kind and length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ack {
    /// Send the next list.
    Next,
    /// Accepted, as answer to step 50: the master's version.
    OldAccepted(Version),
    /// Accepted, as answer to step 60.
    Accepted {
        /// The master's version.
        version: Version,
        /// Seconds of silence that end the link.
        timeout: u16,
        /// The id this chunkserver has from now on; 0 is none.
        csid: u16,
        /// Which metadata this is; 0 is unknown. A stock chunkserver that knows another one terminates.
        metaid: u64,
    },
    /// Begin again, with MD5(first half, AUTH_CODE, second half).
    Challenge([u8; 32]),
}

impl<'a> Wire<'a> for Ack {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match (u8::decode(r)?, r.left()) {
            (0, 0) => Ok(Ack::Next),
            (0, 4) => Version::decode(r).map(Ack::OldAccepted),
            (0, _) => {
                let (version, timeout, csid, metaid) = Wire::decode(r)?;
                Ok(Ack::Accepted { version, timeout, csid, metaid })
            }
            (3, _) => r.array().map(Ack::Challenge),
            _ => Err(r.bad("kind of acknowledgement")),
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Ack::Next => out.push(0),
            Ack::OldAccepted(version) => (0_u8, version).encode(out),
            Ack::Accepted { version, timeout, csid, metaid } => {
                out.push(0);
                (version, timeout, csid, metaid).encode(out);
            }
            Ack::Challenge(random) => (3_u8, random).encode(out),
        }
    }
}

/// Where a replica comes from. The master sends one address; stock chunkservers also take several sources.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplicationSource<'a> {
    /// The same chunk and version at this address.
    One(SocketAddrV4),
    /// Quarters of blocks of several sources, combined as the masks say (`spec/wire-chunkserver.md` 2.1).
    Many {
        /// For each quarter of the result, which quarters of the sources it is made of.
        masks: [u32; 4],
        /// 1 to 8 of them.
        sources: Rest<'a, Source>,
    },
}

impl<'a> Wire<'a> for ReplicationSource<'a> {
    const MIN_SIZE: usize = 6;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if r.left() == 6 {
            return SocketAddrV4::decode(r).map(ReplicationSource::One);
        }
        let (masks, sources) = <([u32; 4], Rest<Source>)>::decode(r)?;
        match sources.count() {
            1..=8 => Ok(ReplicationSource::Many { masks, sources }),
            _ => Err(r.bad("number of sources")),
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            ReplicationSource::One(addr) => addr.encode(out),
            ReplicationSource::Many { masks, sources } => (*masks, *sources).encode(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    fn both_ways<'a, T: Wire<'a> + PartialEq + Debug>(value: T, bytes: &'a mut Vec<u8>, size: usize) {
        value.encode(bytes);
        assert_eq!(bytes.len(), size);
        assert_eq!(T::decode_whole(bytes), Ok(value));
    }

    #[test]
    fn sizes_of_the_steps() {
        let addr = "10.99.0.11:9422".parse().unwrap();
        let version = Version::new(3, 0, 117);
        let space = Space::default();
        for (digest, size) in [(None, 55), (Some([7; 16]), 71)] {
            let begin = CsBegin { digest, version, addr, timeout: 0, csid: 0, space };
            both_ways(CsRegister::Begin(begin), &mut Vec::new(), size);
        }
        both_ways(CsRegister::OldBegin(version, addr, 10), &mut Vec::new(), 13);
        both_ways(CsRegister::OldChunks(Rest::Items(&[])), &mut Vec::new(), 1);
        both_ways(CsRegister::OldEnd(space), &mut Vec::new(), 41);
        both_ways(Ack::OldAccepted(version), &mut Vec::new(), 5);
        assert!(CsRegister::decode_whole(&[64]).is_err());
        assert!(Ack::decode_whole(&[1, 0, 0, 0, 0]).is_err());
    }
}
