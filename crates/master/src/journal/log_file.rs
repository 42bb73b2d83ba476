//! `changelog.0.mfs` and its older brothers.

use crate::storage::{AppendFile, Storage, shift_generations};
use std::io;
use std::sync::Arc;

pub use crate::recovery::changelog_name;

/// The file being written. `good` is its length up to the last byte known to be whole; whatever a failed write
/// left behind it is cut off before the next one.
pub(super) struct LogFile {
    storage: Arc<dyn Storage>,
    open: Option<(Box<dyn AppendFile>, u64)>,
    failed: bool,
}

impl LogFile {
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        LogFile { storage, open: None, failed: false }
    }

    /// Appends whole lines. After an error nothing of them counts, and the same lines are to be given again.
    pub(super) fn append(&mut self, lines: &[u8], sync: bool) -> io::Result<()> {
        let result = self.try_append(lines, sync);
        self.failed = result.is_err();
        result
    }

    fn try_append(&mut self, lines: &[u8], sync: bool) -> io::Result<()> {
        let name = changelog_name(0);
        if self.failed {
            // After a failed sync the kernel may have dropped the pages: start from what is known to be good.
            if let Some((_, good)) = self.open.take() {
                let mut file = self.storage.append(&name)?;
                file.cut(good)?;
                self.open = Some((file, good));
            }
        }
        if self.open.is_none() {
            let existed = self.storage.exists(&name);
            let file = self.storage.append(&name)?;
            let len = file.size()?;
            if !existed {
                self.storage.sync_dir()?;
            }
            self.open = Some((file, len));
        }
        let Some((file, good)) = &mut self.open else { return Ok(()) };
        file.write_all(lines)?;
        if sync {
            file.sync()?;
        }
        *good += lines.len() as u64;
        Ok(())
    }

    /// Closes the file and gives it the number 1; the next line starts a new one.
    pub(super) fn rotate(&mut self, back_logs: u32) -> io::Result<()> {
        if let Some((mut file, _)) = self.open.take() {
            file.sync()?;
        }
        self.failed = false;
        shift_generations(&*self.storage, back_logs, changelog_name)?;
        self.storage.sync_dir()
    }
}
