//! Requests on the data port.

use crate::peer::{Server, hex, pattern, write_data, write_finish, write_request, write_status};
use std::time::{Duration, Instant};

#[test]
fn golden_questions() {
    let server = Server::new();
    let mut peer = server.connect();
    peer.send_hex("0000000a|00000000");
    peer.expect_hex("0000000b|0000000d|000300ea|332e302e3131372d31");
    peer.send_hex("0000000a|00000004|00000006");
    peer.expect_hex("0000000b|00000011|00000006|000300ea|332e302e3131372d31");
    peer.send_hex("00000050|0000000b|00000005|064c4142454c53");
    peer.expect_hex("00000051|00000008|00000005|03412c43");
    // The secret is not told.
    peer.send_hex("00000050|0000000e|00000005|09 41555448 5f 434f4445");
    peer.expect_hex("00000051|0000000e|00000005|09 5b444546494e45445d");
    peer.send_hex("00000212|00000000");
    peer.expect_hex("00000213|00000015|02|000300ea|0000|0000000000000000|00000000|0000");

    server.create(0x10, 2);
    peer.send_hex("000000fa|0000000c|0000000000000010|00000009");
    peer.expect_hex("000000fb|0000000f|0000000000000010|00000009|0000|13");
    peer.send_hex("0000012c|0000000c|0000000000000010|00000007");
    peer.expect_hex("0000012d|0000000d|0000000000000010|00000007|13");
    peer.send_hex("0000012c|0000000c|0000000000000010|00000000");
    // 1024 checksums of zeros.
    peer.expect_hex("0000012d|00000010|0000000000000010|00000000|4a00b401");
    peer.send_hex("0000012e|0000000c|0000000000000010|00000002");
    let table = peer.receive().unwrap();
    assert_eq!((table.len(), &table[20..24]), (8 + 4108, &hex("d7978eeb")[..]));
    peer.send_hex("00000258|00000000");
    let disks = peer.receive().unwrap();
    let path = format!("{}/disk/", server.dir.path().display());
    assert_eq!(disks.len(), 8 + 2 + 34 + 192 + path.len());
    assert_eq!(&disks[11..11 + path.len()], path.as_bytes());
}

#[test]
fn reads() {
    let server = Server::new();
    server.create(4, 1);
    let mut peer = server.connect();
    peer.send(&write_request(4, 1, &[]));
    peer.send(&write_data(4, 1, 0, 0, b"he"));
    peer.send(&write_data(4, 2, 1, 0, &pattern(1)));
    assert_eq!(peer.receive().unwrap(), write_status(4, 0, 0));
    assert_eq!(peer.receive().unwrap(), write_status(4, 1, 0));
    assert_eq!(peer.receive().unwrap(), write_status(4, 2, 0));
    peer.send(&write_finish(4, 1));

    peer.send_hex("000000c8|00000015|01|0000000000000004|00000001|00000000|00000002");
    peer.expect_hex("000000ca|00000016|0000000000000004|0000|0000|00000002|d1256687|6865");
    peer.expect_hex("000000c9|00000009|0000000000000004|00");
    // Across blocks, and beyond the end: zeros.
    peer.send_hex("000000c8|00000014|0000000000000004|00000000|0000fffe|00010003");
    let mut got = Vec::new();
    for (block, offset, size) in [(0_u16, 0xfffe_u16, 2_u32), (1, 0, 65536), (2, 0, 1)] {
        let packet = peer.receive().unwrap();
        assert_eq!(packet[16..18], block.to_be_bytes());
        assert_eq!(packet[18..20], offset.to_be_bytes());
        assert_eq!(packet[20..24], size.to_be_bytes());
        assert_eq!(packet[24..28], crc32fast::hash(&packet[28..]).to_be_bytes());
        got.extend_from_slice(&packet[28..]);
    }
    peer.expect_hex("000000c9|00000009|0000000000000004|00");
    assert_eq!(got, [&[0, 0], &pattern(1)[..], &[0]].concat());

    for (request, status) in [
        ("01|0000000000000004|00000001|00000000|00000000", "00"),
        ("01|0000000000000004|00000001|00000000|04000001", "18"),
        ("01|0000000000000004|00000001|03ffffff|00000002", "19"),
        ("01|0000000000000004|00000001|04000000|00000001", "19"),
        ("01|0000000000000004|00000002|00000000|00000001", "13"),
    ] {
        peer.send_hex(&format!("000000c8|00000015|{request}"));
        peer.expect_hex(&format!("000000c9|00000009|0000000000000004|{status}"));
    }
    peer.send_hex("000000c8|00000015|01|0000000000007777|00000001|00000000|00000001");
    peer.expect_hex("000000c9|00000009|0000000000007777|0d");
    assert_eq!(server.running().store().take_reports().lost, [types::ChunkId(0x7777)]);
}

#[test]
fn a_rotten_block_ends_a_read_and_not_the_connection() {
    let server = Server::new();
    server.create(9, 1);
    let mut peer = server.connect();
    peer.send(&write_request(9, 1, &[]));
    for id in 1..=3 {
        peer.send(&write_data(9, id, id as u16 - 1, 0, &pattern(id as u8)));
    }
    for id in 0..=3 {
        assert_eq!(peer.receive().unwrap(), write_status(9, id, 0));
    }
    peer.send(&write_finish(9, 1));
    let path = server.dir.path().join("disk/00/chunk_0000000000000009_00000001.mfs");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8192 + 65536 + 5] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    peer.send_hex("000000c8|00000015|01|0000000000000009|00000001|00000000|00030000");
    assert_eq!(peer.receive().unwrap()[28..], pattern(1));
    peer.expect_hex("000000c9|00000009|0000000000000009|1d");
    peer.send_hex("000000c8|00000015|01|0000000000000009|00000001|00020000|00010000");
    assert_eq!(peer.receive().unwrap()[28..], pattern(3));
    peer.expect_hex("000000c9|00000009|0000000000000009|00");
    assert_eq!(server.running().store().take_reports().damaged, [types::ChunkId(9)]);
}

#[test]
fn golden_write_statuses() {
    let server = Server::new();
    server.create(0x50, 1);
    let mut peer = server.connect();
    // Wrong version: the connection stays.
    peer.send(&write_request(0x50, 2, &[]));
    peer.expect_hex("000000d3|0000000d|0000000000000050|00000000|13");
    peer.send(&write_request(0x50, 1, &[]));
    peer.expect_hex("000000d3|0000000d|0000000000000050|00000000|00");
    // Data that does not fit its checksum: the status arrives although more data is on its way.
    let mut bad = write_data(0x50, 1, 0, 0, b"hello");
    bad[33] ^= 1;
    peer.send(&bad);
    for id in 2..20 {
        peer.send(&write_data(0x50, id, 1, 0, &pattern(0)));
    }
    peer.expect_hex("000000d3|0000000d|0000000000000050|00000001|1d");
    peer.expect_end();
    assert_eq!(server.block(0x50, 0), vec![0; 65536]);
    assert!(server.running().store().take_reports().is_empty());
}

#[test]
fn charts_are_told() {
    let server = Server::new();
    let mut peer = server.connect();
    // The newest sample of "load", of which there is none yet; a chart that does not exist; its picture of 68 bytes.
    peer.send_hex("000001fa|00000008|00000118|00000001");
    peer.expect_hex("000001fb|00000010|00000000|00000001|ffffffffffffffff");
    peer.send_hex("000001fa|00000004|0000270f");
    peer.expect_hex("000001fb|00000000|");
    peer.send_hex("000001f8|00000004|0000270f");
    let frame = peer.receive().unwrap();
    assert_eq!((&frame[..4], &frame[8..12]), (&505_u32.to_be_bytes()[..], &b"\x89PNG"[..]));
}

#[test]
fn refused_packets_close_the_connection() {
    let server = Server::new();
    for bad in [
        // Unknown; too long; wrong lengths; data without a session.
        "00000123|00000000",
        "00000000|000186a1",
        "000000c8|00000013|00000000000000000000000000000000000000",
        "000000d2|0000000e|0100000000000000040000000100",
        "000000fa|00000000",
        "00000258|00000001|00",
        "0000000a|00000003|000000",
        "000000d5|0000000c|0000000000000001|00000001",
    ] {
        let mut peer = server.connect();
        peer.send_hex(bad);
        peer.expect_end();
    }
    let mut peer = server.connect();
    peer.send(&write_data(1, 1, 0, 0, b"x"));
    peer.expect_end();
    // Accepted in silence.
    let mut peer = server.connect();
    peer.send_hex("00000000|00000000 00000001|0000000c|000000000000000000000000");
    peer.send_hex("0000000a|00000000");
    assert!(peer.receive().is_some());
}

#[test]
fn an_idle_connection_hears_nops_and_is_closed() {
    let server = Server::new();
    let mut peer = server.connect();
    let start = Instant::now();
    peer.expect_end();
    let time = start.elapsed();
    assert!(time > Duration::from_millis(5500) && time < Duration::from_secs(9), "{time:?}");
    assert!((1..=4).contains(&peer.nops), "{}", peer.nops);
}

#[test]
fn a_write_session_echoes_nops() {
    let server = Server::new();
    server.create(5, 1);
    let mut peer = server.connect();
    peer.send(&write_request(5, 1, &[]));
    assert_eq!(peer.receive().unwrap(), write_status(5, 0, 0));
    peer.send_hex("00000000|00000000");
    std::thread::sleep(Duration::from_millis(50));
    peer.send(&write_data(5, 1, 0, 0, b"x"));
    assert_eq!(peer.receive().unwrap(), write_status(5, 1, 0));
    assert_eq!(peer.nops, 1);
    // An id that is not the session's.
    peer.send(&write_finish(6, 1));
    assert_eq!(peer.receive().unwrap(), write_status(5, 1, 27));
}
