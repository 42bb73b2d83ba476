//! Protocol-level load on any chunkservers, stock or ours: plays the master they register with, makes chunks, and
//! writes and reads them as a client does. Prints MiB/s and CPU seconds of the servers per GiB.
//!
//! `bench LISTEN SERVERS CONNECTIONS CHUNKS PIDS`: address to play master on, how many servers will come (all are in
//! each write chain), connections at once, chunks of 64 MiB for each, and the servers' pids separated by commas.

use anyhow::{Context, Result, bail, ensure};
use net::bulk::BulkSocket;
use proto::cs_data::{ProtoVer, Read, ReadData, ReadStatus, Write, WriteData, WriteFinish, WriteStatus};
use proto::cs_master::{Ack, ChunkCreate, ChunkCreateReply, CsRegister, CsToMa, MasterAck, Nop};
use proto::{Direction, Packet, encode_frame};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use types::{BLOCK_SIZE, BulkLen, ChunkId, ChunkVersion, OUR_VERSION, Rest, Status, Wire};

const BLOCKS: u16 = 1024;
const MIB_PER_CHUNK: f64 = 64.0;
const SMALL: u32 = 4096;
const SMALL_READS: u32 = 20_000;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, listen, servers, connections, chunks, pids] = &arguments[..] else {
        bail!("bench LISTEN SERVERS CONNECTIONS CHUNKS PIDS")
    };
    let (servers, connections, chunks): (usize, u64, u64) =
        (servers.parse()?, connections.parse()?, chunks.parse()?);
    let pids: Vec<u32> = pids.split(',').map(str::parse).collect::<Result<_, _>>().context("pids")?;
    let listener = TcpListener::bind(listen).with_context(|| format!("listen on {listen}"))?;
    let mut peers = Vec::new();
    while peers.len() < servers {
        peers.push(Peer::accept(&listener)?);
    }
    // Until their disks are scanned they take no chunks.
    std::thread::sleep(Duration::from_secs(3));
    let chain: Vec<_> = peers.iter().map(|peer| peer.addr).collect();
    let ids: Vec<Vec<u64>> =
        (0..connections).map(|c| (0..chunks).map(|n| 1 + c * chunks + n).collect()).collect();
    for id in ids.iter().flatten() {
        peers.iter_mut().try_for_each(|peer| peer.create(*id))?;
    }
    let total = MIB_PER_CHUNK * (connections * chunks) as f64;
    let all = |work: &(dyn Fn(&[u64]) -> Result<()> + Sync)| -> Result<()> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = ids.iter().map(|ids| scope.spawn(move || work(ids))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
        })
    };
    measure("write", total, &pids, || all(&|ids| write(&chain, ids)))?;
    measure("rewrite", total, &pids, || all(&|ids| write(&chain, ids)))?;
    measure("read", total, &pids, || all(&|ids| read(chain[0], ids)))?;
    let small = f64::from(SMALL_READS) * connections as f64;
    let start = Instant::now();
    all(&|ids| read_small(chain[0], ids))?;
    println!("{:10} {:8.0} 4 KiB reads/s", "small", small / start.elapsed().as_secs_f64());
    let start = Instant::now();
    all(&|ids| write_small(&chain, ids))?;
    println!(
        "{:10} {:8.0} sessions of one 4 KiB write/s",
        "small",
        2000.0 * connections as f64 / start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn measure(name: &str, mib: f64, pids: &[u32], work: impl FnOnce() -> Result<()>) -> Result<()> {
    let (cpu, start) = (cpu_seconds(pids)?, Instant::now());
    work()?;
    let (time, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds(pids)? - cpu);
    println!("{name:10} {:8.0} MiB/s   {:6.3} CPU s/GiB", mib / time, cpu / (mib / 1024.0));
    Ok(())
}

/// User and system time of processes.
fn cpu_seconds(pids: &[u32]) -> Result<f64> {
    let mut ticks = 0;
    for pid in pids {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("read a process's times")?;
        let behind = stat.rsplit(')').next().context("stat")?;
        let fields: Vec<_> = behind.split_whitespace().collect();
        ticks += fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    }
    Ok(ticks as f64 / 100.0)
}

/// A chunkserver that has registered with us.
struct Peer {
    addr: SocketAddrV4,
    socket: Arc<Mutex<TcpStream>>,
    created: Receiver<ChunkCreateReply>,
}

impl Peer {
    fn accept(listener: &TcpListener) -> Result<Peer> {
        let (mut stream, _) = listener.accept()?;
        let socket = Arc::new(Mutex::new(stream.try_clone()?));
        let mut body = Vec::new();
        let id = net::read_frame(&mut stream, &mut body, 1 << 20)?;
        let CsToMa::CsRegisterPacket(begin) = CsToMa::decode(id, &body)? else { bail!("no BEGIN") };
        let CsRegister::Begin(begin) = begin.step else { bail!("no BEGIN") };
        let ack = Ack::Accepted { version: OUR_VERSION, timeout: 60, csid: 1, metaid: 0 };
        send(&socket, &MasterAck { ack })?;
        let (tell, created) = channel();
        let (for_reader, for_nops) = (socket.clone(), socket.clone());
        std::thread::spawn(move || serve(stream, &for_reader, &tell));
        std::thread::spawn(move || {
            while send(&for_nops, &Nop::EMPTY).is_ok() {
                std::thread::sleep(Duration::from_secs(2));
            }
        });
        Ok(Peer { addr: begin.addr, socket, created })
    }

    fn create(&mut self, id: u64) -> Result<()> {
        send(&self.socket, &ChunkCreate { chunk: ChunkId(id), version: ChunkVersion(1) })?;
        let reply = self.created.recv_timeout(Duration::from_secs(20)).context("CREATE")?;
        ensure!(reply.status == Status::OK, "CREATE: {}", reply.status);
        Ok(())
    }
}

fn send<'a>(socket: &Mutex<TcpStream>, packet: &impl Packet<'a>) -> Result<()> {
    let mut stream = socket.lock().expect("no panic");
    Ok(net::write_frame(&mut *stream, packet)?)
}

fn serve(mut stream: TcpStream, socket: &Mutex<TcpStream>, tell: &Sender<ChunkCreateReply>) {
    let mut body = Vec::new();
    while let Ok(id) = net::read_frame(&mut stream, &mut body, 500_000_000) {
        match CsToMa::decode(id, &body) {
            Ok(CsToMa::CsRegisterPacket(packet)) if matches!(packet.step, CsRegister::Chunks(_)) => {
                let _ = send(socket, &MasterAck { ack: Ack::Next });
            }
            Ok(CsToMa::ChunkCreateReply(reply)) => drop(tell.send(reply)),
            _ => {}
        }
    }
}

fn connect(addr: SocketAddrV4) -> Result<BulkSocket> {
    Ok(BulkSocket::new(TcpStream::connect(addr)?)?)
}

fn put<'a>(link: &BulkSocket, packet: &impl Packet<'a>) -> Result<()> {
    let mut frame = Vec::new();
    encode_frame(packet, &mut frame);
    Ok(link.write(&[&frame], soon())?)
}

fn status(link: &mut BulkSocket) -> Result<()> {
    loop {
        let head = link.head(soon())?;
        if head.id == 0 {
            continue;
        }
        ensure!(head.id == WriteStatus::ID, "packet {}", head.id);
        let mut body = [0; 13];
        link.read(&mut [&mut body], soon())?;
        let status = WriteStatus::decode_whole(&body)?;
        ensure!(status.status == Status::OK, "{:?}", status);
        return Ok(());
    }
}

fn write(chain: &[SocketAddrV4], ids: &[u64]) -> Result<()> {
    let mut link = connect(chain[0])?;
    let data: Vec<u8> = (0..BLOCK_SIZE).map(|i| (i >> 3) as u8 | 1).collect();
    let crc = crc32fast::hash(&data);
    let mut head = Vec::new();
    for id in ids {
        let (chunk, version) = (ChunkId(*id), ChunkVersion(1));
        put(&link, &Write { protover: ProtoVer::CLIENT, chunk, version, chain: Rest::Items(&chain[1..]) })?;
        let mut waiting = 1;
        for block in 0..BLOCKS {
            while waiting >= 64 {
                status(&mut link)?;
                waiting -= 1;
            }
            head.clear();
            let write_id = u32::from(block) + 1;
            encode_frame(
                &WriteData { chunk, write_id, block, offset: 0, size: BulkLen(BLOCK_SIZE), crc },
                &mut head,
            );
            link.write(&[&head, &data], soon())?;
            waiting += 1;
        }
        for _ in 0..waiting {
            status(&mut link)?;
        }
        put(&link, &WriteFinish { chunk, version })?;
    }
    Ok(())
}

fn receive(link: &mut BulkSocket, block: &mut [u8]) -> Result<()> {
    loop {
        let head = link.head(soon())?;
        match head.id {
            0 => {}
            ReadData::ID => {
                let mut body = [0; 20];
                let size = head.len as usize - 20;
                link.read(&mut [&mut body, &mut block[..size]], soon())?;
            }
            ReadStatus::ID => {
                let mut body = [0; 9];
                link.read(&mut [&mut body], soon())?;
                ensure!(body[8] == 0, "READ: {}", Status(body[8]));
                return Ok(());
            }
            id => bail!("packet {id}"),
        }
    }
}

fn read(addr: SocketAddrV4, ids: &[u64]) -> Result<()> {
    let mut link = connect(addr)?;
    let mut block = vec![0; BLOCK_SIZE as usize];
    for id in ids {
        let (chunk, version) = (ChunkId(*id), ChunkVersion(1));
        // A mebibyte at a time, as read-ahead does.
        for offset in (0..u32::from(BLOCKS) * BLOCK_SIZE).step_by(1 << 20) {
            put(&link, &Read { protover: ProtoVer::CLIENT, chunk, version, offset, size: 1 << 20 })?;
            receive(&mut link, &mut block)?;
        }
    }
    Ok(())
}

fn read_small(addr: SocketAddrV4, ids: &[u64]) -> Result<()> {
    let mut link = connect(addr)?;
    let mut block = vec![0; BLOCK_SIZE as usize];
    let mut random = 12345_u32;
    for _ in 0..SMALL_READS {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (chunk, version) = (ChunkId(ids[random as usize % ids.len()]), ChunkVersion(1));
        let offset = (random >> 6) & 0x03FF_F000;
        put(&link, &Read { protover: ProtoVer::CLIENT, chunk, version, offset, size: SMALL })?;
        receive(&mut link, &mut block)?;
    }
    Ok(())
}

fn write_small(chain: &[SocketAddrV4], ids: &[u64]) -> Result<()> {
    let mut link = connect(chain[0])?;
    let data = [7; SMALL as usize];
    let crc = crc32fast::hash(&data);
    for n in 0..2000_u32 {
        let (chunk, version) = (ChunkId(ids[n as usize % ids.len()]), ChunkVersion(1));
        put(&link, &Write { protover: ProtoVer::CLIENT, chunk, version, chain: Rest::Items(&chain[1..]) })?;
        let mut head = Vec::new();
        let (block, size) = ((n % 1024) as u16, BulkLen(SMALL));
        encode_frame(&WriteData { chunk, write_id: 1, block, offset: 0, size, crc }, &mut head);
        link.write(&[&head, &data], soon())?;
        status(&mut link)?;
        status(&mut link)?;
        put(&link, &WriteFinish { chunk, version })?;
    }
    Ok(())
}
