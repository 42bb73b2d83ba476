//! `changelog.0.mfs` and its older brothers.

use crate::recovery::last_change;
use crate::storage::{AppendFile, Storage};
use std::io;
use std::sync::Arc;

pub use crate::recovery::changelog_name;

/// The number in a changelog's name.
fn changelog_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("changelog.")?.strip_suffix(".mfs")?;
    digits.parse().ok().filter(|n| changelog_name(*n) == name)
}

/// Which changelogs a rotation keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    /// `BACK_LOGS`: so many old ones, in any case.
    pub(super) back_logs: u32,
    /// And all that hold this change or later ones: the last good image does not have them.
    pub(super) from: u64,
}

/// The file being written. Whatever a failed write left behind is cut off before the next one.
pub(super) struct LogFile {
    storage: Arc<dyn Storage>,
    open: Option<Box<dyn AppendFile>>,
    /// Its length up to the last byte known to be whole; none until it was looked at.
    good: Option<u64>,
    /// A power cut leaves the file its name.
    named: bool,
}

impl LogFile {
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        LogFile { storage, open: None, good: None, named: false }
    }

    /// Appends whole lines. After an error nothing of them counts, and the same lines are to be given again.
    pub(super) fn append(&mut self, lines: &[u8], sync: bool) -> io::Result<()> {
        let result = self.try_append(lines, sync);
        if result.is_err() {
            // After a failed sync the kernel may have dropped the pages: start from what is known to be good.
            self.open = None;
        }
        result
    }

    fn try_append(&mut self, lines: &[u8], sync: bool) -> io::Result<()> {
        if self.open.is_none() {
            self.open = Some(self.reopen()?);
        }
        if !self.named {
            self.storage.sync_dir()?;
            self.named = true;
        }
        let (Some(file), Some(good)) = (&mut self.open, &mut self.good) else { return Ok(()) };
        file.write_all(lines)?;
        if sync {
            file.sync()?;
        }
        *good += lines.len() as u64;
        Ok(())
    }

    fn reopen(&mut self) -> io::Result<Box<dyn AppendFile>> {
        let mut file = self.storage.append(&changelog_name(0))?;
        let size = file.size()?;
        let good = self.good.map_or(size, |good| good.min(size));
        if size > good {
            file.cut(good)?;
        }
        self.good = Some(good);
        Ok(file)
    }

    /// Closes the file and gives it the number 1; the next line starts a new one. May be repeated after an error.
    pub(super) fn rotate(&mut self, keep: Keep) -> io::Result<()> {
        if let Some(mut file) = self.open.take() {
            file.sync()?;
        }
        (self.good, self.named) = (None, false);
        let storage = &*self.storage;
        let mut numbers: Vec<u32> = storage.list()?.iter().filter_map(|n| changelog_number(n)).collect();
        numbers.sort_unstable_by_key(|n| std::cmp::Reverse(*n));
        let newest_first = numbers.iter().rev().copied();
        let needed = newest_first
            .take_while(|n| last_change(storage, &changelog_name(*n)).is_none_or(|v| v >= keep.from));
        let needed = needed.last();
        for n in numbers {
            let is_needed = needed.is_some_and(|oldest| n <= oldest);
            if is_needed || n < keep.back_logs {
                storage.rename(&changelog_name(n), &changelog_name(n + 1))?;
                // If the next rename survived a power cut and this one did not, a file would be overwritten.
                if is_needed {
                    storage.sync_dir()?;
                }
            } else {
                storage.remove(&changelog_name(n))?;
            }
        }
        storage.sync_dir()
    }
}
