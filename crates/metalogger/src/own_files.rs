//! Names and ends of the metalogger's files.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Longest line that is believed to be one; a record of the master has at most about 100 kB.
const MAX_LINE: u64 = 1 << 20;

/// `changelog_ml.N.mfs`.
pub(crate) fn log_name(number: u32) -> String {
    format!("changelog_ml.{number}.mfs")
}

/// `changelog_ml_back.N.mfs`.
pub(crate) fn back_name(number: u32) -> String {
    format!("changelog_ml_back.{number}.mfs")
}

/// True when the changelogs in `dir`, live and downloaded, have every change from `first` to `last`. (An image that is
/// newer than `last` needs none.)
pub(crate) fn covers(dir: &Path, first: u64, last: u64) -> io::Result<bool> {
    let mut ranges = Vec::new();
    for prefix in ["changelog_ml.", "changelog_ml_back."] {
        for (_, file) in numbered(dir, prefix)? {
            if let (Some(from), Some(to)) = (first_change(&file)?, last_change(&file)?) {
                ranges.push((from, to));
            }
        }
    }
    ranges.sort_unstable();
    let mut next = first;
    for (from, to) in ranges {
        if from <= next && next <= to {
            next = to + 1;
        }
    }
    Ok(next > last)
}

/// Existing files `PREFIX N .mfs`, lowest number (newest) first.
pub(crate) fn numbered(dir: &Path, prefix: &str) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_prefix(prefix)?.strip_suffix(".mfs")?.parse().ok());
        if let Some(number) = number {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Renames a file so that no recovery looks at it. An older one of that name is replaced.
pub(crate) fn set_aside(file: &Path) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let aside = file.with_file_name(format!("diverged_{name}"));
    tracing::warn!("{} tells another history than the master; kept as {}", file.display(), aside.display());
    std::fs::rename(file, aside)
}

/// Cuts a file behind its last newline. A recovery skips a file without one at its end completely.
pub(crate) fn trim_partial_line(path: &Path) -> io::Result<()> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let len = file.metadata()?.len();
    let whole = end_of_last_line(&file, len)?;
    if whole < len {
        tracing::warn!("{}: {} bytes of an incomplete line at its end removed", path.display(), len - whole);
        file.set_len(whole)?;
        file.sync_all()?;
    }
    Ok(())
}

/// The offset behind the last newline among the first `len` bytes.
fn end_of_last_line(file: &File, len: u64) -> io::Result<u64> {
    let mut end = len;
    let mut buffer = [0; 4096];
    while end > 0 {
        let start = end.saturating_sub(buffer.len() as u64);
        let part = &mut buffer[..(end - start) as usize];
        file.read_exact_at(part, start)?;
        if let Some(at) = part.iter().rposition(|&b| b == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// The number of the last change in a changelog, if it ends with a whole line that is one.
pub(crate) fn last_change(path: &Path) -> io::Result<Option<u64>> {
    let Some(file) = open(path)? else { return Ok(None) };
    let len = file.metadata()?.len();
    let end = end_of_last_line(&file, len)?;
    let start = if end == 0 { 0 } else { end_of_last_line(&file, end - 1)? };
    let mut head = vec![0; usize::try_from((end - start).min(24)).unwrap_or(24)];
    file.read_exact_at(&mut head, start)?;
    Ok(number(&head))
}

/// The number of the first change in a changelog.
pub(crate) fn first_change(path: &Path) -> io::Result<Option<u64>> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut line = Vec::new();
    io::Read::take(BufReader::new(file), MAX_LINE).read_until(b'\n', &mut line)?;
    Ok(number(&line))
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// `NUMBER: …`.
fn number(line: &[u8]) -> Option<u64> {
    let digits = &line[..line.iter().position(|&b| b == b':')?];
    str::from_utf8(digits).ok()?.parse().ok()
}
