//! The link to a master that this test plays.

use crate::peer::{
    Peer, Server, config, hex, pattern, start, write_data, write_finish, write_request, write_status,
};
use chunkserver::Running;
use std::net::TcpListener;
use std::time::Duration;
use types::{ChunkId, ChunkVersion};

const ACK: &str = "00000068|00000011|00|000300ea|000a|0001|6b02d0f37354101d";
const NEXT: &str = "00000068|00000001|00";

/// The next packet that is not about space or load.
fn receive(peer: &mut Peer) -> Vec<u8> {
    loop {
        let packet = peer.receive().expect("a packet");
        if packet[3] != 101 && packet[3] != 103 {
            return packet;
        }
    }
}

fn accept(listener: &TcpListener) -> Peer {
    Peer::new(listener.accept().expect("accept").0)
}

/// Plays registration of a server without chunks.
fn register(peer: &mut Peer) {
    let begin = receive(peer);
    assert_eq!(begin[..13], hex("00000064|00000037|3c|000300ea"));
    peer.send_hex(ACK);
    assert_eq!(receive(peer), hex("0000006d|00000004|00000000"));
    assert_eq!(receive(peer), hex("00000064|00000001|3e"));
}

#[track_caller]
fn order(peer: &mut Peer, order: &str, answer: &str) {
    peer.send_hex(order);
    assert_eq!(receive(peer), hex(answer), "{order}");
}

#[test]
fn registration_with_a_challenge_and_orders() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(&dir, listener.local_addr().unwrap().port());
    (config.auth_code, config.labels) = ("golden".into(), 5);
    let running = start(config);
    let mut peer = accept(&listener);
    assert_eq!(receive(&mut peer).len(), 8 + 55);
    peer.send_hex("00000068|00000021|03|507f939cb50b4cb7d3ca0e03be538c0ac8ddaa3b32e0cdb33193cb1e85284ddc");
    let begin = receive(&mut peer);
    assert_eq!(begin[..29], hex("00000064|00000047|3c|22405a106ed8869e0dde01da96f82978|000300ea"));
    let addr = running.addr();
    assert_eq!(begin[29..35], [&addr.ip().octets()[..], &addr.port().to_be_bytes()].concat());
    peer.send_hex(ACK);
    assert_eq!(receive(&mut peer), hex("0000006d|00000004|00000005"));
    assert_eq!(receive(&mut peer), hex("00000064|00000001|3e"));
    let metaid = std::fs::read(dir.path().join("disk/.metaid")).unwrap();
    assert_eq!(metaid, hex("6b02d0f37354101d"));
    assert_eq!(std::fs::read(dir.path().join("chunkserverid.mfs")).unwrap(), hex("0001 6b02d0f37354101d"));

    orders(&mut peer);
    // Goodbye.
    let stop = std::thread::spawn(move || running.stop());
    assert_eq!(receive(&mut peer), hex("00000064|00000001|3f"));
    assert_eq!(peer.receive(), None);
    stop.join().unwrap();
}

fn orders(peer: &mut Peer) {
    order(peer, "0000006e|0000000c|0000000000000001|00000001", "0000006f|00000009|0000000000000001|00");
    order(peer, "0000006e|0000000c|0000000000000001|00000001", "0000006f|00000009|0000000000000001|14");
    let version = "0000008c|00000010|0000000000000001|00000003|00000001";
    order(peer, version, "0000008d|00000009|0000000000000001|00");
    order(peer, version, "0000008d|00000009|0000000000000001|13");
    let duplicate = "00000082|00000018|0000000000000003|00000001|0000000000000001|00000003";
    order(peer, duplicate, "00000083|00000009|0000000000000003|00");
    let truncate = "000000a0|00000014|0000000000000001|00000003|00000004|00000003";
    order(peer, truncate, "000000a1|00000009|0000000000000001|00");
    let duptrunc = "000000aa|0000001c|0000000000000004|00000001|0000000000000001|00000004|00000002";
    order(peer, duptrunc, "000000ab|00000009|0000000000000004|00");
    let op = "0000000000000030|00000007|00000000|0000000000000000|00000000|00000001";
    order(peer, &format!("00000098|00000020|{op}"), &format!("00000099|00000021|{op}|00"));
    let question = "000000fa|0000000c|0000000000000001|00000004";
    order(peer, question, "000000fb|0000000f|0000000000000001|00000004|0001|00");
    order(peer, "00000078|0000000c|0000000000000001|00000000", "00000079|00000009|0000000000000001|00");
    // Whoever names a chunk that is not here makes it lost. The report comes before the answer or behind it.
    peer.send_hex("00000078|0000000c|0000000000000001|00000000");
    let mut both = [receive(peer), receive(peer)];
    both.sort();
    let lost = "00000069|00000008|0000000000000001";
    assert_eq!(both, [hex(lost), hex("00000079|00000009|0000000000000001|0d")]);
}

#[test]
fn lists_come_in_parts_and_the_link_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(&dir, listener.local_addr().unwrap().port());
    config.chunks_per_packet = 1;
    let running = start(config);
    let mut peer = accept(&listener);
    register(&mut peer);
    let mut want = Vec::new();
    for id in 1..=20_u8 {
        running.store().create(ChunkId(id.into()), ChunkVersion(1)).unwrap();
        want.push(hex(&format!("00000000000000{id:02x}00000001")));
    }
    assert!(running.is_registered());
    drop(peer);
    let mut peer = accept(&listener);
    let begin = receive(&mut peer);
    // It knows its id now.
    assert_eq!(begin[21..23], [0, 1]);
    peer.send_hex(ACK);
    assert_eq!(receive(&mut peer)[3], 109);
    let mut got = Vec::new();
    loop {
        let packet = receive(&mut peer);
        if packet == hex("00000064|00000001|3e") {
            break;
        }
        assert_eq!((packet[3], packet[8]), (100, 61));
        got.extend(packet[9..].chunks(12).map(<[u8]>::to_vec));
        // A NOP with a body and an order in between do no harm.
        peer.send_hex("00000000|00000002|0000");
        peer.send_hex(NEXT);
    }
    got.sort();
    assert_eq!(got, want);
    // An unknown packet ends the link, and a new one begins.
    peer.send_hex("0000000a|00000000");
    assert_eq!(peer.receive(), None);
    accept(&listener);
    running.stop();
}

#[test]
fn a_master_of_another_instance_is_fatal() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    std::fs::create_dir(dir.path().join("disk")).unwrap();
    std::fs::write(dir.path().join("disk/.metaid"), [1; 8]).unwrap();
    let running = start(config(&dir, listener.local_addr().unwrap().port()));
    let mut peer = accept(&listener);
    receive(&mut peer);
    peer.send_hex(ACK);
    assert_eq!(peer.receive(), None);
    while running.failure().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(running.failure().unwrap().contains("0101010101010101"));
    running.stop();
}

fn start_registered(listener: &TcpListener, dir: &tempfile::TempDir) -> (Running, Peer) {
    let running = start(config(dir, listener.local_addr().expect("an address").port()));
    let mut peer = accept(listener);
    register(&mut peer);
    (running, peer)
}

#[test]
fn replication() {
    let source = Server::new();
    source.create(2, 5);
    let mut writer = source.connect();
    writer.send(&write_request(2, 5, &[]));
    writer.send(&write_data(2, 1, 2, 7, b"hello"));
    writer.send(&write_data(2, 2, 0, 0, &pattern(1)));
    for id in 0..=2 {
        assert_eq!(writer.receive().unwrap(), write_status(2, id, 0));
    }
    writer.send(&write_finish(2, 5));

    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (running, mut master) = start_registered(&listener, &dir);
    let port = source.addr().port();
    let from = format!("7f000001|{port:04x}");
    let wrong = format!("00000096|00000012|0000000000000002|00000001|{from}");
    order(&mut master, &wrong, "00000097|0000000d|0000000000000002|00000001|13");
    let right = format!("00000096|00000012|0000000000000002|00000005|{from}");
    order(&mut master, &right, "00000097|0000000d|0000000000000002|00000005|00");
    order(&mut master, &right, "00000097|0000000d|0000000000000002|00000005|14");
    let mut buf = vec![0; 65536];
    let handle = running.store().open(ChunkId(2), ChunkVersion(5)).unwrap();
    assert_eq!(handle.blocks(), Ok(3));
    handle.read_block(2, &mut buf).unwrap();
    assert_eq!((&buf[7..12], buf[12]), (&b"hello"[..], 0));
    // Nobody is there, or the source is rotten: nothing is left.
    let nobody = "00000096|00000012|0000000000000009|00000001|7f000001|0001";
    order(&mut master, nobody, "00000097|0000000d|0000000000000009|00000001|1a");
    let path = source.dir.path().join("disk/00/chunk_0000000000000002_00000005.mfs");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[9000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    order(
        &mut master,
        "00000078|0000000c|0000000000000002|00000005",
        "00000079|00000009|0000000000000002|00",
    );
    order(&mut master, &right, "00000097|0000000d|0000000000000002|00000005|1d");
    assert_eq!(running.store().space().chunks, 0);
    drop(handle);
    running.stop();
}
