//! The data directory behind a trait, so that tests can freeze and tear it at any point.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A directory of files that survive a power cut once synced.
pub trait Storage: Send + Sync {
    /// Opens a file for appending and creates it if need be.
    fn append(&self, name: &str) -> io::Result<Box<dyn AppendFile>>;
    /// Creates an empty file in place of any old one.
    fn create(&self, name: &str) -> io::Result<Box<dyn NewFile>>;
    /// Opens a file for reading anywhere.
    fn open_at(&self, name: &str) -> io::Result<Box<dyn ReadAt>>;
    /// A whole file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// True when the file exists.
    fn exists(&self, name: &str) -> bool;
    /// Names of all files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Renames over whatever is there. Durable after [`Storage::sync_dir`].
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Gives a file a second name, which must be free. Durable after [`Storage::sync_dir`].
    fn link(&self, name: &str, other: &str) -> io::Result<()>;
    /// Removes a file. Durable after [`Storage::sync_dir`].
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations, renames and removals durable.
    fn sync_dir(&self) -> io::Result<()>;
    /// The same for the directory of a file that [`Storage::emergency_copies`] names.
    fn sync_dir_of(&self, _name: &str) -> io::Result<()> {
        self.sync_dir()
    }
    /// The name to show for a file.
    fn describe(&self, name: &str) -> String;
    /// Places outside of the directory where a master that had no room may have left an image, as names that
    /// [`Storage::open_at`] and [`Storage::read`] take (`spec/metadata-format.md` 10.4). Most have none.
    fn emergency_copies(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A file that is being made.
pub trait NewFile: Write + Seek + Send {
    /// fsync.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file read in pieces.
pub trait ReadAt: Send {
    /// Bytes in the file.
    fn size(&self) -> io::Result<u64>;
    /// Fills `buf` from `offset` on.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A file that only grows, or is cut back to an earlier length.
pub trait AppendFile: Write + Send {
    /// Bytes in the file.
    fn size(&self) -> io::Result<u64>;
    /// Cuts the file.
    fn cut(&mut self, len: u64) -> io::Result<()>;
    /// fdatasync.
    fn sync(&mut self) -> io::Result<()>;
}

/// Where else an image may be that could not be stored.
const EMERGENCY_DIRS: [&str; 8] =
    ["/", "/tmp", "/var", "/usr", "/usr/share", "/usr/local", "/usr/local/var", "/usr/local/share"];

/// A real directory.
pub struct DirStorage {
    path: PathBuf,
}

impl DirStorage {
    /// The directory must exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        DirStorage { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open_with(&self, name: &str, options: &mut OpenOptions) -> io::Result<Box<dyn AppendFile>> {
        // The umask of the daemon (FILE_UMASK) decides what remains of the mode.
        let file = options.mode(0o666).open(self.path.join(name))?;
        Ok(Box::new(file))
    }
}

impl Storage for DirStorage {
    fn append(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        self.open_with(name, OpenOptions::new().append(true).create(true))
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o666).open(self.path.join(name))?;
        Ok(Box::new(file))
    }
    fn open_at(&self, name: &str) -> io::Result<Box<dyn ReadAt>> {
        Ok(Box::new(File::open(self.path.join(name))?))
    }
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.path.join(name))
    }
    fn exists(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }
    fn link(&self, name: &str, other: &str) -> io::Result<()> {
        std::fs::hard_link(self.path.join(name), self.path.join(other))
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }
    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
    fn sync_dir_of(&self, name: &str) -> io::Result<()> {
        match self.path.join(name).parent() {
            Some(dir) => File::open(dir)?.sync_all(),
            None => Ok(()),
        }
    }
    fn describe(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }
    fn emergency_copies(&self) -> Vec<String> {
        let home = std::env::var("HOME").ok();
        let dirs = home.iter().map(String::as_str).chain(EMERGENCY_DIRS);
        dirs.map(|dir| format!("{}/metadata.mfs.emergency", dir.trim_end_matches('/'))).collect()
    }
}

impl NewFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl ReadAt for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, buf, offset)
    }
}

impl AppendFile for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Makes `number(0)`, the newest of a row of files, free to be replaced: it is also `number(1)` afterwards, what was that
/// is `number(2)`, and so on up to `number(keep)`. Holes in the row are fine. The newest keeps its own name all the time,
/// unless the file system knows no hard links. Each step is durable before the next: if a later rename survived a power
/// cut and an earlier one did not, a file would be overwritten.
pub fn shift_generations(storage: &dyn Storage, keep: u32, number: impl Fn(u32) -> String) -> io::Result<()> {
    for n in (0..keep).rev().filter(|n| storage.exists(&number(*n))) {
        let (name, older) = (number(n), number(n + 1));
        if n > 0 {
            storage.rename(&name, &older)?;
        } else {
            link_over(storage, &name, &older)?;
        }
        storage.sync_dir()?;
    }
    Ok(())
}

fn link_over(storage: &dyn Storage, name: &str, other: &str) -> io::Result<()> {
    if storage.exists(other) {
        storage.remove(other)?;
    }
    match storage.link(name, other) {
        Err(e) if matches!(e.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) => {
            storage.rename(name, other)
        }
        result => result,
    }
}
