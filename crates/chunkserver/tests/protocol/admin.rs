//! What operators do and see: a changed list of disks, jobs, counters.

use crate::peer::{Peer, Server, config, hex, pattern, start, write_data, write_finish, write_request};
use std::time::{Duration, Instant};
use types::{ChunkId, ChunkVersion};

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

#[test]
fn a_bad_line_at_reload_costs_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(config(&dir, 1));
    running.store().create(ChunkId(1), ChunkVersion(1)).unwrap();
    let (disk, more) = (dir.path().join("disk"), dir.path().join("more"));
    std::fs::create_dir(&more).unwrap();
    let cfg = config(&dir, 1);
    // The line of the disk in use is spoilt, another is new.
    let text = format!("# disks\n<>{}\nrelative/path\n{} 1GiB\n", disk.display(), more.display());
    std::fs::write(&cfg.hdd_cfg, text).unwrap();
    running.reload(cfg.clone());
    let paths = || running.store().disks().into_iter().map(|disk| disk.path).collect::<Vec<_>>();
    let mut found = paths();
    found.sort();
    assert_eq!(found, [format!("{}/", disk.display()), format!("{}/", more.display())]);
    assert!(running.store().open(ChunkId(1), ChunkVersion(1)).is_ok());
    // A disk that no line can mean is given back.
    std::fs::write(&cfg.hdd_cfg, format!("*{}\nrelative/path\n", more.display())).unwrap();
    running.reload(cfg);
    assert_eq!(paths(), [format!("{}/", more.display())]);
    assert!(running.store().disks()[0].removal);
    running.stop();
}

fn ask(peer: &mut Peer, request: &str) -> Vec<u8> {
    peer.send_hex(request);
    peer.receive().expect("an answer")
}

#[test]
fn jobs_are_listed_and_switched() {
    let server = Server::new();
    let mut peer = server.connect();
    // The offer: GET_CONFIG of ELKFS_OFFERS.
    let offer = ask(&mut peer, "00000050 00000011 00000007 0c 454c4b46535f4f4646455253");
    assert_eq!(offer, hex("00000051 00000009 00000007 04 6a6f6273"));
    // "replication" is paused, and only that; a name that is none is told.
    let pause = "454c0303 0000000e 0b 7265706c69636174696f6e 00 01";
    assert_eq!(ask(&mut peer, pause), hex("454c0304 00000004 00000001"));
    assert_eq!(ask(&mut peer, "454c0303 00000005 02 7878 00 01"), hex("454c0304 00000004 00000000"));
    let list = ask(&mut peer, "454c0301 00000000");
    let states: Vec<_> = ["scan", "scrub", "rebalance", "cleanup", "replication", "deletion"]
        .iter()
        .map(|name| {
            let name = [&[name.len() as u8], name.as_bytes()].concat();
            let at = list.windows(name.len()).position(|part| part == name).expect("listed") + name.len();
            list[at + 1 + usize::from(list[at])]
        })
        .collect();
    assert_eq!(states, [0, 0, 0, 0, 2, 0]);
}

#[test]
fn sums_since_the_start() {
    let server = Server::new();
    server.create(5, 1);
    let mut peer = server.connect();
    peer.send(&write_request(5, 1, &[]));
    peer.send(&write_data(5, 1, 0, 0, &pattern(1)));
    for _ in 0..2 {
        peer.receive().expect("a status");
    }
    peer.send(&write_finish(5, 1));
    peer.send_hex("000000c8 00000015 01 0000000000000005 00000001 00000000 00001000");
    for _ in 0..2 {
        peer.receive().expect("data and status");
    }
    let sums = ask(&mut peer, "000001f6 00000000");
    assert_eq!(number(&sums[8..10]), 34);
    let series = |n: usize| number(&sums[10 + 8 * n..18 + 8 * n]);
    assert!(series(6) > 65_536 && series(7) > 4096, "bytes in and out: {} {}", series(6), series(7));
    assert_eq!((series(12), series(13), series(14), series(15)), (65_536, 65_536, 1, 1));
    assert_eq!((series(16), series(17), series(21)), (1, 1, 1));
    // One disk follows.
    let disks = 10 + 8 * 34;
    assert_eq!(number(&sums[disks..disks + 2]), 1);
    let path = usize::from(sums[disks + 4]);
    assert_eq!(number(&sums[disks + 2..disks + 4]), 34 + 64 + path as u64);
    assert_eq!(sums.len(), disks + 4 + 34 + 64 + path);
}

#[test]
fn a_stop_waits_for_nobody() {
    let server = Server::new();
    let idle = server.connect();
    let start = Instant::now();
    drop(server);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    drop(idle);
}
