//! `mfschunktool`, ours beside stock's, and `elkfs chunk`, on files with every kind of damage.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const BLOCK: usize = 65536;
const STOCK: &str = "/usr/sbin/mfschunktool";

struct Chunk {
    name: &'static str,
    id: u64,
    magic: &'static [u8; 8],
    header: usize,
    blocks: usize,
    /// Blocks with a flipped bit.
    rotten: &'static [usize],
    /// What the table has for blocks that do not exist.
    empty: u32,
    /// Cut to this size.
    cut: Option<usize>,
}

const GOOD: Chunk = Chunk {
    name: "chunk_0000000000000001_00000001.mfs",
    id: 1,
    magic: b"MFSC 1.0",
    header: 4096,
    blocks: 3,
    rotten: &[],
    empty: 0xD797_8EEB,
    cut: None,
};

const CHUNKS: &[Chunk] = &[
    GOOD,
    Chunk { name: "chunk_0000000000000002_00000001.mfs", id: 2, rotten: &[0, 2], ..GOOD },
    Chunk { name: "chunk_0000000000000003_00000001.mfs", id: 99, ..GOOD },
    Chunk { name: "chunk_0000000000000004_00000002.mfs", id: 4, ..GOOD },
    Chunk { name: "chunk_0000000000000005_00000001.mfs", id: 5, magic: b"XXXX 1.0", ..GOOD },
    Chunk { name: "c1.mfs", id: 6, ..GOOD },
    Chunk { name: "chunk_0000000000000007_00000001.mfs", id: 7, cut: Some(70_000), ..GOOD },
    Chunk { name: "chunk_0000000000000008_00000001.mfs", id: 8, empty: 5, ..GOOD },
    Chunk { name: "chunk_0000000000000009_00000001.mfs", id: 9, header: 1024, ..GOOD },
    Chunk { name: "chunk_000000000000000B_00000001.mfs", id: 11, rotten: &[1], magic: b"MFSC 1.1", ..GOOD },
    Chunk { name: "chunk_000000000000000C_00000001.mfs", id: 12, empty: 7, magic: b"MFSC 1.1", ..GOOD },
    Chunk { name: "chunk_000000000000000D_00000001.mfs", id: 13, empty: 0, ..GOOD },
    Chunk { name: "chunk_000000000000000E_00000001.mfs", id: 14, cut: Some(0), ..GOOD },
    Chunk { name: "chunk_000000000000000F_00000002.mfs", id: 77, rotten: &[1], ..GOOD },
];

impl Chunk {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.magic.to_vec();
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.extend_from_slice(&1_u32.to_be_bytes());
        bytes.resize(self.header, 0);
        let block = |n: usize| (0..BLOCK).map(move |i| (i * 7 + n * 3 + 1) as u8).collect::<Vec<u8>>();
        for n in 0..1024 {
            let crc = if n < self.blocks { crc32fast::hash(&block(n)) } else { self.empty };
            bytes.extend_from_slice(&crc.to_be_bytes());
        }
        for n in 0..self.blocks {
            let mut data = block(n);
            data[9] ^= u8::from(self.rotten.contains(&n)) << 3;
            bytes.extend_from_slice(&data);
        }
        bytes.truncate(self.cut.unwrap_or(bytes.len()));
        bytes
    }
}

fn make(dir: &Path) {
    for chunk in CHUNKS {
        fs::write(dir.join(chunk.name), chunk.bytes()).expect("a file of the test");
    }
}

/// Names and contents, without the copies that a repair keeps.
fn content(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).expect("a file of the test").map(|entry| {
        let entry = entry.expect("a file of the test");
        (
            entry.file_name().into_string().expect("a file of the test"),
            fs::read(entry.path()).expect("a file of the test"),
        )
    });
    entries.filter(|(name, _)| !name.contains(".before-repair")).collect()
}

fn ours(dir: &Path) -> Command {
    let link = dir.with_extension("mfschunktool").join("mfschunktool");
    fs::create_dir_all(link.parent().expect("a file of the test")).expect("a file of the test");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_elkfs"), &link).expect("a file of the test");
    }
    Command::new(link)
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().filter(|line| !line.contains("is kept as")).map(Into::into).collect()
}

#[test]
fn like_stock() {
    let top = tempfile::tempdir().expect("a file of the test");
    for (number, flags) in ["-x", "-f", "-fx", "-e", "-r", "-rx", "-nx", "-rnx", "-rfx"].iter().enumerate() {
        let run = |mut command: Command, dir: &Path| -> (Output, BTreeMap<String, Vec<u8>>) {
            fs::create_dir(dir).expect("a file of the test");
            make(dir);
            command.current_dir(dir).arg(flags).args(CHUNKS.iter().map(|chunk| chunk.name)).arg("missing");
            (command.output().expect("a file of the test"), content(dir))
        };
        let (a, b) = (top.path().join(format!("stock-{number}")), top.path().join(format!("ours-{number}")));
        let (stock, stock_files) = run(Command::new(STOCK), &a);
        let (own, own_files) = run(ours(&b), &b);
        assert_eq!(lines(&own.stdout), lines(&stock.stdout), "{flags}");
        assert_eq!(lines(&own.stderr), lines(&stock.stderr), "{flags}");
        assert_eq!(own.status.code(), stock.status.code(), "{flags}");
        assert!(own_files == stock_files, "{flags}: different files");
    }
}

#[test]
fn a_repair_keeps_what_was() {
    let dir = tempfile::tempdir().expect("a file of the test");
    let chunk = &CHUNKS[1];
    let path = dir.path().join(chunk.name);
    fs::write(&path, chunk.bytes()).expect("a file of the test");
    let elkfs = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_elkfs"));
        command.arg("chunk").args(arguments).arg(&path).output().expect("a file of the test")
    };
    let check = elkfs(&["check", "--json"]);
    assert_eq!(check.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&check.stdout).expect("a file of the test");
    assert_eq!((&report["checked"], &report["bad"]), (&1.into(), &1.into()));
    assert_eq!(report["files"][0]["findings"].as_array().expect("a file of the test").len(), 2);
    // Not without the flag that says what it does.
    assert_eq!(elkfs(&["repair"]).status.code(), Some(2));
    assert_eq!(fs::read(&path).expect("a file of the test"), chunk.bytes());
    assert!(elkfs(&["repair", "--trust-the-data"]).status.success());
    assert_eq!(
        fs::read(path.with_file_name(format!("{}.before-repair", chunk.name))).expect("a file of the test"),
        chunk.bytes()
    );
    assert!(elkfs(&["check"]).status.success());
}

#[test]
fn folders_are_looked_into() {
    let dir = tempfile::tempdir().expect("a file of the test");
    for (folder, chunk) in [("00", &CHUNKS[0]), ("FF", &CHUNKS[1]), (".elkfs_aside", &CHUNKS[2])] {
        fs::create_dir_all(dir.path().join(folder)).expect("a file of the test");
        fs::write(dir.path().join(folder).join(chunk.name), chunk.bytes()).expect("a file of the test");
    }
    fs::write(dir.path().join("00/no chunk"), "x").expect("a file of the test");
    let output = Command::new(env!("CARGO_BIN_EXE_elkfs"))
        .args(["chunk", "check"])
        .arg(dir.path())
        .output()
        .expect("a file of the test");
    let text = String::from_utf8(output.stdout).expect("a file of the test");
    assert!(text.ends_with("2 files checked, 1 with something wrong\n"), "{text}");
}
