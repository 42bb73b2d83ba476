//! Servers under test, and what talks to them.

use chunkserver::{Config, Running};
use chunkstore::Tunables;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::time::Duration;
use tempfile::TempDir;
use types::{ChunkId, ChunkVersion};

/// A chunkserver with one disk and no master.
pub(crate) struct Server {
    pub(crate) running: Option<Running>,
    pub(crate) dir: TempDir,
}

/// The configuration of a server in `dir` that looks for its master at `master`.
pub(crate) fn config(dir: &TempDir, master: u16) -> Config {
    std::fs::create_dir_all(dir.path().join("disk")).expect("make a folder");
    let hdd_cfg = dir.path().join("mfshdd.cfg");
    std::fs::write(&hdd_cfg, format!("# one disk\n{}/disk\n", dir.path().display()))
        .expect("write mfshdd.cfg");
    Config {
        data_path: dir.path().into(),
        hdd_cfg,
        disks: Tunables { leave_space: 0, test_speed: 0, ..Tunables::default() },
        master_host: "127.0.0.1".into(),
        master_port: master,
        reconnection_delay: Duration::from_millis(200),
        listen_host: "127.0.0.1".into(),
        listen_port: 0,
        written: [("LABELS", "A,C"), ("AUTH_CODE", "golden")].map(|(n, v)| (n.into(), v.into())).into(),
        ..Config::default()
    }
}

/// Starts a server and waits until its disk can take chunks.
pub(crate) fn start(config: Config) -> Running {
    let running = chunkserver::start(config).expect("start");
    while running.store().is_scanning() || running.store().space().total == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    running
}

impl Server {
    pub(crate) fn new() -> Server {
        let dir = tempfile::tempdir().expect("make a folder");
        // Port 1 has no master.
        let running = start(config(&dir, 1));
        Server { running: Some(running), dir }
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().expect("runs")
    }

    pub(crate) fn addr(&self) -> SocketAddrV4 {
        self.running().addr()
    }

    pub(crate) fn create(&self, id: u64, version: u32) {
        self.running().store().create(ChunkId(id), ChunkVersion(version)).expect("create");
    }

    /// Block `block` as the store has it.
    pub(crate) fn block(&self, id: u64, block: u16) -> Vec<u8> {
        let mut buf = vec![0; 65536];
        let handle = self.running().store().open(ChunkId(id), ChunkVersion(0)).expect("open");
        handle.read_block(block, &mut buf).expect("read");
        buf
    }

    pub(crate) fn connect(&self) -> Peer {
        Peer::new(TcpStream::connect(self.addr()).expect("connect"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

/// A connection that speaks in raw packets and is patient about NOPs.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    pub(crate) nops: usize,
}

/// The bytes of a hex text with blanks and `|`.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|d| u8::from_str_radix(std::str::from_utf8(d).expect("ascii"), 16).expect("hex"))
        .collect()
}

impl Peer {
    pub(crate) fn new(stream: TcpStream) -> Peer {
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set a timeout");
        stream.set_nodelay(true).expect("set no delay");
        Peer { stream, nops: 0 }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("send");
    }

    /// Sends the packet of a hex text.
    pub(crate) fn send_hex(&mut self, text: &str) {
        self.send(&hex(text));
    }

    /// The next packet that is not a NOP, with its head; `None` at the end of the stream.
    pub(crate) fn receive(&mut self) -> Option<Vec<u8>> {
        loop {
            let mut packet = vec![0; 8];
            match self.stream.read_exact(&mut packet) {
                Ok(()) => {}
                Err(e) if matches!(e.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                    return None;
                }
                Err(e) => panic!("receive: {e}"),
            }
            let len = u32::from_be_bytes(packet[4..8].try_into().expect("four")) as usize;
            packet.resize(8 + len, 0);
            self.stream.read_exact(&mut packet[8..]).expect("a whole packet");
            if packet == [0; 8] {
                self.nops += 1;
                continue;
            }
            return Some(packet);
        }
    }

    /// Expects exactly the packet of a hex text.
    #[track_caller]
    pub(crate) fn expect_hex(&mut self, text: &str) {
        assert_eq!(self.receive().expect("a packet"), hex(text));
    }

    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        assert_eq!(self.receive(), None);
    }
}

/// A WRITE_DATA packet.
pub(crate) fn write_data(chunk: u64, id: u32, block: u16, offset: u16, data: &[u8]) -> Vec<u8> {
    let mut packet = hex("000000d4");
    packet.extend_from_slice(&(24 + data.len() as u32).to_be_bytes());
    packet.extend_from_slice(&chunk.to_be_bytes());
    packet.extend_from_slice(&id.to_be_bytes());
    packet.extend_from_slice(&block.to_be_bytes());
    packet.extend_from_slice(&offset.to_be_bytes());
    packet.extend_from_slice(&(data.len() as u32).to_be_bytes());
    packet.extend_from_slice(&crc32fast::hash(data).to_be_bytes());
    packet.extend_from_slice(data);
    packet
}

/// A WRITE packet with protocol version 1.
pub(crate) fn write_request(chunk: u64, version: u32, chain: &[SocketAddrV4]) -> Vec<u8> {
    let mut packet = hex("000000d2");
    packet.extend_from_slice(&(13 + 6 * chain.len() as u32).to_be_bytes());
    packet.push(1);
    packet.extend_from_slice(&chunk.to_be_bytes());
    packet.extend_from_slice(&version.to_be_bytes());
    for addr in chain {
        packet.extend_from_slice(&addr.ip().octets());
        packet.extend_from_slice(&addr.port().to_be_bytes());
    }
    packet
}

/// A WRITE_STATUS packet.
pub(crate) fn write_status(chunk: u64, id: u32, status: u8) -> Vec<u8> {
    let mut packet = hex("000000d3 0000000d");
    packet.extend_from_slice(&chunk.to_be_bytes());
    packet.extend_from_slice(&id.to_be_bytes());
    packet.push(status);
    packet
}

/// A WRITE_FINISH packet.
pub(crate) fn write_finish(chunk: u64, version: u32) -> Vec<u8> {
    let mut packet = hex("000000d5 0000000c");
    packet.extend_from_slice(&chunk.to_be_bytes());
    packet.extend_from_slice(&version.to_be_bytes());
    packet
}

/// A block of 64 KiB that differs by `seed`.
pub(crate) fn pattern(seed: u8) -> Vec<u8> {
    (0..65536_u32).map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed) | 1).collect()
}
