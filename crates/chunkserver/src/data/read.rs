//! READ (`spec/wire-chunkserver.md` 1.2).
//!
//! Input is not looked at while data goes out: NOPs of the client wait in the socket until the answer is complete, and
//! so would another request. Stock closes when it sees one; being more patient harms nobody.

use super::conn::{Conn, End, packet_deadline};
use crate::counters::add;
use crate::server::Direction;
use proto::cs_data::{ProtoVer, Read, ReadData, ReadStatus};
use proto::encode_frame;
use std::io;
use types::{BLOCK_SIZE, BulkLen, CHUNK_SIZE, Status};

/// Serves one request to its end.
pub(crate) fn serve(conn: &mut Conn, request: &Read) -> io::Result<End> {
    let status = match check(request) {
        Ok(()) if request.size > 0 => stream(conn, request)?,
        Ok(()) => Some(Status::OK),
        Err(status) => Some(status),
    };
    match status {
        Some(status) => conn.send(&ReadStatus { chunk: request.chunk, status }),
        None => Ok(End::Idle),
    }
}

fn check(request: &Read) -> Result<(), Status> {
    let (offset, size) = (u64::from(request.offset), u64::from(request.size));
    if size > CHUNK_SIZE {
        return Err(Status::WRONGSIZE);
    }
    if size > 0 && (offset >= CHUNK_SIZE || offset + size > CHUNK_SIZE) {
        return Err(Status::WRONGOFFSET);
    }
    Ok(())
}

/// Sends the data. `None` if the final status went out with the last piece.
fn stream(conn: &mut Conn, request: &Read) -> io::Result<Option<Status>> {
    let nops = request.protover.wants_nops();
    // The form without it is how chunkservers fetch copies.
    let replication = request.protover == ProtoVer::REPLICATION;
    let server = conn.server.clone();
    add(&server.traffic.reads, 1);
    let handle = {
        let _busy = conn.pulse.busy(nops);
        match conn.server.store.open(request.chunk, request.version) {
            Ok(handle) => handle,
            Err(status) => return Ok(Some(status)),
        }
    };
    let mut block = conn.server.blocks.take();
    let end = request.offset + request.size;
    let mut at = request.offset;
    while at < end {
        let (number, from) = ((at / BLOCK_SIZE) as u16, at % BLOCK_SIZE);
        let size = (BLOCK_SIZE - from).min(end - at);
        let whole_crc = {
            let _busy = conn.pulse.busy(nops);
            match handle.read_block(number, &mut block) {
                Ok(crc) => crc,
                Err(status) => return Ok(Some(status)),
            }
        };
        let data = &block[from as usize..(from + size) as usize];
        let crc = if size == BLOCK_SIZE { whole_crc } else { crc32fast::hash(data) };
        let (chunk, offset) = (request.chunk, from as u16);
        let mut head = Vec::with_capacity(32);
        encode_frame(&ReadData { chunk, block: number, offset, size: BulkLen(size), crc }, &mut head);
        at += size;
        conn.out.clear();
        if at == end {
            encode_frame(&ReadStatus { chunk, status: Status::OK }, &mut conn.out);
        }
        conn.socket.write(&[&head, data, &conn.out], packet_deadline())?;
        add(&server.traffic.data_out, (head.len() + data.len() + conn.out.len()) as u64);
        conn.out.clear();
        if replication {
            server.pace(Direction::Out, size.into());
        } else {
            server.traffic.client_served();
        }
    }
    Ok(None)
}
