//! Changelog files merged into one stream of lines (`spec/metadata-format.md` 13).

use crate::storage::Storage;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use thiserror::Error;

/// Within one file a line's number may be at most this much above the one before it.
const MAX_STEP: u64 = 10_000;

/// Lines that were lost with one torn write are of this many seconds at most: the kernel writes within 30.
const LONGEST_WRITE: u32 = 120;

/// Where the last line begins, bytes before the end of the file: a line has 200,000 at most.
const LONGEST_TAIL: u64 = 1 << 18;

/// One changelog file, read whole.
pub struct LogBytes {
    /// Its name, for messages.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl LogBytes {
    /// The number of the first line.
    pub fn first(&self) -> Option<u64> {
        line_at(&self.bytes, 0).and_then(|line| number_of(line.0))
    }

    /// The number of the last whole line.
    pub fn last(&self) -> Option<u64> {
        let whole = &self.bytes[..self.whole_len()];
        let start = whole.len().checked_sub(1).map(|end| newline_before(whole, end))?;
        number_of(&whole[start..])
    }

    /// Bytes up to the end of the last whole line. More than that was being written when the machine or the process
    /// died; nobody was told that it had happened. Of several sectors written at once a power cut may leave any, and
    /// zeros in place of the others: no line has a zero byte, so the first one is where the torn write begins.
    pub fn whole_len(&self) -> usize {
        let solid = self.bytes.iter().position(|b| *b == 0).unwrap_or(self.bytes.len());
        newline_before(&self.bytes, solid)
    }

    /// Leaves out what is behind [`LogBytes::whole_len`]; returns how many bytes that was. If changes are there that
    /// were made over a longer time than any one write, it is no torn write but a damaged file: an error.
    pub fn leave_out_torn(&mut self) -> Result<usize, MergeError> {
        let whole = self.whole_len();
        let tail = &self.bytes[whole..];
        let times =
            tail.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n")).filter_map(time_of);
        let (first, last) = times.fold((u32::MAX, 0), |(first, last), t| (first.min(t), last.max(t)));
        if last.saturating_sub(first) > LONGEST_WRITE {
            return Err(MergeError::Garbage { file: self.name.clone(), after: self.last().unwrap_or(0) });
        }
        let torn = tail.len();
        self.bytes.truncate(whole);
        Ok(torn)
    }
}

/// The time stamp of a line, Unix seconds.
fn time_of(line: &[u8]) -> Option<u32> {
    number_of(line)?;
    let from = line.iter().position(|b| *b == b' ')? + 1;
    let len = line[from..].iter().position(|b| *b == b'|')?;
    std::str::from_utf8(&line[from..from + len]).ok()?.parse().ok()
}

/// The number of the last whole line of a changelog; none when there is none, or the file cannot be read.
pub fn last_change(storage: &dyn Storage, name: &str) -> Option<u64> {
    let file = storage.open_at(name).ok()?;
    let size = file.size().ok()?;
    let len = size.min(LONGEST_TAIL);
    let mut bytes = vec![0; usize::try_from(len).ok()?];
    file.read_exact_at(&mut bytes, size - len).ok()?;
    LogBytes { name: name.into(), bytes }.last()
}

/// Where the line that ends before `end` starts: just behind the newline before it.
fn newline_before(bytes: &[u8], end: usize) -> usize {
    bytes[..end].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1)
}

/// The line at an offset without its newline, and the offset of the next one; `None` without a newline.
fn line_at(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let len = bytes.get(at..)?.iter().position(|b| *b == b'\n')?;
    Some((&bytes[at..at + len], at + len + 1))
}

fn number_of(line: &[u8]) -> Option<u64> {
    let digits = line.iter().position(|b| *b == b':')?;
    std::str::from_utf8(&line[..digits]).ok()?.parse().ok()
}

/// Why the stream cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// Numbers are missing between two lines.
    #[error(
        "hole in change files: changes {from} to {to} are missing (before {file}); look for them in the changelogs of \
         the metaloggers and of the old master, and copy those files here"
    )]
    Hole {
        /// The first number missing.
        from: u64,
        /// The last number missing.
        to: u64,
        /// The file of the line behind the hole.
        file: String,
    },
    /// A line in the middle of a file is no line.
    #[error("{file}: found garbage behind change {after}; the lines behind it cannot be used")]
    Garbage {
        /// The file.
        file: String,
        /// The last good number.
        after: u64,
    },
}

/// Lines from all files in the order of their numbers, each number once, from `version` on.
pub struct Merge<'a> {
    logs: &'a [LogBytes],
    /// Next line of each file: number, file, start.
    heads: BinaryHeap<Reverse<(u64, usize, usize)>>,
    next: u64,
    garbage: Option<MergeError>,
}

/// A line of the stream.
#[derive(Debug, PartialEq, Eq)]
pub struct MergedLine<'a> {
    /// Its number.
    pub version: u64,
    /// The whole line without newline.
    pub text: &'a [u8],
    /// Which file it is from.
    pub file: &'a str,
}

impl<'a> Merge<'a> {
    /// Starts with the first line numbered `version` or higher.
    pub fn new(logs: &'a [LogBytes], version: u64) -> Self {
        let mut merge = Merge { logs, heads: BinaryHeap::new(), next: version, garbage: None };
        for (file, log) in logs.iter().enumerate() {
            if let Some(first) = log.first() {
                merge.heads.push(Reverse((first, file, 0)));
            }
        }
        merge
    }

    /// The next line; `None` when all files are used up.
    pub fn next_line(&mut self) -> Result<Option<MergedLine<'a>>, MergeError> {
        while let Some(Reverse((version, file, at))) = self.heads.pop() {
            let log = &self.logs[file];
            let Some((text, after)) = line_at(&log.bytes, at) else { continue };
            self.push_next(file, version, after);
            if version < self.next {
                continue;
            }
            if version > self.next {
                let hole = MergeError::Hole { from: self.next, to: version - 1, file: log.name.clone() };
                return Err(self.garbage.take().unwrap_or(hole));
            }
            self.next += 1;
            return Ok(Some(MergedLine { version, text, file: &log.name }));
        }
        match self.garbage.take() {
            Some(garbage) => Err(garbage),
            None => Ok(None),
        }
    }

    fn push_next(&mut self, file: usize, version: u64, at: usize) {
        let log = &self.logs[file];
        let Some((line, _)) = line_at(&log.bytes, at) else { return };
        match number_of(line) {
            Some(next) if next > version && next - version < MAX_STEP => {
                self.heads.push(Reverse((next, file, at)))
            }
            _ => {
                tracing::warn!("{}: found garbage at the end of file (last correct id: {version})", log.name);
                self.garbage.get_or_insert(MergeError::Garbage { file: log.name.clone(), after: version });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str, text: &str) -> LogBytes {
        LogBytes { name: name.into(), bytes: text.as_bytes().to_vec() }
    }

    fn numbers(logs: &[LogBytes], from: u64) -> Result<Vec<u64>, MergeError> {
        let mut merge = Merge::new(logs, from);
        let mut all = Vec::new();
        while let Some(line) = merge.next_line()? {
            all.push(line.version);
        }
        Ok(all)
    }

    #[test]
    fn several_files_overlap_and_old_lines_are_skipped() {
        let logs =
            [log("b", "7: x\n8: x\n9: x\n"), log("a", "3: x\n4: x\n5: x\n6: x\n7: x\n"), log("empty", "")];
        assert_eq!(numbers(&logs, 5), Ok(vec![5, 6, 7, 8, 9]));
        assert_eq!(numbers(&logs, 10), Ok(vec![]));
        assert_eq!((logs[0].first(), logs[0].last()), (Some(7), Some(9)));
        assert_eq!((logs[2].first(), logs[2].last()), (None, None));
    }

    #[test]
    fn a_hole_is_named() {
        let logs = [log("a", "3: x\n4: x\n"), log("b", "8: x\n")];
        let hole = MergeError::Hole { from: 5, to: 7, file: "b".into() };
        assert_eq!(numbers(&logs, 3), Err(hole.clone()));
        assert!(hole.to_string().contains("changes 5 to 7 are missing"));
        assert_eq!(numbers(&logs, 2), Err(MergeError::Hole { from: 2, to: 2, file: "a".into() }));
    }

    #[test]
    fn sectors_that_a_power_cut_left_out_end_a_file_but_a_long_time_behind_them_does_not() {
        let left_out = |text: &str| {
            let mut log = log("a", text);
            log.leave_out_torn().map(|torn| (log.last(), torn))
        };
        assert_eq!(left_out("3: 100|x\n4: 100|y\0\0\0\0|z\n7: 101|x\n"), Ok((Some(3), 24)));
        assert_eq!(left_out("3: 100|x\n4: 1"), Ok((Some(3), 4)));
        let damaged = MergeError::Garbage { file: "a".into(), after: 3 };
        assert_eq!(left_out("3: 100|x\n\0\0\n5: 101|x\n6: 3000|x\n"), Err(damaged));
    }

    #[test]
    fn a_torn_last_line_does_not_count_and_garbage_inside_stops() {
        let torn = [log("a", "3: x\n4: x\n5: 17|CREA")];
        assert_eq!(numbers(&torn, 3), Ok(vec![3, 4]));
        assert_eq!((torn[0].last(), torn[0].whole_len()), (Some(4), 10));
        let inside = [log("a", "3: x\n\0\0\0\n4: x\n")];
        assert_eq!(numbers(&inside, 3), Err(MergeError::Garbage { file: "a".into(), after: 3 }));
        let mended = [log("a", "3: x\n\0\0\0\n4: x\n"), log("ml", "4: x\n5: x\n")];
        assert!(numbers(&mended, 3).is_err(), "told even when another file had the lines");
    }
}
