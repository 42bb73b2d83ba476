//! Reading a range of a chunk from one chunkserver, every piece checked against its CRC.

use super::CsConn;
use proto::HEADER_SIZE;
use proto::cs_data::{CsToCl, ProtoVer, Read};
use proto::{Direction, FrameHeader};
use std::io::{self, IoSlice};
use thiserror::Error;
use types::{BLOCK_SIZE, ChunkId, ChunkVersion, Status, Wire};

/// Bytes of the head of a data packet behind the frame's header.
const DATA_HEAD: usize = 20;

/// Why a range could not be read from this server.
#[derive(Debug, Error)]
pub(crate) enum FetchError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Status(Status),
    #[error("CRC error in block {0}")]
    Crc(u16),
    #[error("protocol error: {0}")]
    Protocol(&'static str),
}

/// Fills `dest` from `offset` of the chunk. On failure the number of bytes that did arrive and were verified.
pub(crate) fn fetch(
    conn: &mut CsConn,
    chunk: ChunkId,
    version: ChunkVersion,
    offset: u32,
    dest: &mut [u8],
) -> Result<(), (usize, FetchError)> {
    let mut done = 0;
    let size = u32::try_from(dest.len()).expect("within a chunk");
    let request = Read { protover: ProtoVer::CLIENT, chunk, version, offset, size };
    let mut frame = Vec::with_capacity(32);
    proto::encode_frame(&request, &mut frame);
    let result = conn.send(&mut [IoSlice::new(&frame)]).map_err(FetchError::Io);
    result.and_then(|()| receive(conn, chunk, offset, dest, &mut done)).map_err(|error| (done, error))
}

fn receive(
    conn: &mut CsConn,
    chunk: ChunkId,
    offset: u32,
    dest: &mut [u8],
    done: &mut usize,
) -> Result<(), FetchError> {
    loop {
        let head = FrameHeader::decode_whole(conn.peek(HEADER_SIZE)?).expect("eight bytes");
        conn.consume(HEADER_SIZE);
        let body = match head.id {
            202 if head.len as usize >= DATA_HEAD => DATA_HEAD,
            0 if head.len == 0 => continue,
            201 if head.len == 9 => 9,
            _ => return Err(FetchError::Protocol("unexpected packet")),
        };
        let packet = CsToCl::decode(head.id, conn.peek(body)?)
            .map_err(|_| FetchError::Protocol("malformed packet"))?;
        match packet {
            CsToCl::ReadStatus(end) => {
                conn.consume(body);
                return match end.status {
                    _ if end.chunk != chunk => Err(FetchError::Protocol("status of another chunk")),
                    Status::OK if *done == dest.len() => Ok(()),
                    Status::OK => Err(FetchError::Protocol("short read")),
                    status => Err(FetchError::Status(status)),
                };
            }
            CsToCl::ReadData(data) => {
                conn.consume(body);
                let at = offset as usize + *done;
                let size = data.size.0 as usize;
                let expected = (at / BLOCK_SIZE as usize, at % BLOCK_SIZE as usize);
                if data.chunk != chunk
                    || (usize::from(data.block), usize::from(data.offset)) != expected
                    || size == 0
                    || size > BLOCK_SIZE as usize - expected.1
                    || size > dest.len() - *done
                    || head.len as usize != DATA_HEAD + size
                {
                    return Err(FetchError::Protocol("data that was not asked for"));
                }
                let piece = &mut dest[*done..*done + size];
                conn.read_into(piece)?;
                if crc32fast::hash(piece) != data.crc {
                    return Err(FetchError::Crc(data.block));
                }
                *done += size;
            }
            _ => return Err(FetchError::Protocol("unexpected packet")),
        }
    }
}
