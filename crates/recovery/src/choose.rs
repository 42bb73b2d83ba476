//! Which image to start from (`spec/metadata-format.md` 11).

use crate::images::{BACK, CURRENT, TMP};
use crate::storage::Storage;
use anyhow::{Context, Result, bail};
use std::io;

/// An image that has a whole frame: signature and ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// File name.
    pub name: String,
    /// The number of the next change; 1 for the empty file system.
    pub version: u64,
    /// Which file system; 0 is none yet.
    pub id: u64,
}

const EMPTY: &[u8] = b"MFSM NEW";
const MARKER: &[u8; 16] = b"[MFS EOF MARKER]";

/// Looks at both ends of a file. The error says what is wrong in stock's words.
pub fn inspect(storage: &dyn Storage, name: &str) -> Result<Candidate, String> {
    let file = storage.open_at(name).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => format!("can't find {name}"),
        _ => format!("error reading {name}: {e}"),
    })?;
    let size = file.size().map_err(|e| format!("error reading {name}: {e}"))?;
    let read = |offset, buf: &mut [u8]| {
        file.read_exact_at(buf, offset).map_err(|e| format!("error reading {name}: {e}"))
    };
    let mut signature = [0; 8];
    if size < 8 {
        return Err(format!("{name} has wrong header: it is {size} bytes long"));
    }
    read(0, &mut signature)?;
    if signature == EMPTY {
        return Ok(Candidate { name: name.into(), version: 1, id: 0 });
    }
    let known = signature.starts_with(b"MFSM ") && signature[6] == b'.';
    if !known || size < 40 {
        return Err(format!("{name} has wrong header"));
    }
    let mut head = [0; 16];
    read(8, &mut head)?;
    let mut tail = [0; 16];
    read(size - 16, &mut tail)?;
    if tail != *MARKER {
        return Err(format!("{name} has wrong ending: it is half-written or was cut"));
    }
    let number = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
    Ok(Candidate { name: name.into(), version: number(&head[..8]), id: number(&head[8..]) })
}

/// Without `-a`: the image of a clean stop; after a crash the last one of the running master.
pub fn usual(storage: &dyn Storage) -> Result<Candidate> {
    const HINT: &str = "try using option '-a'";
    if !storage.exists(CURRENT) {
        let Ok(back) = inspect(storage, BACK) else {
            bail!(
                "can't find {} - {HINT}; for a new file system copy metadata.mfs.empty to it",
                storage.describe(CURRENT)
            );
        };
        refuse_newer(storage, &back)?;
        return Ok(back);
    }
    let current = inspect(storage, CURRENT).map_err(|why| anyhow::anyhow!("{why} - {HINT}"))?;
    refuse_newer(storage, &current)?;
    Ok(current)
}

/// An image that is older than another one beside it was put there by mistake: starting from it would throw away
/// what came after.
fn refuse_newer(storage: &dyn Storage, chosen: &Candidate) -> Result<()> {
    for name in [BACK, "metadata_ml.mfs.back"] {
        let Ok(other) = inspect(storage, name) else { continue };
        let foreign = chosen.id != 0 && other.id != 0 && chosen.id != other.id;
        if other.version > chosen.version || foreign {
            bail!(
                "{name} (version {}, id {:016X}) is newer than {} (version {}, id {:016X}) or of another file system - \
                 please check it manually - try using option '-a' to start from the newest",
                other.version,
                other.id,
                chosen.name,
                chosen.version,
                chosen.id
            );
        }
    }
    Ok(())
}

/// With `-a`: all valid images in the directory, and emergency copies of the same file system elsewhere, the newest
/// first. An error when they are of different file systems.
pub fn candidates(storage: &dyn Storage, ignore_ids: bool) -> Result<Vec<Candidate>> {
    let names = storage.list().with_context(|| format!("can't list {}", storage.describe(".")))?;
    let names = names
        .into_iter()
        .filter(|n| n.starts_with("metadata") && n.len() > 8 && n != TMP && n != "metadata.mfs.empty");
    let mut found: Vec<Candidate> = names.filter_map(|n| inspect(storage, &n).ok()).collect();
    let id = found.iter().map(|c| c.id).find(|id| *id != 0).unwrap_or(0);
    if !ignore_ids && found.iter().any(|c| c.id != 0 && c.id != id) {
        let list: Vec<String> =
            found.iter().map(|c| format!("{} (version {}, id {:016X})", c.name, c.version, c.id)).collect();
        bail!(
            "found metadata files of different file systems - cleanup your working directory or use '-i': {}",
            list.join(", ")
        );
    }
    if id != 0 {
        let elsewhere = storage.emergency_copies().into_iter().filter_map(|n| inspect(storage, &n).ok());
        found.extend(elsewhere.filter(|c| c.id == id));
    }
    // Among equals the first by name, as listed.
    found.sort_by_key(|c| std::cmp::Reverse(c.version));
    if found.is_empty() {
        bail!("can't find valid metadata file in {}", storage.describe("."));
    }
    Ok(found)
}
