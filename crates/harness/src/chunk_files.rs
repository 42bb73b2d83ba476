//! Chunk files as they lie on disks (`spec/wire-chunkserver.md` 4.3), read past every server: whether a copy is good, and
//! whether copies are the same.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const BLOCK: usize = 65536;
/// Checksums of 1024 blocks.
const TABLE: usize = 4096;

/// One copy of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkFile {
    /// Its number.
    pub id: u64,
    /// The version in its name.
    pub version: u32,
    /// Where it is.
    pub path: PathBuf,
}

/// Parts of a chunk's file that are looked at when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Signature, number and version.
    Header,
    /// Checksums of the blocks that are there.
    Checksums,
    /// The blocks.
    Data,
}

impl ChunkFile {
    /// All copies on a disk. Files that come and go meanwhile may be missing.
    pub fn list(disk: &Path) -> Result<Vec<ChunkFile>> {
        let mut found = Vec::new();
        // Folders 00 to FF; others hold what is kept aside.
        let is_folder = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.len() == 2 && u8::from_str_radix(&name, 16).is_ok()
        };
        for folder in entries(disk)?.into_iter().filter(is_folder) {
            found.extend(entries(&folder)?.into_iter().filter_map(ChunkFile::named));
        }
        Ok(found)
    }

    /// `chunk_IIIIIIIIIIIIIIII_VVVVVVVV.mfs`
    fn named(path: PathBuf) -> Option<ChunkFile> {
        let name = path.file_name()?.to_str()?;
        let (id, version) = name.strip_prefix("chunk_")?.strip_suffix(".mfs")?.split_once('_')?;
        let (id, version) = (u64::from_str_radix(id, 16).ok()?, u32::from_str_radix(version, 16).ok()?);
        Some(ChunkFile { id, version, path })
    }

    /// Its blocks, after header and checksums were found right.
    pub fn blocks(&self) -> Result<Vec<u8>> {
        self.parse().with_context(|| self.path.display().to_string())
    }

    fn parse(&self) -> Result<Vec<u8>> {
        let file = fs::read(&self.path).context("read")?;
        let header = header_size(file.len() as u64)?;
        ensure!(file.starts_with(b"MFSC 1."), "no signature");
        ensure!(file[8..16] == self.id.to_be_bytes(), "the header names another chunk");
        ensure!(file[16..20] == self.version.to_be_bytes(), "the header has another version");
        let (table, data) = file[header..].split_at(TABLE);
        for (n, (block, sum)) in data.chunks_exact(BLOCK).zip(table.chunks_exact(4)).enumerate() {
            ensure!(crc32fast::hash(block).to_be_bytes() == sum, "block {n} does not fit its checksum");
        }
        Ok(data.to_vec())
    }

    /// Turns one bit over, the `random`-th of the part's.
    pub fn flip(&self, part: Part, random: u64) -> Result<()> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path).context("open a chunk")?;
        let size = file.metadata().context("ask for a chunk's size")?.len();
        let header = header_size(size)? as u64;
        let blocks = (size - header - TABLE as u64) / BLOCK as u64;
        let (from, length) = match part {
            Part::Header => (0, 20),
            Part::Checksums => (header, 4 * blocks),
            Part::Data => (header + TABLE as u64, blocks * BLOCK as u64),
        };
        ensure!(length > 0, "an empty chunk");
        let at = from + random / 8 % length;
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).context("read a byte")?;
        byte[0] ^= 1 << (random % 8);
        file.write_all_at(&byte, at).context("write a byte")
    }
}

fn header_size(size: u64) -> Result<usize> {
    let header = size.wrapping_sub(TABLE as u64) & 0xFFFF;
    ensure!(size >= 1024 + TABLE as u64 && (header == 1024 || header == 4096), "a file of {size} bytes");
    Ok(header as usize)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let list =
        fs::read_dir(dir).and_then(|list| list.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>());
    list.with_context(|| format!("list {}", dir.display()))
}

/// Good copies of a chunk in its newest version, by the place (in `disks`) of what they are on. Copies that are damaged or
/// of another version are told apart.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Copies {
    /// The newest version that some good copy has.
    pub version: u32,
    /// Which of the disks have it.
    pub good: Vec<usize>,
    /// What is wrong with others, in words.
    pub bad: Vec<String>,
    /// What good copies hold differs.
    pub differ: bool,
}

/// Reads everything on all disks, with nobody at work.
pub fn survey(disks: &[PathBuf]) -> Result<BTreeMap<u64, Copies>> {
    let mut all: BTreeMap<u64, (Copies, Option<Vec<u8>>)> = BTreeMap::new();
    for (n, disk) in disks.iter().enumerate() {
        for file in ChunkFile::list(disk)? {
            let (copies, first) = all.entry(file.id).or_default();
            match file.blocks() {
                Err(error) => copies.bad.push(format!("{error:#}")),
                Ok(_) if file.version < copies.version => {
                    copies.bad.push(format!("{}: an old version", file.path.display()));
                }
                Ok(data) => {
                    if file.version > copies.version {
                        let old =
                            copies.good.drain(..).map(|n| format!("{}: an old version", disks[n].display()));
                        copies.bad.extend(old);
                        (copies.version, copies.differ) = (file.version, false);
                        *first = None;
                    }
                    let first = first.get_or_insert_with(|| data.clone());
                    copies.differ |= !same(first, &data);
                    copies.good.push(n);
                }
            }
        }
    }
    Ok(all.into_iter().map(|(id, (copies, _))| (id, copies)).collect())
}

/// What is beyond the end of a copy is zeros.
fn same(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.starts_with(short) && long[short.len()..].iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(dir: &Path, id: u64, version: u32, data: &[u8]) -> ChunkFile {
        let mut file = b"MFSC 1.0".to_vec();
        file.extend(id.to_be_bytes());
        file.extend(version.to_be_bytes());
        file.resize(4096, 0);
        file.extend(data.chunks(BLOCK).flat_map(|block| crc32fast::hash(block).to_be_bytes()));
        file.resize(4096 + TABLE, 0);
        file.extend(data);
        let path = dir.join(format!("00/chunk_{id:016X}_{version:08X}.mfs"));
        fs::create_dir_all(dir.join("00")).unwrap();
        fs::write(&path, file).unwrap();
        ChunkFile { id, version, path }
    }

    #[test]
    fn every_flipped_bit_that_matters_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let file = chunk(dir.path(), 0xAB, 3, &vec![7; 3 * BLOCK]);
        assert_eq!(ChunkFile::list(dir.path()).unwrap(), std::slice::from_ref(&file));
        assert_eq!(file.blocks().unwrap(), vec![7; 3 * BLOCK]);
        for (part, random) in
            [(Part::Header, 8 * 9), (Part::Checksums, 95), (Part::Data, 8 * 3 * BLOCK as u64 - 1)]
        {
            file.flip(part, random).unwrap();
            assert!(file.blocks().is_err(), "{part:?}");
            file.flip(part, random).unwrap();
            assert!(file.blocks().is_ok(), "{part:?}");
        }
    }

    #[test]
    fn a_survey_tells_good_bad_old_and_different_copies() {
        let dir = tempfile::tempdir().unwrap();
        let disks: Vec<PathBuf> = (0..4).map(|n| dir.path().join(n.to_string())).collect();
        for (n, disk) in disks.iter().enumerate() {
            chunk(disk, 1, 1 + u32::from(n > 0), &vec![1; BLOCK]);
            chunk(disk, 2, 1, &vec![n as u8 / 3; BLOCK]);
        }
        chunk(&disks[3], 1, 2, &vec![1; BLOCK]).flip(Part::Data, 99).unwrap();
        // One that is longer by zeros is the same.
        chunk(&disks[2], 1, 2, &[vec![1; BLOCK], vec![0; BLOCK]].concat());
        let found = survey(&disks).unwrap();
        assert_eq!((found[&1].version, &found[&1].good[..], found[&1].bad.len()), (2, &[1, 2][..], 2));
        assert!(!found[&1].differ && found[&2].differ);
    }
}
