//! Memory and times of a file system of N files (default 1,000,000): `cargo run --release --example metadata_bench [N]
//! [chunks]`. With `chunks` every file gets one. Prints RAM per file, and times of operations, snapshot, image, load.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark needs clocks and gives up on errors"
)]

use metadata::Fs;
use ondisk::{NewNode, Op};
use std::io::Cursor;
use std::time::{Duration, Instant};
use types::{ChunkIndex, Inode, Name, NodeType, ROOT, Time};

/// As with a running master, times are not whole seconds.
const NOW: (i64, u32) = (1, 500);
const FILES_PER_DIR: u32 = 1000;

/// Resident memory, bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// CPU time of all threads so far, in steps of 10 ms: on a busy machine it tells more than the clock.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn now() -> Time {
    Time::new(NOW.0, NOW.1)
}

fn create(fs: &mut Fs, parent: Inode, name: &str, kind: NodeType) -> Inode {
    let node = NewNode { kind, mode: 0o755, umask: 0o22 };
    let name = Name::new(name.as_bytes()).unwrap();
    let outcome = fs.apply(now(), &Op::Create { parent, name, node, uid: 0, gid: 0, rdev: 0 }).unwrap();
    Inode(outcome.get(0).unwrap() as u32)
}

fn build(files: u32, chunks: bool) -> Fs {
    let mut fs = Fs::new_empty(1);
    let mut dir = ROOT;
    for n in 0..files {
        if n % FILES_PER_DIR == 0 {
            dir = create(&mut fs, ROOT, &format!("directory-{n}"), NodeType::Dir);
        }
        let file = create(&mut fs, dir, &format!("file-{n:010}"), NodeType::File);
        if chunks {
            let index = ChunkIndex(0);
            fs.apply(now(), &Op::Write { inode: file, index, new_version: true, set_mtime: true }).unwrap();
            fs.apply(now(), &Op::Length { inode: file, length: 4096, set_mtime: true }).unwrap();
        }
    }
    fs
}

fn main() {
    let mut args = std::env::args().skip(1);
    let files: u32 = args.next().map_or(1_000_000, |n| n.parse().unwrap());
    let chunks = args.next().is_some();
    let before = resident();
    let start = Instant::now();
    let mut fs = build(files, chunks);
    let took = start.elapsed();
    println!(
        "built      {files} files in {took:.2?}, {:.0} ns each",
        took.as_nanos() as f64 / f64::from(files)
    );
    println!("memory     {} bytes per file", (resident() - before) / files as usize);

    let start = Instant::now();
    let snapshot = fs.snapshot();
    println!("snapshot   {:.1?}", start.elapsed());
    let mut longest = Duration::ZERO;
    let start = Instant::now();
    for n in 0..100_000u32 {
        let one = Instant::now();
        // Writes all over the place: each touches pages nobody touched since the snapshot.
        let inode = Inode(2 + n.wrapping_mul(2_654_435_761) % files);
        fs.apply(2, &Op::Access { inode }).unwrap();
        longest = longest.max(one.elapsed());
    }
    println!("writes     100,000 after it: {:.2?}, the longest {longest:.1?}", start.elapsed());

    let mut out = Cursor::new(Vec::new());
    let (start, busy) = (Instant::now(), cpu());
    snapshot.write_image(&mut out, 2).unwrap();
    let (took, busy) = (start.elapsed(), cpu() - busy);
    let image = out.into_inner();
    println!("image      {} MB in {took:.2?} ({busy:.2?} of CPU)", image.len() / 1_000_000);
    drop((snapshot, fs));

    let before = resident();
    let (start, busy) = (Instant::now(), cpu());
    let fs = Fs::from_image(&image, 2).unwrap();
    let busy = cpu() - busy;
    println!("load       {:.2?} ({busy:.2?} of CPU), {} nodes", start.elapsed(), fs.totals().nodes);
    println!("memory     {} bytes per file more", (resident().saturating_sub(before)) / files as usize);
}
