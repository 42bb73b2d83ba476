//! What one connection does.

use super::link::Link;
use anyhow::{Result, ensure};
use proto::cs_data::{ProtoVer, Read, Write, WriteData, WriteFinish};
use std::net::SocketAddrV4;
use types::{BLOCK_SIZE, BLOCKS_PER_CHUNK, BulkLen, CHUNK_SIZE, ChunkId, ChunkVersion, Rest};

/// Bytes of small reads and writes.
pub(super) const SMALL: u32 = 4096;
/// Bytes of one request of a stream, as read-ahead asks for.
const STREAM: u32 = 1 << 20;
/// Unacknowledged writes, as clients have them.
const WINDOW: usize = 64;
/// Version of every chunk.
pub(super) const VERSION: ChunkVersion = ChunkVersion(1);

fn open(link: &Link, chain: &[SocketAddrV4], chunk: ChunkId) -> Result<()> {
    let chain = Rest::Items(&chain[1..]);
    link.send(&Write { protover: ProtoVer::CLIENT, chunk, version: VERSION, chain })
}

/// Writes whole chunks through the chain.
pub(super) fn write(chain: &[SocketAddrV4], ids: &[u64]) -> Result<()> {
    let mut link = Link::connect(chain[0])?;
    let data: Vec<u8> = (0..BLOCK_SIZE).map(|i| (i >> 3) as u8 | 1).collect();
    let crc = crc32fast::hash(&data);
    for id in ids {
        let chunk = ChunkId(*id);
        open(&link, chain, chunk)?;
        let mut waiting = 1;
        for block in 0..BLOCKS_PER_CHUNK {
            while waiting >= WINDOW {
                link.acknowledged()?;
                waiting -= 1;
            }
            let write_id = u32::from(block) + 1;
            let head = WriteData { chunk, write_id, block, offset: 0, size: BulkLen(BLOCK_SIZE), crc };
            link.send_with(&head, &data)?;
            waiting += 1;
        }
        for _ in 0..waiting {
            link.acknowledged()?;
        }
        link.send(&WriteFinish { chunk, version: VERSION })?;
    }
    Ok(())
}

/// Reads whole chunks.
pub(super) fn read(addr: SocketAddrV4, ids: &[u64]) -> Result<()> {
    let mut link = Link::connect(addr)?;
    let mut block = vec![0; BLOCK_SIZE as usize];
    for id in ids {
        for offset in (0..CHUNK_SIZE as u32).step_by(STREAM as usize) {
            let (protover, chunk) = (ProtoVer::CLIENT, ChunkId(*id));
            link.send(&Read { protover, chunk, version: VERSION, offset, size: STREAM })?;
            ensure!(link.receive(&mut block)? == STREAM as usize, "a short answer");
        }
    }
    Ok(())
}

/// Reads small pieces from anywhere; `seed` tells from where.
pub(super) fn read_small(addr: SocketAddrV4, ids: &[u64], count: u32, seed: u32) -> Result<()> {
    let mut link = Link::connect(addr)?;
    let mut block = vec![0; BLOCK_SIZE as usize];
    let mut random = seed;
    for _ in 0..count {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let chunk = ChunkId(ids[(random >> 8) as usize % ids.len()]);
        let offset = (random >> 6) & (CHUNK_SIZE as u32 - 1) & !(SMALL - 1);
        link.send(&Read { protover: ProtoVer::CLIENT, chunk, version: VERSION, offset, size: SMALL })?;
        ensure!(link.receive(&mut block)? == SMALL as usize, "a short answer");
    }
    Ok(())
}

/// Sessions of one small write, as `fsync` and `close` of small files make them.
pub(super) fn write_small(chain: &[SocketAddrV4], ids: &[u64], count: u32) -> Result<()> {
    let mut link = Link::connect(chain[0])?;
    let data = [7; SMALL as usize];
    let crc = crc32fast::hash(&data);
    for n in 0..count {
        let chunk = ChunkId(ids[n as usize % ids.len()]);
        open(&link, chain, chunk)?;
        let block = (n % u32::from(BLOCKS_PER_CHUNK)) as u16;
        link.send_with(
            &WriteData { chunk, write_id: 1, block, offset: 0, size: BulkLen(SMALL), crc },
            &data,
        )?;
        link.acknowledged()?;
        link.acknowledged()?;
        link.send(&WriteFinish { chunk, version: VERSION })?;
    }
    Ok(())
}
