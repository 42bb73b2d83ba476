//! Chains of servers.

use crate::peer::{Peer, Server, pattern, write_data, write_finish, write_request, write_status};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

fn listener() -> (TcpListener, std::net::SocketAddrV4) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let SocketAddr::V4(addr) = listener.local_addr().expect("an address") else { unreachable!() };
    (listener, addr)
}

#[test]
fn three_servers() {
    let servers = [Server::new(), Server::new(), Server::new()];
    servers.iter().for_each(|s| s.create(7, 1));
    let chain = [servers[1].addr(), servers[2].addr()];
    let mut peer = servers[0].connect();
    // Twice, so that the second session goes over cached connections.
    for round in 0..2_u8 {
        peer.send(&write_request(7, 1, &chain));
        assert_eq!(peer.receive().unwrap(), write_status(7, 0, 0));
        for id in 1..=64 {
            peer.send(&write_data(7, id, id as u16, 0, &pattern(id as u8 + round)));
        }
        for id in 1..=64 {
            assert_eq!(peer.receive().unwrap(), write_status(7, id, 0));
        }
        peer.send(&write_data(7, 65, 1, 100, b"partial"));
        assert_eq!(peer.receive().unwrap(), write_status(7, 65, 0));
        peer.send(&write_finish(7, 1));
    }
    // The connection is idle again.
    peer.send_hex("0000000a|00000000");
    assert!(peer.receive().is_some());
    let mut first = pattern(2);
    first[100..107].copy_from_slice(b"partial");
    for server in &servers {
        assert_eq!(server.block(7, 1), first);
        for block in 2..=64 {
            assert_eq!(server.block(7, block), pattern(block as u8 + 1));
        }
    }
}

#[test]
fn acknowledgements_wait_for_the_next_server() {
    let server = Server::new();
    server.create(7, 1);
    let (listener, addr) = listener();
    let mut peer = server.connect();
    peer.send(&write_request(7, 1, &[addr, "10.0.0.2:9422".parse().unwrap()]));
    let mut next = Peer::new(listener.accept().unwrap().0);
    // The same packet without its first entry.
    assert_eq!(next.receive().unwrap(), write_request(7, 1, &["10.0.0.2:9422".parse().unwrap()]));
    let data: Vec<_> = (1..=3).map(|id| write_data(7, id, id as u16, 0, &pattern(id as u8))).collect();
    data.iter().for_each(|packet| peer.send(packet));
    for packet in &data {
        assert_eq!(next.receive().unwrap(), *packet);
    }
    peer.stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let silent = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| peer.receive())).is_err();
    assert!(silent, "acknowledged too early");
    peer.stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    next.send(&write_status(7, 0, 0));
    assert_eq!(peer.receive().unwrap(), write_status(7, 0, 0));
    next.send(&[write_status(7, 1, 0), vec![0; 8], write_status(7, 2, 0)].concat());
    assert_eq!(peer.receive().unwrap(), write_status(7, 1, 0));
    assert_eq!(peer.receive().unwrap(), write_status(7, 2, 0));
    // A failure is passed on, then the connection ends.
    next.send(&write_status(7, 3, 22));
    assert_eq!(peer.receive().unwrap(), write_status(7, 3, 22));
    peer.expect_end();
    next.expect_end();
}

#[test]
fn a_next_server_out_of_order_is_dropped() {
    let server = Server::new();
    server.create(7, 1);
    let (listener, addr) = listener();
    let mut peer = server.connect();
    peer.send(&write_request(7, 1, &[addr]));
    let mut next = Peer::new(listener.accept().unwrap().0);
    peer.send(&write_data(7, 1, 0, 0, b"one"));
    peer.send(&write_data(7, 2, 0, 0, b"two"));
    next.send(&write_status(7, 0, 0));
    next.send(&write_status(7, 2, 0));
    assert_eq!(peer.receive().unwrap(), write_status(7, 0, 0));
    assert_eq!(peer.receive().unwrap(), write_status(7, 0, 28));
    peer.expect_end();
}

#[test]
fn a_next_server_that_is_not_there() {
    let server = Server::new();
    server.create(7, 1);
    let addr = listener().1;
    let mut peer = server.connect();
    peer.send(&write_request(7, 1, &[addr]));
    assert_eq!(peer.receive().unwrap(), write_status(7, 0, 26));
    // Still usable.
    peer.send(&write_request(7, 1, &[]));
    assert_eq!(peer.receive().unwrap(), write_status(7, 0, 0));
}

#[test]
fn a_next_server_that_dies() {
    let server = Server::new();
    server.create(7, 1);
    let (listener, addr) = listener();
    let mut peer = server.connect();
    peer.send(&write_request(7, 1, &[addr]));
    let mut next = Peer::new(listener.accept().unwrap().0);
    next.send(&write_status(7, 0, 0));
    assert_eq!(peer.receive().unwrap(), write_status(7, 0, 0));
    drop(next);
    assert_eq!(peer.receive().unwrap(), write_status(7, 0, 28));
    peer.expect_end();
}
