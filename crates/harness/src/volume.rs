//! A disk that can fail: a file system of its own in a file in memory.

use crate::rundir::{Kind, RunDir, run};
use anyhow::{Context, Result};
use rustix::fs::{CWD, FallocateFlags, Mode, OFlags, fallocate, openat, statvfs};
use rustix::io::Errno;
use rustix::ioctl::{Opcode, Setter, ioctl, opcode};
use rustix::mount::{UnmountFlags, unmount};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Shuts a file system down; the argument says what is still written.
const SHUTDOWN: Opcode = opcode::read::<u32>(b'X', 125);
/// Nothing: as if the power were gone.
const NO_LOG_FLUSH: u32 = 2;

/// The disk. Its image goes with the [`RunDir`], its mount with the processes that see it.
#[derive(Debug)]
pub struct Volume {
    image: PathBuf,
    point: PathBuf,
}

impl Volume {
    /// Makes one of `bytes` bytes at the directory `point`, and mounts it.
    pub(crate) fn new(dir: &RunDir, point: &Path, bytes: u64) -> Result<Volume> {
        let image = point.with_extension("image");
        File::create(&image).and_then(|file| file.set_len(bytes)).context("make an image")?;
        // Without reserved blocks, a journal as small as can be, and nothing that is done in the background.
        let options = ["-q", "-F", "-m", "0", "-J", "size=4", "-E", "lazy_itable_init=1"];
        run(Command::new("mkfs.ext4").args(options).arg(&image))?;
        dir.record(Kind::Mount, &point.display().to_string())?;
        let volume = Volume { image, point: point.to_owned() };
        volume.mount()?;
        // Not offered to chunkservers as a place for chunks.
        fs::remove_dir(volume.point.join("lost+found")).context("remove lost+found")?;
        Ok(volume)
    }

    fn mount(&self) -> Result<()> {
        run(Command::new("mount")
            .args(["-o", "loop,discard,noinit_itable"])
            .arg(&self.image)
            .arg(&self.point))
    }

    /// From now on everything answers EIO, and what was not synced is lost.
    pub fn fail(&self) -> Result<()> {
        let root = openat(CWD, &self.point, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
            .context("open a disk")?;
        // SAFETY: this request reads one u32, as ext4 and XFS declare it.
        unsafe { ioctl(&root, Setter::<SHUTDOWN, u32>::new(NO_LOG_FLUSH)) }.context("shut a disk down")
    }

    /// The disk works again, with what was synced. Nobody may use it meanwhile.
    pub fn repair(&self) -> Result<()> {
        unmount(&self.point, UnmountFlags::empty())
            .with_context(|| format!("unmount {}", self.point.display()))?;
        self.mount()
    }

    /// Takes all space that is free.
    pub fn fill(&self) -> Result<()> {
        let file = File::create(self.filler()).context("make a filler")?;
        let mut at = 0;
        let mut step = 64 << 20;
        while step >= 4096 {
            match fallocate(&file, FallocateFlags::empty(), at, step) {
                Ok(()) => at += step,
                Err(Errno::NOSPC) => step /= 2,
                Err(error) => return Err(error).context("fill a disk"),
            }
        }
        Ok(())
    }

    /// Gives back what [`Volume::fill`] took.
    pub fn free(&self) -> Result<()> {
        fs::remove_file(self.filler()).context("remove a filler")
    }

    /// Bytes that are free.
    pub fn room(&self) -> Result<u64> {
        let space = statvfs(&self.point).context("ask a disk for its space")?;
        Ok(space.f_bavail * space.f_frsize)
    }

    fn filler(&self) -> PathBuf {
        self.point.join("filler")
    }
}
