//! What many chunks cost: run with `cargo test --release -p placement --test scale -- --ignored --nocapture`.

use placement::{
    ChunkInfo, ChunkMeta, ClassId, ClassView, Cluster, Instant, Mode, Now, Options, Registration, Space,
};
use std::time::Instant as Clock;
use types::{ChunkId, ChunkVersion, OUR_VERSION};

const CHUNKS: u64 = 3_000_000;
const SERVERS: u64 = 9;

struct Meta;

impl ChunkMeta for Meta {
    fn chunk(&self, id: ChunkId) -> Option<ChunkInfo> {
        let version = ChunkVersion(1);
        (1..=CHUNKS).contains(&id.0).then_some(ChunkInfo {
            version,
            locked_until: 0,
            references: 1,
            class: 3,
            archived: false,
        })
    }
    fn class(&self, _: ClassId) -> Option<ClassView<'_>> {
        let set = &[[0; 4]; 3];
        Some(ClassView { mode: Mode::Standard, create: set, keep: set, archive: set })
    }
    fn next_chunk(&self) -> ChunkId {
        ChunkId(CHUNKS + 1)
    }
}

fn rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

#[test]
#[ignore = "a measurement, not a test"]
fn three_million_chunks() {
    let now = |ms: u64| Now { at: Instant(ms), unix: 1_000_000 + (ms / 1000) as u32 };
    let before = rss_kib();
    let options = Options { delay_init_ms: 0, ..Options::default() };
    let mut cluster = Cluster::new(options, fastrand::Rng::with_seed(1), now(0));
    let clock = Clock::now();
    for id in 1..=CHUNKS {
        cluster.restore_chunk(&Meta, ChunkId(id));
    }
    println!("restore: {:?}", clock.elapsed());
    let clock = Clock::now();
    let mut servers = Vec::new();
    for s in 0..SERVERS {
        let space = Space { total: 1 << 50, used: 1 << 40, ..Space::default() };
        let ip = [10, 0, 0, s as u8 + 1].into();
        let registration = Registration { ip, port: 9422, csid: 0, version: OUR_VERSION, space };
        let id = cluster.register(now(0), &registration).expect("new");
        let has = |id: &u64| (id % 3 == s % 3) || (id % SERVERS == s) || ((id + 1) % SERVERS == s);
        let mine = (1..=CHUNKS).filter(has).filter(|id| (id * 7 + s) % 9 < 6 || id % SERVERS == s);
        cluster.chunks_found(now(0), &Meta, id, mine.map(|id| (ChunkId(id), 1)));
        cluster.registered(id);
        servers.push(id);
    }
    let (all, _) = cluster.copy_totals();
    println!("register {all} copies: {:?}", clock.elapsed());
    println!("bytes per chunk: {}", (rss_kib() - before) * 1024 / CHUNKS);
    cluster.take_events();
    let mut ms = 10_000;
    let mut ticks = |cluster: &mut Cluster, n: u32, what: &str| {
        let (mut worst, clock) = (std::time::Duration::ZERO, Clock::now());
        for _ in 0..n {
            ms += 20;
            let tick = Clock::now();
            cluster.tick(now(ms), &Meta);
            worst = worst.max(tick.elapsed());
            cluster.take_events();
            cluster.take_orders();
        }
        println!("{what}: {:?} per tick, worst {worst:?}", clock.elapsed() / n);
    };
    ticks(&mut cluster, 500, "maintenance");
    let clock = Clock::now();
    cluster.disconnect(now(100_000), &Meta, servers[0]);
    println!("disconnect: {:?}", clock.elapsed());
    ticks(&mut cluster, 200, "purge");
    println!("queues: {:?}", cluster.queue_lengths());
}
