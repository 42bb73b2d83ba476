//! One thread of the recorder: its directory, and what must be in it.

use crate::tree::Random;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Names in use at the same time, at most.
const NAMES: u64 = 150;

/// What a name must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Node {
    /// Parts of random data, each from a seed and with a length.
    File {
        parts: Vec<(u64, usize)>,
        mode: u32,
    },
    Dir,
    Symlink(String),
}

/// One worker's state.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Worker {
    home: PathBuf,
    random: Random,
    nodes: BTreeMap<String, Node>,
    /// Names whose operation failed: whether it took effect is unknown, they are not touched any more.
    unknown: BTreeSet<String>,
    failures: Vec<String>,
}

/// An operation and what it makes of the names.
enum Op {
    Set(String, Node),
    Append(String, u64, usize),
    Chmod(String, u32),
    Remove(String),
    Rename(String, String),
}

impl Worker {
    pub(super) fn new(home: PathBuf, seed: u64) -> Worker {
        let random = Random(seed);
        Worker { home, random, nodes: BTreeMap::new(), unknown: BTreeSet::new(), failures: Vec::new() }
    }

    pub(super) fn name(&self) -> &Path {
        self.home.file_name().map(Path::new).unwrap_or(&self.home)
    }

    pub(super) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Does one operation; true if it was acknowledged.
    pub(super) fn step(&mut self) -> bool {
        let Some(op) = self.choose() else { return false };
        match self.perform(&op) {
            Ok(()) => {
                self.keep(op);
                true
            }
            Err((what, error)) => {
                self.failures.push(format!("{what}: {error}"));
                self.forget(op);
                false
            }
        }
    }

    /// The next operation; none if the chosen name is of unknown state.
    fn choose(&mut self) -> Option<Op> {
        let name = self.random_name();
        if self.unknown.contains(&name) {
            return None;
        }
        let seed = self.random.next();
        let length = self.random.below(100_000) as usize;
        Some(match (self.nodes.get(&name).cloned(), self.random.below(6)) {
            (None, 0) => Op::Set(name, Node::Dir),
            (None, 1) => Op::Set(name, Node::Symlink(format!("target-{seed}"))),
            (None, _) => Op::Set(name, Node::File { parts: vec![(seed, length)], mode: 0o600 }),
            (Some(_), 0) => Op::Remove(name),
            (Some(Node::File { .. }), 1) => Op::Append(name, seed, length),
            (Some(Node::File { .. }), 2) => Op::Chmod(name, 0o600 | (seed as u32 & 0o077)),
            (Some(Node::File { .. }), 3) => {
                Op::Set(name, Node::File { parts: vec![(seed, length)], mode: 0 })
            }
            (Some(_), _) => {
                let new = self.random_name();
                if self.nodes.contains_key(&new) || self.unknown.contains(&new) {
                    return Some(Op::Remove(name));
                }
                Op::Rename(name, new)
            }
        })
    }

    fn random_name(&mut self) -> String {
        format!("n{}", self.random.below(NAMES))
    }

    fn perform(&self, op: &Op) -> Result<(), (String, io::Error)> {
        let path = |name: &str| self.home.join(name);
        let at = |what: &str, name: &str| {
            let what = format!("{what} {}", self.home.join(name).display());
            move |error| (what, error)
        };
        match op {
            Op::Set(name, Node::Dir) => fs::create_dir(path(name)).map_err(at("mkdir", name)),
            Op::Set(name, Node::Symlink(target)) => symlink(target, path(name)).map_err(at("symlink", name)),
            Op::Set(name, Node::File { parts, .. }) => {
                let mut options = OpenOptions::new();
                // A new name must be new: a file that has come back would be found here.
                match self.nodes.contains_key(name) {
                    true => options.write(true).truncate(true),
                    false => options.write(true).create_new(true).mode(0o600),
                };
                let write = options.open(path(name)).and_then(|file| write_parts(file, parts));
                write.map_err(at("write", name))
            }
            Op::Append(name, seed, length) => {
                let file = OpenOptions::new().append(true).open(path(name));
                let write = file.and_then(|file| write_parts(file, &[(*seed, *length)]));
                write.map_err(at("append to", name))
            }
            Op::Chmod(name, mode) => {
                fs::set_permissions(path(name), Permissions::from_mode(*mode)).map_err(at("chmod", name))
            }
            Op::Remove(name) => match self.nodes.get(name) {
                Some(Node::Dir) => fs::remove_dir(path(name)).map_err(at("rmdir", name)),
                _ => fs::remove_file(path(name)).map_err(at("unlink", name)),
            },
            Op::Rename(from, to) => fs::rename(path(from), path(to)).map_err(at("rename", from)),
        }
    }

    /// The operation was acknowledged: from now on its effect is demanded.
    fn keep(&mut self, op: Op) {
        match op {
            Op::Set(name, mut node) => {
                if let (Node::File { mode, .. }, Some(Node::File { mode: old, .. })) =
                    (&mut node, self.nodes.get(&name))
                {
                    *mode = *old;
                }
                self.nodes.insert(name, node);
            }
            Op::Append(name, seed, length) => {
                if let Some(Node::File { parts, .. }) = self.nodes.get_mut(&name) {
                    parts.push((seed, length));
                }
            }
            Op::Chmod(name, new) => {
                if let Some(Node::File { mode, .. }) = self.nodes.get_mut(&name) {
                    *mode = new;
                }
            }
            Op::Remove(name) => {
                self.nodes.remove(&name);
            }
            Op::Rename(from, to) => {
                if let Some(node) = self.nodes.remove(&from) {
                    self.nodes.insert(to, node);
                }
            }
        }
    }

    fn forget(&mut self, op: Op) {
        let names = match op {
            Op::Rename(from, to) => vec![from, to],
            Op::Set(name, _) | Op::Append(name, ..) | Op::Chmod(name, _) | Op::Remove(name) => vec![name],
        };
        for name in names {
            self.nodes.remove(&name);
            self.unknown.insert(name);
        }
    }

    /// Compares the directory `home` with what was acknowledged.
    pub(super) fn verify(&self, home: &Path) -> Result<()> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(home).with_context(|| format!("list {}", home.display()))? {
            let entry = entry.with_context(|| format!("list {}", home.display()))?;
            found.insert(entry.file_name().to_string_lossy().into_owned());
        }
        let want: BTreeSet<_> = self.nodes.keys().cloned().collect();
        let missing: Vec<_> = want.difference(&found).collect();
        ensure!(missing.is_empty(), "{}: acknowledged but missing: {missing:?}", home.display());
        let extra: Vec<_> = found.difference(&want).filter(|name| !self.unknown.contains(*name)).collect();
        ensure!(extra.is_empty(), "{}: removed but there: {extra:?}", home.display());
        for (name, node) in &self.nodes {
            let path = home.join(name);
            verify_node(&path, node).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

fn data_of(parts: &[(u64, usize)]) -> Vec<u8> {
    let mut data = Vec::new();
    for (seed, length) in parts {
        let start = data.len();
        data.resize(start + length, 0);
        Random(*seed).fill(&mut data[start..]);
    }
    data
}

/// Writes and syncs; an acknowledgement is fsync's.
fn write_parts(mut file: File, parts: &[(u64, usize)]) -> io::Result<()> {
    file.write_all(&data_of(parts))?;
    file.sync_all()
}

fn verify_node(path: &Path, node: &Node) -> Result<()> {
    let metadata = fs::symlink_metadata(path).context("stat")?;
    match node {
        Node::Dir => ensure!(metadata.is_dir(), "not a directory"),
        Node::Symlink(target) => {
            ensure!(fs::read_link(path).context("readlink")? == Path::new(target), "another target");
        }
        Node::File { parts, mode } => {
            let want = data_of(parts);
            ensure!(metadata.is_file(), "not a file");
            ensure!(metadata.mode() & 0o7777 == *mode, "mode {:o} instead of {mode:o}", metadata.mode());
            ensure!(
                metadata.len() == want.len() as u64,
                "{} bytes instead of {}",
                metadata.len(),
                want.len()
            );
            let data = fs::read(path).context("read")?;
            let bad = data.iter().zip(&want).position(|(got, want)| got != want);
            ensure!(bad.is_none(), "wrong data at offset {}", bad.unwrap_or_default());
        }
    }
    Ok(())
}
