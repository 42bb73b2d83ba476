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
    /// Removes a file. Durable after [`Storage::sync_dir`].
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations, renames and removals durable.
    fn sync_dir(&self) -> io::Result<()>;
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
    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }
    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
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

/// Renames `name` to `name.1`, `name.1` to `name.2` and so on up to `name.keep`; with `keep` 0 removes it.
/// Holes in the row are fine. `number` makes the n-th name, 0 being the newest.
pub fn shift_generations(storage: &dyn Storage, keep: u32, number: impl Fn(u32) -> String) -> io::Result<()> {
    if keep == 0 && storage.exists(&number(0)) {
        return storage.remove(&number(0));
    }
    for n in (0..keep).rev() {
        if storage.exists(&number(n)) {
            storage.rename(&number(n), &number(n + 1))?;
        }
    }
    Ok(())
}
