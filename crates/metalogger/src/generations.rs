//! Downloaded images: `metadata_ml.mfs.back` and its older generations (`spec/metalogger.md` 9).

use crate::own_files::set_aside;
use crate::verify::probe_file;
use ondisk::image::Header;
use std::io;
use std::path::{Path, PathBuf};

const NAME: &str = "metadata_ml.mfs.back";

/// The newest image that is held, if it is valid.
pub(crate) fn newest(dir: &Path) -> Option<Header> {
    probe_file(&dir.join(NAME)).ok()
}

/// Puts a checked image in place as the newest generation. Older ones move up; those beyond `keep` are deleted.
///
/// Images that do not belong to the master's history (another id, or a higher version than it has) are set aside,
/// because a recovery takes the highest version it finds. True if there were any of another id.
pub(crate) fn install(dir: &Path, checked: &Path, header: Header, keep: u32) -> io::Result<bool> {
    let mut foreign = false;
    let mut kept = Vec::new();
    for (number, file) in existing(dir)? {
        match probe_file(&file) {
            Ok(old) if old.id != 0 && header.id != 0 && old.id != header.id => {
                foreign = true;
                set_aside(&file)?;
            }
            Ok(old) if old.version > header.version => set_aside(&file)?,
            _ => kept.push((number, file)),
        }
    }
    // From the oldest: each name is free when it is needed.
    for (number, file) in kept.into_iter().rev() {
        if number >= keep {
            std::fs::remove_file(file)?;
        } else {
            std::fs::rename(file, dir.join(name(number + 1)))?;
        }
    }
    std::fs::rename(checked, dir.join(NAME))?;
    // The renames themselves must survive a crash.
    std::fs::File::open(dir)?.sync_all()?;
    Ok(foreign)
}

/// `metadata_ml.mfs.back`, then `.1`, `.2`, …
fn name(number: u32) -> String {
    if number == 0 { NAME.into() } else { format!("{NAME}.{number}") }
}

fn existing(dir: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some(rest) = file_name.to_str().and_then(|name| name.strip_prefix(NAME)) else { continue };
        let number =
            if rest.is_empty() { Some(0) } else { rest.strip_prefix('.').and_then(|n| n.parse().ok()) };
        if let Some(number) = number {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
