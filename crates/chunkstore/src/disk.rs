//! One chunk folder: its lock, its identity, its sub-folders, its health.

use crate::aside::Aside;
use crate::gate::Gate;
use crate::intents::{Intent, Intents, SLOTS};
use crate::job::Job;
use crate::space::{Known, Space};
use crate::stats::{Counters, IoTotals};
use crate::sys::before_name_change;
use crate::{DiskSpec, SpaceLimit};
use parking_lot::Mutex;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Instant;
use types::{ChunkId, ChunkVersion};

/// How many of a disk's last errors are remembered.
const REMEMBERED_ERRORS: usize = 30;

/// What state a disk is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskState {
    /// Its files are still being listed.
    Scanning,
    /// In use.
    Working,
    /// Given up: its chunks were reported lost.
    Damaged,
}

/// An error on a disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiskError {
    pub(crate) chunk: ChunkId,
    /// `None` for a wrong checksum.
    pub(crate) errno: Option<Errno>,
    pub(crate) at: Instant,
    /// Seconds since 1970, for people.
    pub(crate) unix_time: u32,
}

/// A folder in use.
pub(crate) struct Disk {
    pub(crate) path: PathBuf,
    pub(crate) root: OwnedFd,
    /// When the root was last changed before we took it; seconds since 1970.
    pub(crate) root_changed: i64,
    /// Held as long as the folder is ours. POSIX locks end when any descriptor of the file is closed, so a folder that
    /// is taken anew must go on with the same one.
    lock: Option<Arc<File>>,
    /// On a read-only file system; only allowed for disks marked for removal.
    pub(crate) read_only: bool,
    state: AtomicU8,
    pub(crate) removal: AtomicBool,
    pub(crate) drain: AtomicBool,
    pub(crate) fill: AtomicBool,
    pub(crate) may_resize: AtomicBool,
    pub(crate) limit: Mutex<SpaceLimit>,
    /// Percent of the scan that is done.
    pub(crate) progress: AtomicU8,
    pub(crate) chunks: AtomicU32,
    pub(crate) known: Known,
    folders: Mutex<Folders>,
    pub(crate) space: Mutex<Space>,
    /// Something changed since `space` was computed.
    pub(crate) changed: AtomicBool,
    errors: Mutex<Vec<DiskError>>,
    pub(crate) gate: Gate,
    /// What is being written; `None` where nothing can be.
    pub(crate) intents: Option<Intents>,
    /// What was being written when an earlier life ended.
    pub(crate) left_intents: Mutex<Vec<Intent>>,
    pub(crate) stats: Counters,
    pub(crate) aside: Aside,
    pub(crate) scan: Job,
    pub(crate) scrub: Job,
    /// Requests of clients so far; upkeep looks at it to see whether the disk is idle.
    pub(crate) requests: AtomicU64,
}

struct Folders {
    count: [u32; 256],
    current: u8,
}

/// Name of sub-folder `folder`.
pub(crate) fn folder_name(folder: u8) -> String {
    format!("{folder:02X}")
}

/// A chunk's path below the disk's root.
pub(crate) fn chunk_path(folder: u8, id: ChunkId, version: ChunkVersion) -> String {
    format!("{folder:02X}/{}", crate::format::file_name(id, version))
}

impl Disk {
    /// Takes a folder: opens it, locks it, checks that it is writable or may be read-only. `before` is what it was in
    /// use as until now.
    pub(crate) fn open(
        spec: &DiskSpec,
        threads: u32,
        totals: &Arc<IoTotals>,
        before: Option<&Disk>,
    ) -> io::Result<Disk> {
        let root = rustix::fs::open(
            &spec.path,
            OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let root_changed = rustix::fs::fstat(&root)?.st_mtime as i64;
        let held = before.and_then(|disk| disk.lock.clone());
        let (lock, read_only) = match held.map_or_else(|| lock_folder(&root).map(Arc::new), Ok) {
            Ok(lock) => (Some(lock), false),
            Err(e) if spec.removal && e.raw_os_error() == Some(Errno::ROFS.raw_os_error()) => (None, true),
            Err(e) => return Err(e),
        };
        let (intents, left) = match read_only {
            true => (None, Vec::new()),
            false => Intents::open(&root).map(|(intents, left)| (Some(intents), left))?,
        };
        Ok(Disk {
            path: spec.path.clone(),
            root,
            root_changed,
            lock,
            read_only,
            state: AtomicU8::new(0),
            removal: AtomicBool::new(spec.removal),
            drain: AtomicBool::new(spec.drain),
            fill: AtomicBool::new(spec.fill),
            may_resize: AtomicBool::new(spec.may_resize),
            limit: Mutex::new(spec.limit),
            progress: AtomicU8::new(0),
            chunks: AtomicU32::new(0),
            known: Known::default(),
            folders: Mutex::new(Folders { count: [0; 256], current: 0 }),
            space: Mutex::default(),
            changed: AtomicBool::new(true),
            errors: Mutex::default(),
            gate: Gate::new(threads.min(SLOTS)),
            intents,
            left_intents: Mutex::new(left),
            stats: Counters::new(totals.clone()),
            aside: Aside::default(),
            scan: Job::new("scan"),
            scrub: Job::new("scrub"),
            requests: AtomicU64::new(0),
        })
    }

    /// Device and inode of the lock file: two paths with the same pair are one folder.
    pub(crate) fn identity(&self) -> io::Result<(u64, u64)> {
        let stat = rustix::fs::fstat(&self.root)?;
        Ok((stat.st_dev, stat.st_ino))
    }

    /// Where the path leads now, if anywhere: another device or inode than ours when the disk was unmounted or another
    /// mounted over it.
    pub(crate) fn is_at_its_path(&self) -> bool {
        let there = rustix::fs::stat(&self.path).map(|stat| (stat.st_dev, stat.st_ino));
        self.identity().is_ok_and(|ours| there == Ok(ours))
    }

    pub(crate) fn state(&self) -> DiskState {
        match self.state.load(Ordering::Acquire) {
            0 => DiskState::Scanning,
            1 => DiskState::Working,
            _ => DiskState::Damaged,
        }
    }

    pub(crate) fn scan_done(&self) {
        self.progress.store(100, Ordering::Relaxed);
        self.changed.store(true, Ordering::Relaxed);
        // A disk that failed during its scan stays failed.
        let _ = self.state.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Acquire);
    }

    /// True the first time.
    pub(crate) fn give_up(&self) -> bool {
        self.state.swap(2, Ordering::AcqRel) != 2
    }

    /// Chunks may move from and to it.
    pub(crate) fn takes_part_in_moves(&self) -> bool {
        self.state() == DiskState::Working && !self.is_removal() && !self.read_only
    }

    pub(crate) fn is_removal(&self) -> bool {
        self.removal.load(Ordering::Relaxed)
    }

    /// Remembers an error; says how many of the errors that condemn a disk are younger than `period`.
    pub(crate) fn remember_error(&self, error: DiskError, period: std::time::Duration) -> usize {
        let mut errors = self.errors.lock();
        if errors.len() == REMEMBERED_ERRORS {
            errors.remove(0);
        }
        errors.push(error);
        // A read-only disk that is being emptied is worth its errors, except when its files vanish.
        let condemns = |errno| match errno {
            Some(Errno::NOENT) => true,
            Some(Errno::IO | Errno::ROFS) => !self.read_only,
            _ => false,
        };
        errors.iter().filter(|e| condemns(e.errno) && e.at.elapsed() < period).count()
    }

    pub(crate) fn last_error(&self) -> Option<DiskError> {
        self.errors.lock().last().copied()
    }

    /// The sub-folder for a new chunk: the same one until it has `spread` chunks more than the emptiest.
    pub(crate) fn add_chunk(&self, spread: u32) -> u8 {
        let mut folders = self.folders.lock();
        let emptiest = (0..=255u8).min_by_key(|f| folders.count[usize::from(*f)]).unwrap_or(0);
        let (now, least) =
            (folders.count[usize::from(folders.current)], folders.count[usize::from(emptiest)]);
        if now >= least.saturating_add(spread) {
            folders.current = emptiest;
        }
        let folder = folders.current;
        drop(folders);
        self.count_chunk(folder);
        folder
    }

    /// Counts a chunk that is in `folder`.
    pub(crate) fn count_chunk(&self, folder: u8) {
        self.folders.lock().count[usize::from(folder)] += 1;
        self.chunks.fetch_add(1, Ordering::Relaxed);
        self.changed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn uncount_chunk(&self, folder: u8) {
        let mut folders = self.folders.lock();
        let count = &mut folders.count[usize::from(folder)];
        *count = count.saturating_sub(1);
        drop(folders);
        self.chunks.fetch_sub(1, Ordering::Relaxed);
        self.changed.store(true, Ordering::Relaxed);
    }

    /// Opens a file below the root.
    pub(crate) fn open_at(&self, path: &str, flags: OFlags) -> Result<File, Errno> {
        let mode = Mode::from_raw_mode(0o640);
        rustix::fs::openat(&self.root, path, flags | OFlags::CLOEXEC, mode).map(File::from)
    }

    pub(crate) fn unlink(&self, path: &str) -> Result<(), Errno> {
        before_name_change();
        rustix::fs::unlinkat(&self.root, path, AtFlags::empty())
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        before_name_change();
        rustix::fs::renameat(&self.root, from, &self.root, to)
    }

    /// Makes the names in `folder` durable.
    pub(crate) fn sync_folder(&self, folder: u8) -> Result<(), Errno> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        rustix::fs::fsync(rustix::fs::openat(&self.root, folder_name(folder).as_str(), flags, Mode::empty())?)
    }

    /// The instance this folder belongs to; `None` if it belongs to none yet.
    pub(crate) fn metaid(&self) -> io::Result<Option<u64>> {
        let file = match self.open_at(".metaid", OFlags::RDONLY) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        let mut bytes = [0; 9];
        let got = read_some(&file, &mut bytes)?;
        match <[u8; 8]>::try_from(&bytes[..got]) {
            Ok(id) => Ok(Some(u64::from_be_bytes(id))),
            Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, ".metaid is not 8 bytes long")),
        }
    }

    /// Marks the folder as part of an instance. Never half-written: the mark is what keeps a disk from being served
    /// for the wrong master, which would delete what is on it.
    pub(crate) fn set_metaid(&self, metaid: u64) -> io::Result<()> {
        if self.read_only || self.metaid().is_ok_and(|old| old == Some(metaid)) {
            return Ok(());
        }
        let file = self.open_at(".metaid.tmp", OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
        rustix::io::write(&file, &metaid.to_be_bytes())?;
        rustix::fs::fsync(&file)?;
        self.rename(".metaid.tmp", ".metaid")?;
        Ok(rustix::fs::fsync(&self.root)?)
    }
}

/// Reads until the buffer is full or the file ends.
fn read_some(file: &File, buf: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buf.len() {
        match rustix::io::pread(file, &mut buf[got..], got as u64) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(got)
}

fn lock_folder(root: &OwnedFd) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(root, ".lock", flags, Mode::from_raw_mode(0o640))?);
    // Stock uses lockf, which is a POSIX record lock; any other kind would not exclude it.
    match rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::AGAIN | Errno::ACCESS) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another process uses this folder (.lock is held)",
        )),
        Err(e) => Err(e.into()),
    }
}

/// What operators and the monitoring packets see of a path that ends in `/`.
pub(crate) fn shown_path(path: &Path) -> String {
    let mut text = path.display().to_string();
    if !text.ends_with('/') {
        text.push('/');
    }
    text
}
