//! Where the chunks of a file are, and what they hold (`spec/tools.md` 7).

use super::check;
use crate::failure::{Failure, Stop};
use crate::mounts::{Access, Mounts, Target, Trouble, body};
use crate::run::{FAILED, Job, block};
use net::{read_frame, write_frame};
use proto::Packet;
use proto::client_master::{CheckReply, ChunkCopies, CopyInfo, FuseCheck, FuseCheckReply};
use proto::cs_data::{ChunkBlocks, ChunkChecksumTab, GetChunkBlocks, GetChunkChecksumTab};
use std::ffi::OsStr;
use std::io;
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;
use types::{ChunkId, ChunkIndex, ChunkVersion, Inode, MsgId, Reply, Status, Wire};

const TIMEOUT: Duration = Duration::from_secs(5);
/// A table of 1024 checksums and what is in front of it, with room to spare.
const MAX_ANSWER: u32 = 8192;
const VALID: u8 = 0;
const MARKED: u8 = 1;

/// The checksums of the blocks that a copy has.
struct Checksums {
    blocks: u16,
    /// `u32` each.
    table: Vec<u8>,
}

/// A chunk as the master described it.
struct Chunk {
    id: ChunkId,
    version: ChunkVersion,
    copies: Vec<CopyInfo>,
}

/// `mfsfileinfo`
pub(crate) fn fileinfo(job: &mut Job) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let well = job
        .each(&names, |job, name| if job.given.has(b'q') { check::one(job, name) } else { one(job, name) })?;
    Ok(if well { 0 } else { FAILED })
}

fn one(job: &mut Job, name: &OsStr) -> Result<Vec<u8>, Failure> {
    let (checksums, sign) = (job.given.has(b'c'), job.given.has(b's'));
    let Target { inode, .. } = job.mounts.open(name, Access::Read)?;
    let counts = check::copy_counts(&mut job.mounts, inode).map_err(|trouble| trouble.about(name))?;
    let chunks = counts.iter().fold(0_u32, |sum, n| sum.saturating_add(*n));
    let mut lines = String::new();
    let mut signature = md5::Context::new();
    if chunks == 0 {
        lines += "\tno chunks - empty file\n";
    }
    for index in 0..chunks {
        let chunk =
            copies(&mut job.mounts, inode, ChunkIndex(index)).map_err(|trouble| trouble.about(name))?;
        describe(index, &chunk, checksums, sign.then_some(&mut signature), &mut lines);
    }
    let mut text = block(name, lines);
    if sign {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(format!(" signature: {:X}\n", signature.finalize()).as_bytes());
    }
    Ok(text)
}

fn copies(mounts: &mut Mounts, inode: Inode, index: ChunkIndex) -> Result<Chunk, Trouble> {
    let request = FuseCheck { msgid: MsgId(0), inode, index: Some(index) };
    let CheckReply::Chunk(ChunkCopies { chunk, version, copies }) =
        body(mounts.ask::<_, FuseCheckReply<'_>>(&request)?.reply)?
    else {
        return Err(Trouble::Malformed);
    };
    let mut copies: Vec<CopyInfo> = copies.iter().collect();
    copies.sort_by_key(|copy| copy.addr);
    Ok(Chunk { id: chunk, version, copies })
}

/// Appends the lines about a chunk, and its checksums to the signature.
fn describe(
    index: u32,
    chunk: &Chunk,
    show: bool,
    mut signature: Option<&mut md5::Context>,
    lines: &mut String,
) {
    let Chunk { id, version, copies } = chunk;
    if id.0 == 0 && version.0 == 0 {
        *lines += &format!("\tchunk {index}: empty\n");
        return;
    }
    let name = format!("{:016X}_{:08X}", id.0, version.0);
    *lines += &format!("\tchunk {index}: {name} / (id:{id} ver:{version})\n");
    let mut digests = Vec::new();
    let mut signed = false;
    for (number, copy) in copies.iter().enumerate() {
        let good = matches!(copy.kind, VALID | MARKED);
        let wanted = good && (show || signature.is_some() && !signed);
        let found = wanted.then(|| ask_server(copy.addr, *id, *version));
        if let (Some(Ok(found)), Some(signature), false) = (&found, signature.as_deref_mut(), signed) {
            signature.consume(&found.table);
            signed = true;
        }
        let more = match found.filter(|_| show) {
            None => ")".to_owned(),
            Some(Ok(found)) => {
                let digest = format!("{:X}", md5::compute(&found.table));
                digests.push(digest.clone());
                format!(" ; blocks: {} ; checksum digest: {digest})", found.blocks)
            }
            Some(Err(_)) => " - can't get checksum)".to_owned(),
        };
        *lines += &format!("\t\tcopy {}: {} (status:{}{more}\n", number + 1, copy.addr, status(copy.kind));
    }
    if signature.is_some() && !signed {
        *lines += "\t\tcouldn't add this chunk to signature !!!\n";
    }
    if !copies.iter().any(|copy| matches!(copy.kind, VALID | MARKED)) {
        *lines += "\t\tno valid copies !!!\n";
    }
    if digests.windows(2).any(|pair| pair[0] != pair[1]) {
        *lines += "\t\tcopies have different checksums !!!\n";
    }
}

fn status(kind: u8) -> &'static str {
    match kind {
        VALID => "VALID",
        MARKED => "MARKED FOR REMOVAL",
        2 => "WRONG VERSION",
        3 => "WRONG VERSION , MARKED FOR REMOVAL",
        4 => "INVALID",
        _ => "???",
    }
}

/// Asks a chunkserver for the checksums of its copy.
fn ask_server(addr: SocketAddrV4, chunk: ChunkId, version: ChunkVersion) -> io::Result<Checksums> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::V4(addr), TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let mut answer = Vec::new();
    let refused = |status: Status| io::Error::other(status.text());
    write_frame(&mut stream, &GetChunkBlocks { chunk, version })?;
    let blocks: ChunkBlocks = receive(&mut stream, &mut answer)?;
    let blocks = blocks.status.ok().map(|()| blocks.blocks).map_err(refused)?;
    write_frame(&mut stream, &GetChunkChecksumTab { chunk, version })?;
    let table: ChunkChecksumTab<'_> = receive(&mut stream, &mut answer)?;
    match table.table {
        Reply::Body(table) => {
            let mut bytes = Vec::with_capacity(4096);
            table.encode(&mut bytes);
            bytes.truncate(usize::from(blocks) * 4);
            Ok(Checksums { blocks, table: bytes })
        }
        Reply::Status(status) => Err(refused(status)),
    }
}

fn receive<'a, P: Packet<'a>>(stream: &mut TcpStream, body: &'a mut Vec<u8>) -> io::Result<P> {
    let id = read_frame(stream, body, MAX_ANSWER)?;
    let packet = if id == P::ID { P::decode_whole(body).ok() } else { None };
    packet.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not the answer"))
}
