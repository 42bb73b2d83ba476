//! The live changelog: `changelog_ml.0.mfs` and its older generations (`spec/metalogger.md` 5, 9, 12).

use crate::own_files::{last_change, log_name, numbered, set_aside, trim_partial_line};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes of lines gathered before they are written, so that a fast stream costs few system calls.
const BATCH: usize = 256 << 10;

/// The files of the live stream. Lines are written in batches; [`Logs::write`] empties the batch, [`Logs::sync`] makes
/// it durable.
///
/// Invariant: every file holds consecutive changes, since a hole always begins a new file. (The merge of a recovery
/// takes a jump inside a file for the end of it.)
#[derive(Debug)]
pub(crate) struct Logs {
    dir: PathBuf,
    current: Option<File>,
    /// Bytes of the current file that are known to be whole lines.
    len: u64,
    batch: Vec<u8>,
    /// The last change that was taken; 0 is none.
    last: u64,
    /// The last change that is in the file.
    written: u64,
    /// The last change that a power cut leaves.
    synced: u64,
    dirty: bool,
}

/// How a change fits behind the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is the next one, or the first ever.
    Next,
    /// Changes between are lost to us.
    Hole {
        /// The first one missing.
        from: u64,
        /// The last one missing.
        to: u64,
    },
    /// The master is behind us: its history is another one than ours.
    Back {
        /// The last one we have.
        last: u64,
    },
}

impl Logs {
    /// Finds out where the files in `dir` end. A line that a crash cut in two is removed.
    pub(crate) fn open(dir: &Path) -> io::Result<Logs> {
        trim_partial_line(&dir.join(log_name(0)))?;
        let mut last = 0;
        // The newest file may be empty just after a rotation.
        for (_, file) in numbered(dir, "changelog_ml.")?.iter().take(2) {
            if let Some(change) = last_change(file)? {
                last = change;
                break;
            }
        }
        let (dir, batch) = (dir.to_owned(), Vec::new());
        Ok(Logs { dir, current: None, len: 0, batch, last, written: last, synced: last, dirty: false })
    }

    /// The last change held, 0 if none is.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The last change that is durable, 0 if none is.
    pub(crate) fn synced(&self) -> u64 {
        self.synced
    }

    /// How a change would fit.
    pub(crate) fn fit(&self, change: u64) -> Fit {
        match self.last {
            0 => Fit::Next,
            last if change == last + 1 => Fit::Next,
            last if change > last => Fit::Hole { from: last + 1, to: change - 1 },
            last => Fit::Back { last },
        }
    }

    /// Takes a line. A line that does not follow the last one begins a new file.
    pub(crate) fn take(&mut self, change: u64, text: &[u8], back_logs: u32) -> io::Result<()> {
        match self.fit(change) {
            Fit::Next => {}
            Fit::Hole { .. } => self.rotate(back_logs)?,
            Fit::Back { .. } => self.set_aside()?,
        }
        self.batch.extend_from_slice(format!("{change}: ").as_bytes());
        self.batch.extend_from_slice(text);
        self.batch.push(b'\n');
        self.last = change;
        if self.batch.len() >= BATCH { self.write() } else { Ok(()) }
    }

    /// Writes what was gathered. After an error the file ends with the last whole line that was there before, the
    /// lines are forgotten, and [`Logs::last`] says where the master has to go on: no hole comes of it.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let result = self.append();
        match &result {
            Ok(()) => {
                self.len += self.batch.len() as u64;
                self.written = self.last;
                self.dirty = true;
            }
            Err(_) => {
                self.last = self.written;
                if let Some(file) = self.current.take() {
                    // If this fails too, the next start trims the file.
                    let _ = file.set_len(self.len);
                }
            }
        }
        self.batch.clear();
        result
    }

    fn append(&mut self) -> io::Result<()> {
        if self.current.is_none() {
            let path = self.dir.join(log_name(0));
            trim_partial_line(&path)?;
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            self.len = file.metadata()?.len();
            self.current = Some(file);
        }
        let file = self.current.as_ref().expect("opened above");
        file.write_all_at(&self.batch, self.len)
    }

    /// Makes everything taken so far durable.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.write()?;
        if self.dirty {
            if let Some(file) = &self.current {
                file.sync_data()?;
            }
            self.dirty = false;
        }
        self.synced = self.written;
        Ok(())
    }

    /// Begins a new file; the oldest ones beyond `back_logs` are deleted.
    pub(crate) fn rotate(&mut self, back_logs: u32) -> io::Result<()> {
        self.sync()?;
        self.current = None;
        self.len = 0;
        if !self.dir.join(log_name(0)).exists() {
            return Ok(());
        }
        for (number, file) in numbered(&self.dir, "changelog_ml.")?.into_iter().rev() {
            if number >= back_logs {
                std::fs::remove_file(file)?;
            } else {
                std::fs::rename(file, self.dir.join(log_name(number + 1)))?;
            }
        }
        Ok(())
    }

    /// Moves all files out of a recovery's sight: they tell another history than the master's.
    pub(crate) fn set_aside(&mut self) -> io::Result<()> {
        self.sync()?;
        self.current = None;
        self.len = 0;
        for (_, file) in numbered(&self.dir, "changelog_ml.")? {
            set_aside(&file)?;
        }
        (self.last, self.written, self.synced) = (0, 0, 0);
        Ok(())
    }

    /// The same for all files but the current one.
    pub(crate) fn set_older_aside(&mut self) -> io::Result<()> {
        for (number, file) in numbered(&self.dir, "changelog_ml.")? {
            if number > 0 {
                set_aside(&file)?;
            }
        }
        Ok(())
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        if let Err(error) = self.sync() {
            tracing::error!("can't write changelog_ml.0.mfs: {error}");
        }
    }
}
