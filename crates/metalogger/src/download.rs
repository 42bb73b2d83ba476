//! Downloads: image and both changelogs, one after the other (`spec/metalogger.md` 6).

use proto::metalogger::{CrcBlock, DownloadFile};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Bytes asked for at once, as stock does.
const BLOCK: u64 = 1_000_000;
/// How often one block is asked for again.
const RETRIES: u8 = 5;

/// One file on its way.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) file: DownloadFile,
    state: State,
    began: Instant,
}

#[derive(Debug)]
enum State {
    /// The master was asked to open it.
    Opening,
    /// Blocks arrive.
    Receiving { target: File, size: u64, offset: u64, retries: u8 },
    /// Complete and being checked, or abandoned.
    Done,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask for this piece.
    Request {
        /// Where it begins.
        offset: u64,
        /// Its length, at most [`BLOCK`].
        length: u32,
    },
    /// The file is complete: this many bytes, synced.
    Complete(u64),
}

/// Why a download ended.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The master does what it must not: the connection is worth nothing any more.
    Protocol(String),
    /// This download is over; the connection is fine.
    Abandon(String),
}

impl Download {
    /// A download that was just asked for.
    pub(crate) fn new(file: DownloadFile) -> Download {
        Download { file, state: State::Opening, began: Instant::now() }
    }

    /// Its name in messages.
    pub(crate) fn name(&self) -> &'static str {
        match self.file {
            DownloadFile::Metadata => "metadata",
            DownloadFile::Changelog0 => "changelog_0",
            DownloadFile::Changelog1 => "changelog_1",
            DownloadFile::Sessions => "sessions",
        }
    }

    /// Where it is put while it arrives.
    pub(crate) fn temporary(&self, dir: &Path) -> PathBuf {
        dir.join(if self.file == DownloadFile::Metadata { "metadata_ml.tmp" } else { "changelog_ml.tmp" })
    }

    /// The master opened it.
    pub(crate) fn opened(&mut self, dir: &Path, size: u64) -> Result<Next, Failure> {
        if !matches!(self.state, State::Opening) {
            return Err(Failure::Protocol("download information that nobody asked for".into()));
        }
        let abandon =
            |what: &str, error: io::Error| Failure::Abandon(format!("error {what} metafile: {error}"));
        let room = rustix::fs::statvfs(dir).map_err(|error| abandon("opening", error.into()))?;
        if size > room.f_bavail.saturating_mul(room.f_frsize) {
            return Err(Failure::Abandon(format!(
                "{} has {size} bytes, more than this disk has room for",
                self.name()
            )));
        }
        let target = File::create(self.temporary(dir)).map_err(|error| abandon("opening", error))?;
        self.state = State::Receiving { target, size, offset: 0, retries: 0 };
        self.next()
    }

    /// A block arrived.
    pub(crate) fn block(&mut self, at: u64, block: CrcBlock<'_>) -> Result<Next, Failure> {
        let State::Receiving { target, size, offset, retries } = &mut self.state else {
            return Err(Failure::Protocol("a block that nobody asked for".into()));
        };
        let wanted = (*size - *offset).min(BLOCK);
        if at != *offset || block.data.len() as u64 != wanted {
            return Err(Failure::Protocol(format!(
                "a block of {} bytes at {at} instead of {wanted} at {offset}",
                block.data.len()
            )));
        }
        let problem = if crc32fast::hash(block.data) != block.crc {
            Some("metafile data crc error".to_owned())
        } else {
            target.write_all_at(block.data, at).err().map(|error| format!("error writing metafile: {error}"))
        };
        match problem {
            None => {
                *offset += wanted;
                *retries = 0;
            }
            Some(problem) if *retries >= RETRIES => return Err(Failure::Abandon(problem)),
            Some(problem) => {
                *retries += 1;
                tracing::warn!("{problem}; asking for the block again");
            }
        }
        self.next()
    }

    fn next(&mut self) -> Result<Next, Failure> {
        let State::Receiving { target, size, offset, .. } = &self.state else {
            return Err(Failure::Protocol("nothing is being received".into()));
        };
        let (left, offset, size) = (*size - *offset, *offset, *size);
        if left > 0 {
            let length = u32::try_from(left.min(BLOCK)).expect("a million");
            return Ok(Next::Request { offset, length });
        }
        target.sync_all().map_err(|error| Failure::Abandon(format!("error syncing metafile: {error}")))?;
        self.state = State::Done;
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = size as f64 / 1e6 / seconds.max(1e-6);
        tracing::info!("{} downloaded {size}B/{seconds:.6}s ({rate:.3} MB/s)", self.name());
        Ok(Next::Complete(size))
    }
}
