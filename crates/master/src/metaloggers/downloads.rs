//! Files a metalogger fetches.

use super::reader::SharedFile;
use crate::images::BACK;
use crate::journal::changelog_name;
use crate::storage::Storage;
use proto::metalogger::{DownloadFile, DownloadInfo};
use std::io;
use std::sync::{Arc, Mutex};
use types::Status;

/// The longest piece given at once, bytes. Stock asks for 1,000,000.
const MAX_PIECE: u32 = 1_400_000;

/// The status of a file that cannot be had.
const NO_FILE: Status = Status(0xFF);

type File = Option<(SharedFile, u64)>;

/// What one metalogger has open. The changelogs are opened together with the image, so that the three belong
/// together even when a rotation comes between.
#[derive(Default)]
pub(super) struct Downloads {
    current: File,
    changelogs: [File; 2],
    /// Counts downloads, so that a piece of an earlier one is known as such.
    number: u64,
}

fn open(storage: &dyn Storage, name: &str) -> File {
    let file = storage.open_at(name).ok()?;
    let size = file.size().ok()?;
    Some((Arc::new(Mutex::new(file)), size))
}

impl Downloads {
    pub(super) fn start(&mut self, storage: &dyn Storage, file: DownloadFile) -> DownloadInfo {
        self.number += 1;
        let missing = match file {
            DownloadFile::Metadata => {
                self.current = open(storage, BACK);
                self.changelogs = [0, 1].map(|n| open(storage, &changelog_name(n)));
                DownloadInfo::Error(NO_FILE)
            }
            DownloadFile::Sessions => {
                (self.current, self.changelogs) = (None, [None, None]);
                DownloadInfo::Error(NO_FILE)
            }
            DownloadFile::Changelog0 => {
                self.current = self.changelogs[0].take();
                DownloadInfo::Size(0)
            }
            DownloadFile::Changelog1 => {
                self.current = self.changelogs[1].take();
                DownloadInfo::Size(0)
            }
        };
        self.current.as_ref().map_or(missing, |(_, size)| DownloadInfo::Size(*size))
    }

    /// The file that a piece is wanted of, if the piece lies in it.
    pub(super) fn piece(&self, offset: u64, length: u32) -> io::Result<SharedFile> {
        let Some((file, size)) = &self.current else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no file is open"));
        };
        let inside = length <= MAX_PIECE && offset.checked_add(length.into()).is_some_and(|end| end <= *size);
        if !inside {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a piece outside of the file"));
        }
        Ok(file.clone())
    }

    /// Which download is under way.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn end(&mut self) {
        self.number += 1;
        self.current = None;
    }
}
