//! The lock that makes a daemon the only one in its data directory (`spec/config-and-daemons.md` 10).
//!
//! It is a record lock on the whole file, as stock takes it, so ours and stock's programs see, wait for and stop each
//! other. Such a lock is lost when *any* descriptor of the file is closed by the process, so the file is opened once
//! and never again.

use nix::fcntl::{FcntlArg, fcntl};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// An open lock file; the lock, once taken, lives as long as this value.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Opens the file, creating it if need be.
    pub fn open(path: &Path) -> io::Result<Lock> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o666).open(path)?;
        Ok(Lock { file })
    }

    /// Takes the lock and writes our process id into the file, or tells who holds it.
    pub fn acquire(&self) -> io::Result<Result<(), i32>> {
        loop {
            match fcntl(&self.file, FcntlArg::F_SETLK(&whole_file())) {
                Ok(_) => break,
                Err(nix::Error::EACCES | nix::Error::EAGAIN) => {
                    if let Some(pid) = self.owner()? {
                        return Ok(Err(pid));
                    }
                    // It ended in between: try again.
                }
                Err(error) => return Err(error.into()),
            }
        }
        // Always our own id, because service managers read it.
        self.file.set_len(0)?;
        (&self.file).write_all(format!("{}\n", std::process::id()).as_bytes())?;
        Ok(Ok(()))
    }

    /// The process that holds the lock. Never ourselves.
    pub fn owner(&self) -> io::Result<Option<i32>> {
        let mut lock = whole_file();
        fcntl(&self.file, FcntlArg::F_GETLK(&mut lock))?;
        Ok((lock.l_type != libc::F_UNLCK as libc::c_short).then_some(lock.l_pid))
    }
}

fn whole_file() -> libc::flock {
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}
