//! A directory in memory that writes down, in order, everything that is done to it, and fails when told to.

use master::storage::{AppendFile, NewFile, ReadAt, Storage};
use std::collections::BTreeMap;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard};

/// Files by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;
pub(crate) type FileId = usize;

/// One thing done, or, for [`Event::Acknowledged`], told to somebody.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Create {
        name: String,
        file: FileId,
    },
    Rename {
        from: String,
        to: String,
    },
    Link {
        name: String,
        file: FileId,
    },
    Remove {
        name: String,
    },
    SyncDir,
    Write {
        file: FileId,
        at: usize,
        bytes: Vec<u8>,
    },
    Cut {
        file: FileId,
        len: usize,
    },
    Sync {
        file: FileId,
    },
    /// The kernel has told that a sync failed, and thinks no more of the pages.
    SyncFailed {
        file: FileId,
    },
    Acknowledged {
        version: u64,
    },
}

/// What goes wrong, and when: from the `from`-th call on, `times` calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) from: usize,
    pub(crate) times: usize,
    pub(crate) kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FaultKind {
    /// EIO from whatever is called.
    Io,
    /// ENOSPC where something is written or made, after half of it was.
    Full,
    /// Half of what was to be written, and no error.
    Short,
}

#[derive(Default)]
struct State {
    names: BTreeMap<String, FileId>,
    files: Vec<Vec<u8>>,
    log: Vec<Event>,
    calls: usize,
    fault: Option<Fault>,
}

/// See the module. Clones are the same disk.
#[derive(Clone, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

struct Handle {
    disk: SimDisk,
    file: FileId,
    at: usize,
}

impl SimDisk {
    /// A disk with these files on it, all of them durable.
    pub(crate) fn with(files: &Files) -> Self {
        let disk = SimDisk::default();
        let mut state = disk.lock();
        for (name, bytes) in files {
            let file = state.files.len();
            state.names.insert(name.clone(), file);
            state.files.push(bytes.clone());
        }
        drop(state);
        disk
    }

    pub(crate) fn fail(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    /// How often it was called.
    pub(crate) fn calls(&self) -> usize {
        self.lock().calls
    }

    pub(crate) fn acknowledge(&self, version: u64) {
        self.lock().log.push(Event::Acknowledged { version });
    }

    pub(crate) fn log(&self) -> Vec<Event> {
        self.lock().log.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

fn full() -> io::Error {
    io::Error::from_raw_os_error(28)
}

fn broken() -> io::Error {
    io::Error::from_raw_os_error(5)
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl State {
    /// Counts a call; tells what is wrong with it.
    fn call(&mut self) -> Option<FaultKind> {
        let call = self.calls;
        self.calls += 1;
        self.fault.filter(|f| (f.from..f.from + f.times).contains(&call)).map(|f| f.kind)
    }

    /// For calls that write nothing.
    fn check(&mut self) -> io::Result<()> {
        if self.call() == Some(FaultKind::Io) { Err(broken()) } else { Ok(()) }
    }

    fn find(&self, name: &str) -> io::Result<FileId> {
        self.names.get(name).copied().ok_or_else(missing)
    }

    fn make(&mut self, name: &str) -> io::Result<FileId> {
        match self.call() {
            Some(FaultKind::Io) => return Err(broken()),
            Some(FaultKind::Full) if !self.names.contains_key(name) => return Err(full()),
            _ => {}
        }
        if let Ok(file) = self.find(name) {
            return Ok(file);
        }
        let file = self.files.len();
        self.files.push(Vec::new());
        self.names.insert(name.into(), file);
        self.log.push(Event::Create { name: name.into(), file });
        Ok(file)
    }

    fn write(&mut self, file: FileId, at: usize, bytes: &[u8]) -> io::Result<usize> {
        let half = &bytes[..bytes.len().div_ceil(2)];
        let (kept, result) = match self.call() {
            None => (bytes, Ok(bytes.len())),
            Some(FaultKind::Io) => (half, Err(broken())),
            Some(FaultKind::Full) => (half, Err(full())),
            Some(FaultKind::Short) => (half, Ok(half.len())),
        };
        let content = &mut self.files[file];
        content.resize(content.len().max(at + kept.len()), 0);
        content[at..at + kept.len()].copy_from_slice(kept);
        self.log.push(Event::Write { file, at, bytes: kept.to_vec() });
        result
    }

    fn cut(&mut self, file: FileId, len: usize) {
        self.files[file].resize(len, 0);
        self.log.push(Event::Cut { file, len });
    }

    fn sync(&mut self, file: FileId) -> io::Result<()> {
        let (event, result) = match self.call() {
            Some(FaultKind::Io) => (Event::SyncFailed { file }, Err(broken())),
            Some(FaultKind::Full) => (Event::SyncFailed { file }, Err(full())),
            _ => (Event::Sync { file }, Ok(())),
        };
        self.log.push(event);
        result
    }
}

impl Storage for SimDisk {
    fn append(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        let file = self.lock().make(name)?;
        Ok(Box::new(Appender(Handle { disk: self.clone(), file, at: 0 })))
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        let mut state = self.lock();
        let file = state.make(name)?;
        if !state.files[file].is_empty() {
            state.cut(file, 0);
        }
        Ok(Box::new(Handle { disk: self.clone(), file, at: 0 }))
    }
    fn open_at(&self, name: &str) -> io::Result<Box<dyn ReadAt>> {
        let mut state = self.lock();
        state.check()?;
        let file = state.find(name)?;
        Ok(Box::new(Handle { disk: self.clone(), file, at: 0 }))
    }
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut state = self.lock();
        state.check()?;
        state.find(name).map(|file| state.files[file].clone())
    }
    fn exists(&self, name: &str) -> bool {
        self.lock().names.contains_key(name)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        let mut state = self.lock();
        state.check()?;
        Ok(state.names.keys().cloned().collect())
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.check()?;
        let file = state.names.remove(from).ok_or_else(missing)?;
        state.names.insert(to.into(), file);
        state.log.push(Event::Rename { from: from.into(), to: to.into() });
        Ok(())
    }
    fn link(&self, name: &str, other: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.check()?;
        let file = state.find(name)?;
        if state.names.contains_key(other) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.names.insert(other.into(), file);
        state.log.push(Event::Link { name: other.into(), file });
        Ok(())
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        state.check()?;
        state.names.remove(name).ok_or_else(missing)?;
        state.log.push(Event::Remove { name: name.into() });
        Ok(())
    }
    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.check()?;
        state.log.push(Event::SyncDir);
        Ok(())
    }
    fn describe(&self, name: &str) -> String {
        name.into()
    }
}

impl Write for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.disk.lock().write(self.file, self.at, bytes)?;
        self.at += n;
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let end = self.disk.lock().files[self.file].len();
        self.at = match to {
            SeekFrom::Start(at) => at as usize,
            SeekFrom::Current(by) => self.at.checked_add_signed(by as isize).unwrap(),
            SeekFrom::End(by) => end.checked_add_signed(by as isize).unwrap(),
        };
        Ok(self.at as u64)
    }
}

impl NewFile for Handle {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.lock().sync(self.file)
    }
}

impl ReadAt for Handle {
    fn size(&self) -> io::Result<u64> {
        let mut state = self.disk.lock();
        state.check()?;
        Ok(state.files[self.file].len() as u64)
    }
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        state.check()?;
        let from = offset as usize;
        let bytes = state.files[self.file].get(from..from + buf.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }
}

/// Appends like `O_APPEND`: at the end, wherever that is.
struct Appender(Handle);

impl Write for Appender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::End(0))?;
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AppendFile for Appender {
    fn size(&self) -> io::Result<u64> {
        ReadAt::size(&self.0)
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        let mut state = self.0.disk.lock();
        state.check()?;
        state.cut(self.0.file, len as usize);
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        self.0.disk.lock().sync(self.0.file)
    }
}
