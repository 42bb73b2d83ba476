//! A chunkserver: a disk, a queue of orders, and bad luck.

use placement::{Order, ServerId};
use std::collections::BTreeMap;
use types::{ChunkId, ChunkVersion, Status};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) version: ChunkVersion,
    pub(crate) content: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    pub(crate) at: u64,
    pub(crate) order: Order,
    /// For replications: what was read from the source when it began; none = the source failed.
    pub(crate) fetched: Option<File>,
    /// What goes wrong.
    pub(crate) fails: Option<Status>,
}

#[derive(Default, Debug)]
pub(crate) struct Disk {
    pub(crate) host: u8,
    pub(crate) labels: u32,
    pub(crate) files: BTreeMap<ChunkId, File>,
    pub(crate) removal: bool,
    /// The process runs.
    pub(crate) alive: bool,
    /// The master's connection.
    pub(crate) conn: Option<ServerId>,
    pub(crate) jobs: Vec<Job>,
    /// When the master notices that it died.
    pub(crate) noticed_at: u64,
    /// When it starts again.
    pub(crate) back_at: u64,
}

/// What truncation makes of content.
pub(crate) fn truncated(content: u64, length: u32) -> u64 {
    (content ^ u64::from(length)).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 << 63
}

impl Disk {
    /// Does what was ordered.
    pub(crate) fn execute(&mut self, job: &Job) -> Status {
        if let Some(status) = job.fails {
            return status;
        }
        let check = |file: Option<&File>, version: ChunkVersion| match file {
            None => Err(Status::NOCHUNK),
            Some(f) if version.0 != 0 && f.version != version => Err(Status::WRONGVERSION),
            Some(f) => Ok(*f),
        };
        let done = match job.order {
            Order::Create { chunk, version } => self.put(chunk, File { version, content: 0 }),
            Order::Delete { chunk, version } => check(self.files.get(&chunk), version).map(|_| {
                self.files.remove(&chunk);
            }),
            Order::SetVersion { chunk, new, old } => check(self.files.get(&chunk), old).map(|f| {
                self.files.insert(chunk, File { version: new, ..f });
            }),
            Order::Truncate { chunk, length, new, old } => check(self.files.get(&chunk), old).map(|f| {
                self.files.insert(chunk, File { version: new, content: truncated(f.content, length) });
            }),
            Order::Duplicate { chunk, version, from, from_version } => {
                check(self.files.get(&from), from_version)
                    .and_then(|f| self.put(chunk, File { version, ..f }))
            }
            Order::DupTrunc { chunk, version, from, from_version, length } => {
                check(self.files.get(&from), from_version)
                    .and_then(|f| self.put(chunk, File { version, content: truncated(f.content, length) }))
            }
            Order::Replicate { chunk, version, .. } => match job.fetched {
                Some(file) if file.version == version => self.put(chunk, file),
                Some(_) => Err(Status::WRONGVERSION),
                None => Err(Status::CANTCONNECT),
            },
        };
        done.into()
    }

    fn put(&mut self, id: ChunkId, file: File) -> Result<(), Status> {
        if self.files.contains_key(&id) {
            return Err(Status::CHUNKEXIST);
        }
        self.files.insert(id, file);
        Ok(())
    }

    pub(crate) fn raw_version(&self, file: &File) -> u32 {
        file.version.0 | u32::from(self.removal) << 31
    }
}
