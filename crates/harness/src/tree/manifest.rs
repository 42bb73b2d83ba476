//! A tree as a list: what must be equal in a copy, beside names and data.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// What a copy keeps of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Type and permissions, as in `st_mode`.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u32, u32),
    /// Bytes of a regular file; the target's length of a symbolic link; 0 of all else.
    pub length: u64,
    /// Seconds of the modification time; 0 for sockets and FIFOs, whose times the generator leaves alone.
    pub mtime: i64,
    /// Names of a regular file.
    pub links: u64,
    /// Where a symbolic link points.
    pub target: Option<PathBuf>,
    /// CRC-32 of a regular file's data.
    pub crc: Option<u32>,
}

/// Every entry below `root`, by path relative to it, `root` itself as the empty path.
pub fn manifest(root: &Path) -> Result<BTreeMap<PathBuf, Entry>> {
    let mut entries = BTreeMap::new();
    let mut todo = vec![root.to_owned()];
    while let Some(path) = todo.pop() {
        let entry = entry(&path).with_context(|| format!("look at {}", path.display()))?;
        if fs::symlink_metadata(&path)?.is_dir() {
            for child in fs::read_dir(&path).with_context(|| format!("list {}", path.display()))? {
                todo.push(child.with_context(|| format!("list {}", path.display()))?.path());
            }
        }
        entries.insert(path.strip_prefix(root).unwrap_or(&path).to_owned(), entry);
    }
    Ok(entries)
}

fn entry(path: &Path) -> Result<Entry> {
    let metadata = fs::symlink_metadata(path).context("stat")?;
    let kind = metadata.file_type();
    let timed = !(kind.is_fifo() || kind.is_socket());
    Ok(Entry {
        mode: metadata.mode(),
        owner: (metadata.uid(), metadata.gid()),
        length: if kind.is_file() || kind.is_symlink() { metadata.len() } else { 0 },
        mtime: if timed { metadata.mtime() } else { 0 },
        links: if kind.is_file() { metadata.nlink() } else { 0 },
        target: kind.is_symlink().then(|| fs::read_link(path)).transpose().context("readlink")?,
        crc: kind.is_file().then(|| crc(path)).transpose()?,
    })
}

fn crc(path: &Path) -> Result<u32> {
    use std::io::Read;
    let mut file = fs::File::open(path).context("open")?;
    let mut data = vec![0; 256 << 10];
    let mut hasher = crc32fast::Hasher::new();
    loop {
        match file.read(&mut data).context("read")? {
            0 => return Ok(hasher.finalize()),
            length => hasher.update(&data[..length]),
        }
    }
}
