//! Fetching a copy from another chunkserver (`spec/wire-chunkserver.md` 2.1).

use crate::counters::add;
use crate::server::{Direction, Server};
use net::bulk::{BulkSocket, connect_from};
use proto::cs_data::{ChunkBlocks, GetChunkBlocks, Nop, ProtoVer, Read, ReadData, ReadStatus};
use proto::cs_master::Source;
use proto::{Packet, encode_frame};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use types::{BLOCK_SIZE, BLOCKS_PER_CHUNK, ChunkId, ChunkVersion, Status, Wire};

/// Time to connect, to send, and to receive one packet.
const STEP: Duration = Duration::from_secs(5);
/// Body of a READ_DATA with a whole block.
const WHOLE: u32 = 20 + BLOCK_SIZE;

/// Makes `chunk` a copy of `source`; the copy is whole and durable before it has its version. On failure nothing is
/// left.
pub(crate) fn replicate(
    server: &Arc<Server>,
    chunk: ChunkId,
    version: ChunkVersion,
    source: &Source,
) -> Result<(), Status> {
    let store = &server.store;
    if !may_begin(server) {
        return Err(Status::NOTDONE);
    }
    let _running = server.replication.start();
    add(&server.traffic.replications, 1);
    // Version 0 marks what is unfinished: a master deletes such leftovers.
    store.create(chunk, ChunkVersion(0))?;
    let result =
        fetch(server, chunk, source).and_then(|()| store.set_version(chunk, version, ChunkVersion(0)));
    if result.is_err() {
        let _ = store.delete(chunk, ChunkVersion(0));
    }
    server.replication.did(1, 0);
    result
}

/// False if an operator has paused replication. The master asks again, so it is not answered at once.
fn may_begin(server: &Server) -> bool {
    let patience = Instant::now() + STEP;
    while server.replication.is_paused() && Instant::now() < patience && !server.stopping() {
        std::thread::sleep(Duration::from_millis(100));
    }
    !server.replication.is_paused()
}

fn fetch(server: &Arc<Server>, chunk: ChunkId, source: &Source) -> Result<(), Status> {
    let stream = connect_from(None, source.addr, STEP).map_err(|error| {
        tracing::info!("replication of {chunk:016X}: cannot connect to {}: {error}", source.addr);
        Status::CANTCONNECT
    })?;
    let mut link = BulkSocket::new(stream).map_err(|_| Status::CANTCONNECT)?;
    let handle = server.store.open(chunk, ChunkVersion(0))?;
    let blocks = ask_blocks(&mut link, source)?;
    if blocks > 0 {
        let size = u32::from(blocks) * BLOCK_SIZE;
        let protover = ProtoVer::REPLICATION;
        let (chunk, version) = (source.chunk, source.version);
        add(&server.traffic.replication_out, 20 + 28);
        send(&link, &Read { protover, chunk, version, offset: 0, size })?;
        let mut block = server.blocks.take();
        for number in 0..blocks {
            let crc = receive_block(&mut link, source, number, &mut block)?;
            handle.write(number, 0, &block, crc)?;
            let bytes = u64::from(BLOCK_SIZE);
            add(&server.traffic.replication_in, bytes + 28);
            server.replication.did(0, bytes);
            server.pace(Direction::In, bytes);
        }
        let mut body = [0; 9];
        expect(&mut link, ReadStatus::ID, &mut body)?;
        read_status(&body, source)?.ok()?;
    }
    handle.sync()
}

fn ask_blocks(link: &mut BulkSocket, source: &Source) -> Result<u16, Status> {
    send(link, &GetChunkBlocks { chunk: source.chunk, version: source.version })?;
    let mut body = [0; 15];
    expect(link, ChunkBlocks::ID, &mut body)?;
    let answer = ChunkBlocks::decode_whole(&body).map_err(|_| Status::DISCONNECTED)?;
    if answer.chunk != source.chunk {
        return Err(Status::WRONGCHUNKID);
    }
    if answer.version != source.version {
        return Err(Status::WRONGVERSION);
    }
    answer.status.ok()?;
    if answer.blocks > BLOCKS_PER_CHUNK {
        return Err(Status::WRONGSIZE);
    }
    Ok(answer.blocks)
}

/// Receives a whole block and returns its checksum, which whoever writes it compares.
fn receive_block(
    link: &mut BulkSocket,
    source: &Source,
    number: u16,
    block: &mut [u8],
) -> Result<u32, Status> {
    let deadline = Instant::now() + STEP;
    let (id, len) = next_head(link, deadline)?;
    if id == ReadStatus::ID && len == 9 {
        let mut body = [0; 9];
        link.read(&mut [&mut body], deadline).map_err(lost)?;
        // The end, before everything has come, is a failure even if it says OK.
        read_status(&body, source)?.ok()?;
        return Err(Status::DISCONNECTED);
    }
    if id != ReadData::ID || len != WHOLE {
        return Err(Status::DISCONNECTED);
    }
    let mut head = [0; 20];
    link.read(&mut [&mut head, block], deadline).map_err(lost)?;
    let head = ReadData::decode_whole(&head).map_err(|_| Status::DISCONNECTED)?;
    if head.chunk != source.chunk {
        Err(Status::WRONGCHUNKID)
    } else if head.block != number || head.offset != 0 {
        Err(Status::WRONGOFFSET)
    } else if head.size.0 != BLOCK_SIZE {
        Err(Status::WRONGSIZE)
    } else {
        Ok(head.crc)
    }
}

fn read_status(body: &[u8], source: &Source) -> Result<Status, Status> {
    let status = ReadStatus::decode_whole(body).map_err(|_| Status::DISCONNECTED)?;
    if status.chunk == source.chunk { Ok(status.status) } else { Err(Status::WRONGCHUNKID) }
}

fn lost(error: io::Error) -> Status {
    tracing::info!("replication: {error}");
    Status::DISCONNECTED
}

fn send<'a>(link: &BulkSocket, packet: &impl Packet<'a>) -> Result<(), Status> {
    let mut frame = Vec::with_capacity(64);
    encode_frame(packet, &mut frame);
    link.write(&[&frame], Instant::now() + STEP).map_err(lost)
}

/// The head of the next packet that is not a NOP.
fn next_head(link: &mut BulkSocket, deadline: Instant) -> Result<(u32, u32), Status> {
    loop {
        let head = link.head(deadline).map_err(lost)?;
        if head.id != Nop::ID || head.len != 0 {
            return Ok((head.id, head.len));
        }
    }
}

/// Reads a packet that must be `id` and fill `body`.
fn expect(link: &mut BulkSocket, id: u32, body: &mut [u8]) -> Result<(), Status> {
    let deadline = Instant::now() + STEP;
    if next_head(link, deadline)? != (id, body.len() as u32) {
        return Err(Status::DISCONNECTED);
    }
    link.read(&mut [body], deadline).map_err(lost)
}
