//! Bytes that packets carry without looking at them.

use crate::{DecodeError, Reader, Rest, Wire};
use std::fmt;

/// Whatever is left of a packet: text, pictures, and lists whose element type only the request tells (see
/// [`RestBytes::list`]). `Debug` prints the length only.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct RestBytes<'a>(pub &'a [u8]);

impl<'a> RestBytes<'a> {
    /// The bytes as a list that fills them exactly.
    pub fn list<T: Wire<'a>>(self) -> Result<Rest<'a, T>, DecodeError> {
        Rest::decode_whole(self.0)
    }
}

impl<'a> Wire<'a> for RestBytes<'a> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(RestBytes(r.rest()))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }
}

impl fmt::Debug for RestBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

/// `u32 size` of a block that follows the packet's head in the same frame and never enters its struct. Not checked
/// here against the block size: who receives it does that before it believes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BulkLen(pub u32);

impl<'a> Wire<'a> for BulkLen {
    const MIN_SIZE: usize = 4;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        u32::decode(r).map(BulkLen)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
    fn bulk_len(&self) -> u32 {
        self.0
    }
}
