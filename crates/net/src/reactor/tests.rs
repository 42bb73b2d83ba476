use super::*;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Answers every frame with its own body; id 2 is held under mark 7, id 3 closes.
#[derive(Default)]
struct Echo {
    frames: Vec<(u32, usize)>,
    closed: Vec<String>,
}

fn frame(id: u32, body: &[u8]) -> Vec<u8> {
    let mut out = id.to_be_bytes().to_vec();
    out.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    out.extend_from_slice(body);
    out
}

impl Handler for Echo {
    fn accepted(&mut self, _: &mut Net, _: ConnId, _: ListenerId, _: SocketAddr) {}
    fn frame(&mut self, net: &mut Net, conn: ConnId, id: u32, body: &[u8]) -> Verdict {
        self.frames.push((id, body.len()));
        match id {
            2 => net.send_bytes_held(conn, 7, &frame(id, body)),
            3 => return Verdict::Close("asked to".into()),
            _ => net.send_bytes(conn, &frame(id, body)),
        }
        Verdict::Keep
    }
    fn closed(&mut self, _: &mut Net, _: ConnId, reason: CloseReason) {
        self.closed.push(reason.to_string());
    }
    fn end_of_turn(&mut self, _: &mut Net) {}
}

fn limits() -> ConnLimits {
    ConnLimits {
        max_body: 1 << 20,
        idle_timeout: Duration::from_secs(60),
        frame_timeout: Duration::from_secs(60),
        nop_interval: None,
        nop_body: 4,
        max_pending: 1 << 20,
    }
}

fn start(limits: ConnLimits) -> (Reactor, Echo, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut reactor = Reactor::new().unwrap();
    reactor.listen(listener, limits).unwrap();
    (reactor, Echo::default(), client)
}

fn turn_until(reactor: &mut Reactor, echo: &mut Echo, mut done: impl FnMut(&Echo) -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done(echo) {
        assert!(Instant::now() < end, "condition not reached: {:?} {:?}", echo.frames, echo.closed);
        reactor.turn(echo, Duration::from_millis(50)).unwrap();
    }
}

#[test]
fn frames_in_pieces_and_in_bulk() {
    let (mut reactor, mut echo, mut client) = start(limits());
    let mut bytes = frame(1, b"abc");
    bytes.extend(frame(0, b""));
    bytes.extend(frame(1, &[9; 300_000]));
    for piece in bytes.chunks(70_001) {
        client.write_all(piece).unwrap();
        reactor.turn(&mut echo, Duration::from_millis(10)).unwrap();
    }
    turn_until(&mut reactor, &mut echo, |e| e.frames.len() == 2);
    assert_eq!(echo.frames, [(1, 3), (1, 300_000)]);
    let traffic = reactor.net().traffic(ListenerId(0));
    let bytes_in = bytes.len() as u64;
    assert_eq!((traffic.packets_in, traffic.packets_out, traffic.bytes_in), (2, 2, bytes_in));
    let reader = std::thread::spawn(move || {
        let mut answer = vec![0; 8 + 3 + 8 + 300_000];
        client.read_exact(&mut answer).unwrap();
        answer
    });
    while !reader.is_finished() {
        reactor.turn(&mut echo, Duration::from_millis(10)).unwrap();
    }
    assert_eq!(reader.join().unwrap()[..11], frame(1, b"abc"));
}

#[test]
fn held_answers_wait_for_their_mark() {
    let (mut reactor, mut echo, mut client) = start(limits());
    client.write_all(&[frame(2, b"held"), frame(1, b"free")].concat()).unwrap();
    turn_until(&mut reactor, &mut echo, |e| e.frames.len() == 2);
    let mut answer = [0; 12];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(answer[..], frame(1, b"free"));
    reactor.net().release(6);
    reactor.turn(&mut echo, Duration::ZERO).unwrap();
    client.set_nonblocking(true).unwrap();
    assert!(client.read(&mut answer).is_err(), "mark 7 is not released yet");
    client.set_nonblocking(false).unwrap();
    reactor.net().release(7);
    reactor.turn(&mut echo, Duration::ZERO).unwrap();
    client.read_exact(&mut answer).unwrap();
    assert_eq!(answer[..], frame(2, b"held"));
}

#[test]
fn a_header_over_the_limit_closes() {
    let (mut reactor, mut echo, mut client) = start(limits());
    client.write_all(&[frame(1, b""), frame(5, b"")[..4].to_vec(), vec![0xFF; 4]].concat()).unwrap();
    turn_until(&mut reactor, &mut echo, |e| !e.closed.is_empty());
    assert_eq!(echo.frames, [(1, 0)]);
    assert!(echo.closed[0].contains("packet 5 of 4294967295 bytes"), "{:?}", echo.closed);
}

#[test]
fn closing_sends_what_waits_first() {
    let (mut reactor, mut echo, mut client) = start(limits());
    client.write_all(&[frame(1, b"last"), frame(3, b""), frame(1, b"too late")].concat()).unwrap();
    turn_until(&mut reactor, &mut echo, |e| !e.closed.is_empty());
    let mut all = Vec::new();
    // Unread input at the server makes the kernel answer with a reset; what was sent before still arrives.
    let _ = client.read_to_end(&mut all);
    assert_eq!(all, frame(1, b"last"));
    assert_eq!(echo.closed, ["asked to"]);
}

#[test]
fn a_peer_that_does_not_read_is_not_read_from() {
    let (mut reactor, mut echo, mut client) = start(ConnLimits { max_pending: 100_000, ..limits() });
    client.set_nonblocking(true).unwrap();
    let flood = frame(1, &[0; 50_000]);
    let (mut accepted, mut idle, mut seen) = (0, 0, 0);
    // Neither side's kernel buffers nor the reactor's own take more without end: at some point all stands still.
    while idle < 100 {
        let wrote = client.write(&flood[accepted % flood.len()..]).unwrap_or(0);
        reactor.turn(&mut echo, Duration::ZERO).unwrap();
        idle = if wrote == 0 && echo.frames.len() == seen { idle + 1 } else { 0 };
        accepted += wrote;
        seen = echo.frames.len();
        assert!(accepted < 1 << 30, "the server takes input without end");
    }
    assert!(seen < accepted / flood.len(), "everything was answered although nobody takes the answers");
    client.set_nonblocking(false).unwrap();
    client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let whole = accepted / flood.len();
    let mut sink = vec![0; 1 << 16];
    turn_until(&mut reactor, &mut echo, |e| {
        let _ = client.read(&mut sink);
        e.frames.len() == whole
    });
}

#[test]
fn silence_gets_nops_then_the_door() {
    let quick = ConnLimits {
        idle_timeout: Duration::from_secs(3),
        nop_interval: Some(Duration::from_secs(1)),
        ..limits()
    };
    let (mut reactor, mut echo, mut client) = start(quick);
    turn_until(&mut reactor, &mut echo, |e| !e.closed.is_empty());
    let mut nop = [1; 12];
    client.read_exact(&mut nop).unwrap();
    assert_eq!(nop, [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    assert_eq!(echo.closed, ["nothing received for 3 s"]);
}

#[test]
fn a_peer_that_drips_is_not_waited_for() {
    let slow = ConnLimits { frame_timeout: Duration::from_secs(2), ..limits() };
    let (mut reactor, mut echo, mut client) = start(slow);
    let (whole, mut sent) = (frame(1, &[7; 100]), 0);
    turn_until(&mut reactor, &mut echo, |e| {
        if sent < whole.len() - 1 {
            client.write_all(&whole[sent..=sent]).unwrap();
            sent += 1;
        }
        !e.closed.is_empty()
    });
    assert!(sent > 10);
    assert_eq!(echo.closed, ["no whole packet within 2 s"]);
}

#[test]
fn a_flood_of_frames_leaves_others_their_turn() {
    let (mut reactor, mut echo, mut client) = start(limits());
    reactor.turn(&mut echo, Duration::ZERO).unwrap();
    client.write_all(&frame(1, b"").repeat(1000)).unwrap();
    reactor.turn(&mut echo, Duration::from_secs(5)).unwrap();
    assert_eq!(echo.frames.len(), 256);
    turn_until(&mut reactor, &mut echo, |e| e.frames.len() == 1000);
}

#[test]
fn half_frames_take_the_memory_they_need_and_arrive_whole() {
    let (mut reactor, mut echo, mut client) = start(limits());
    // Lengths on both sides of what is kept apart and of what is read at once.
    let lengths = [0, 1, 3000, 65_000, 66_000, 140_000, 900_000, 5];
    let all: Vec<u8> = lengths.iter().flat_map(|n| frame(1, &vec![*n as u8; *n])).collect();
    let writer = std::thread::spawn(move || {
        for part in all.chunks(33_333) {
            client.write_all(part).unwrap();
            std::thread::sleep(Duration::from_millis(1));
        }
        client
    });
    let count = lengths.len();
    turn_until(&mut reactor, &mut echo, |e| e.frames.len() == count);
    assert!(echo.frames.iter().map(|f| f.1).eq(lengths));
    writer.join().unwrap();
}
