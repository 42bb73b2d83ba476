//! Random logs replayed by the stock master (`mfsmaster restore`), whose image must be ours.
//!
//! Needs `mfsmaster` 3.0.117 of Debian's package `moosefs-master`.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;
mod compare;

use common::World;
use metadata::Fs;
use ondisk::{NewNode, Op, Outcome};
use std::path::Path;
use std::process::Command;
use std::{env, fs, io::Cursor};
use types::{Name, NodeType};

/// Steps of one run; somewhat fewer become lines.
const STEPS: u32 = 2000;

/// Stock loses the first digit of each group in brackets when it replays, so it gets one more.
fn groups_for_stock(log: &str) -> String {
    let line = |line: &str| match (line.contains("|SNAPSHOT("), line.find('['), line.find(']')) {
        (true, Some(from), Some(to)) => {
            let groups: Vec<String> = line[from + 1..to].split(',').map(|gid| format!("1{gid}")).collect();
            format!("{}[{}{}\n", &line[..from], groups.join(","), &line[to..])
        }
        _ => format!("{line}\n"),
    };
    log.lines().map(line).collect()
}

/// Lets stock replay a log on an image and gives the image it wrote.
fn stock_image(dir: &Path, image: &[u8], log: &[u8]) -> Vec<u8> {
    fs::write(dir.join("metadata.mfs"), image).unwrap();
    fs::write(dir.join("changelog.0.mfs"), groups_for_stock(std::str::from_utf8(log).unwrap())).unwrap();
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let group = Command::new("id").arg("-gn").output().unwrap().stdout;
    let (user, group) = (String::from_utf8(user).unwrap(), String::from_utf8(group).unwrap());
    let config = format!(
        "DATA_PATH = {}\nWORKING_USER = {user}WORKING_GROUP = {group}EXPORTS_FILENAME = /dev/null\nLOCK_MEMORY = 0\n",
        dir.display()
    );
    fs::write(dir.join("mfsmaster.cfg"), config).unwrap();
    let path = format!("{}:/usr/sbin:/usr/local/sbin", env::var("PATH").unwrap_or_default());
    let run = Command::new("mfsmaster")
        .env("PATH", path)
        .arg("-c")
        .arg(dir.join("mfsmaster.cfg"))
        .arg("restore")
        .output();
    let output = run.expect("stock mfsmaster: install Debian's moosefs-master");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if text.contains("error") || text.contains("mismatch") || text.contains("ignore") {
        let line = text.split("changelog.0.mfs:").nth(1).and_then(|t| t.split(':').next()).unwrap_or("");
        let near: Vec<&str> = std::str::from_utf8(log)
            .unwrap()
            .lines()
            .filter(|l| l.starts_with(&format!("{line}: ")))
            .collect();
        panic!("{text}\n{near:?}\nfiles are in {}", dir.display());
    }
    fs::read(dir.join("metadata.mfs")).unwrap()
}

fn run(seed: u64) {
    let mut world = World::new(seed, 1_700_000_000);
    for _ in 0..STEPS {
        world.step();
    }
    compare_with_stock(&world, &format!("seed-{seed}"));
}

fn compare_with_stock(world: &World, what: &str) {
    let dir = env::temp_dir().join(format!("metadata-stock-{}-{what}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let stock = stock_image(&dir, ondisk::image::EMPTY_IMAGE, &world.log);
    // Locks that are over are not stored, and over is a matter of the clock: stock saved today.
    let mut ours = Cursor::new(Vec::new());
    world.fs.snapshot().write_image(&mut ours, u32::MAX).unwrap();
    let ours = ours.into_inner();
    fs::write(dir.join("ours.mfs"), &ours).unwrap();
    compare::assert_same(&format!("{what}, files in {}", dir.display()), &ours, &stock, true);
    // Our image ends with a section that stock does not know.
    assert!(world.log.contains(&b';') && ours.windows(8).any(|w| w == b"XTIM 1.0"));
    let taken_over = stock_image(&dir, &ours, b"");
    compare::assert_same_but_turned(&format!("{what}, loaded by stock"), &ours, &taken_over);
    Fs::from_image(&stock, 0).unwrap().validate().unwrap();
    fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn stock_reaches_the_same_state() {
    let seeds = env::var("ELKFS_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    let first = env::var("ELKFS_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    (first..first + seeds).for_each(run);
}

/// What the trash remembers of a path is its last 1024 bytes, wherever that cuts it.
#[test]
fn long_paths_are_cut_where_stock_cuts_them() {
    let mut world = World::new(1, 1_700_000_000);
    for lengths in [[255, 255, 255, 253, 7], [255; 5], [255, 255, 255, 254, 9], [255, 255, 255, 252, 9]] {
        let mut parent = types::ROOT;
        for (depth, length) in lengths.into_iter().rev().enumerate() {
            let name = vec![b'a' + depth as u8; length];
            let name = Name::new(&name).unwrap();
            let kind = if depth == 4 { NodeType::File } else { NodeType::Dir };
            let node = NewNode { kind, mode: 0o755, umask: 0 };
            if let Some(there) = world.fs.lookup(parent, name.as_bytes()) {
                parent = there;
                continue;
            }
            let inode = world.fs.next_inode().unwrap();
            assert!(world.run(Op::Create { parent, name, node, uid: 0, gid: 0, rdev: 0 }, &Outcome::none()));
            if depth == 4 {
                assert!(world.run(Op::Unlink { parent, name }, &Outcome::none()));
            }
            parent = inode;
        }
    }
    compare_with_stock(&world, "long-paths");
}
