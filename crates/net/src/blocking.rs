//! Frames over blocking streams, for peers that talk in turns.

use proto::{FrameHeader, HEADER_SIZE, Packet, encode_frame};
use std::io::{self, Read, Write};
use types::Wire;

/// Reads the next frame that is not a NOP; its body replaces the content of `body`. A body over `limit` bytes is
/// refused before anything is allocated for it.
pub fn read_frame(stream: &mut impl Read, body: &mut Vec<u8>, limit: u32) -> io::Result<u32> {
    loop {
        let mut head = [0; HEADER_SIZE];
        stream.read_exact(&mut head)?;
        let head = FrameHeader::decode_whole(&head).expect("eight bytes");
        if head.len > limit {
            let message = format!("packet {} of {} bytes, more than the {limit} allowed", head.id, head.len);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        body.resize(head.len as usize, 0);
        stream.read_exact(body)?;
        if head.id != 0 {
            return Ok(head.id);
        }
    }
}

/// Writes one packet as a frame.
pub fn write_frame<'a>(stream: &mut impl Write, packet: &impl Packet<'a>) -> io::Result<()> {
    let mut frame = Vec::with_capacity(256);
    encode_frame(packet, &mut frame);
    stream.write_all(&frame)
}
