//! Files a metalogger fetches.

use crate::images::BACK;
use crate::journal::changelog_name;
use crate::storage::{ReadAt, Storage};
use proto::metalogger::{DownloadFile, DownloadInfo};
use std::io;
use types::Status;

/// The longest piece given at once, bytes. Stock asks for 1,000,000.
const MAX_PIECE: u32 = 1_400_000;

/// The status of a file that cannot be had.
const NO_FILE: Status = Status(0xFF);

type File = Option<(Box<dyn ReadAt>, u64)>;

/// What one metalogger has open. The changelogs are opened together with the image, so that the three belong
/// together even when a rotation comes between.
#[derive(Default)]
pub(super) struct Downloads {
    current: File,
    changelogs: [File; 2],
}

fn open(storage: &dyn Storage, name: &str) -> File {
    let file = storage.open_at(name).ok()?;
    let size = file.size().ok()?;
    Some((file, size))
}

impl Downloads {
    pub(super) fn start(&mut self, storage: &dyn Storage, file: DownloadFile) -> DownloadInfo {
        let missing = match file {
            DownloadFile::Metadata => {
                self.current = open(storage, BACK);
                self.changelogs = [0, 1].map(|n| open(storage, &changelog_name(n)));
                DownloadInfo::Error(NO_FILE)
            }
            DownloadFile::Sessions => {
                *self = Downloads::default();
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

    pub(super) fn read(&self, offset: u64, length: u32) -> io::Result<Vec<u8>> {
        let Some((file, size)) = &self.current else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no file is open"));
        };
        let inside = length <= MAX_PIECE && offset.checked_add(length.into()).is_some_and(|end| end <= *size);
        if !inside {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a piece outside of the file"));
        }
        let mut data = vec![0; length as usize];
        file.read_exact_at(&mut data, offset)?;
        Ok(data)
    }

    pub(super) fn end(&mut self) {
        self.current = None;
    }
}
