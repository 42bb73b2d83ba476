//! The eight bytes in front of every packet.

use crate::Packet;
use thiserror::Error;
use types::{DecodeError, Reader, Wire};

/// Bytes in front of a body: `u32 id | u32 length`.
pub const HEADER_SIZE: usize = 8;

/// The head of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameHeader {
    /// Which packet.
    pub id: u32,
    /// Bytes of body that follow. Unchecked: the receiver compares it with its link's limit before it believes it.
    pub len: u32,
}

impl<'a> Wire<'a> for FrameHeader {
    const MIN_SIZE: usize = HEADER_SIZE;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(FrameHeader { id: u32::decode(r)?, len: u32::decode(r)? })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.len.encode(out);
    }
}

/// Why a received packet could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PacketError {
    /// Its body is not what its id says.
    #[error("malformed {name} (packet {id}): {error}")]
    Malformed {
        /// Packet id.
        id: u32,
        /// Packet name.
        name: &'static str,
        /// What was wrong.
        error: DecodeError,
    },
    /// Its id has no place on this link in this direction.
    #[error("unknown packet {0}")]
    Unknown(u32),
}

/// Appends a whole frame: head, then body. For a data packet the length counts the block, which must follow.
pub fn encode_frame<'a, P: Packet<'a>>(packet: &P, out: &mut Vec<u8>) {
    P::ID.encode(out);
    let len_at = out.len();
    out.extend_from_slice(&[0; 4]);
    packet.encode(out);
    let len = u32::try_from(out.len() - len_at - 4).expect("no packet comes near 4 GiB");
    let len = len.saturating_add(packet.bulk_len());
    out[len_at..len_at + 4].copy_from_slice(&len.to_be_bytes());
}
