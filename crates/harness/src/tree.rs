//! Trees of files: generated with everything a tree can hold, copied, and compared.

mod manifest;

use anyhow::{Context, Result, ensure};
use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, mknodat, utimensat};
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

pub use manifest::{Entry, manifest};

/// How large a generated tree is.
#[derive(Debug, Clone, Copy)]
pub struct TreeSize {
    /// Regular files, about.
    pub files: usize,
    /// Length of one file that crosses chunk borders, bytes.
    pub big_bytes: u64,
}

impl TreeSize {
    /// Seconds, not minutes: 2,500 files, 0.2 GiB.
    pub const SHORT: TreeSize = TreeSize { files: 2_500, big_bytes: 70 << 20 };
    /// 20,000 files, 1.2 GiB.
    pub const FULL: TreeSize = TreeSize { files: 20_000, big_bytes: 200 << 20 };

    /// `FULL` if the environment variable `ELKFS_E2E_FULL` is set, else `SHORT`.
    pub fn from_env() -> TreeSize {
        if full() { TreeSize::FULL } else { TreeSize::SHORT }
    }
}

/// Whether the long form of the end-to-end tests is asked for (`./test --full`).
pub fn full() -> bool {
    std::env::var_os("ELKFS_E2E_FULL").is_some()
}

/// Makes a tree; the same seed makes the same one.
#[derive(Debug)]
pub struct Tree {
    random: Random,
    root: PathBuf,
    dirs: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Tree {
    /// Fills the new directory `root`.
    pub fn generate(root: &Path, size: TreeSize, seed: u64) -> Result<()> {
        fs::create_dir(root).with_context(|| format!("make {}", root.display()))?;
        let mut tree =
            Tree { random: Random(seed), root: root.into(), dirs: vec![root.into()], files: Vec::new() };
        for index in 0..size.files {
            if index % 25 == 0 {
                tree.directory(index)?;
            }
            tree.file(index)?;
            match index % 100 {
                7 => tree.link(index)?,
                13 | 63 => tree.symlink(index)?,
                _ => {}
            }
        }
        tree.odd_names()?;
        tree.special()?;
        tree.sparse()?;
        tree.big(size.big_bytes)?;
        tree.times()
    }

    fn pick_dir(&mut self) -> PathBuf {
        let index = self.random.below(self.dirs.len() as u64) as usize;
        self.dirs[index].clone()
    }

    fn directory(&mut self, index: usize) -> Result<()> {
        let mut parent = self.pick_dir();
        if parent.components().count() > self.root.components().count() + 8 {
            parent = self.root.clone();
        }
        let path = parent.join(format!("dir-{index}"));
        fs::create_dir(&path).context("mkdir")?;
        let mode = [0o755, 0o700, 0o1777, 0o2775][self.random.below(4) as usize];
        fs::set_permissions(&path, Permissions::from_mode(mode)).context("chmod")?;
        self.dirs.push(path);
        Ok(())
    }

    fn file(&mut self, index: usize) -> Result<()> {
        let extension = ["txt", "rs", "o", "html"][index % 4];
        let path = self.pick_dir().join(format!("file-{index}.{extension}"));
        let length = match self.random.below(100) {
            0..10 => 0,
            10..60 => self.random.below(4096),
            60..90 => self.random.below(64 << 10),
            90..99 => self.random.below(512 << 10),
            _ => self.random.below(3 << 20),
        };
        let mut data = vec![0; length as usize];
        self.random.fill(&mut data);
        fs::write(&path, &data).context("write")?;
        let owner = [0, 1000, 65534, 123_456][self.random.below(4) as usize];
        chown(&path, Some(owner), Some(owner / 2)).context("chown")?;
        // After chown, which clears the set-id bits.
        let mode = [0o644, 0o600, 0o755, 0o4755, 0o2711, 0o000, 0o444][self.random.below(7) as usize];
        fs::set_permissions(&path, Permissions::from_mode(mode)).context("chmod")?;
        self.files.push(path);
        Ok(())
    }

    fn link(&mut self, index: usize) -> Result<()> {
        let target = self.random.below(self.files.len() as u64) as usize;
        let path = self.pick_dir().join(format!("link-{index}"));
        fs::hard_link(&self.files[target], path).context("link")
    }

    fn symlink(&mut self, index: usize) -> Result<()> {
        let target = match self.random.below(3) {
            0 => PathBuf::from("no/such/file"),
            1 => PathBuf::from("x".repeat(1000)),
            _ => PathBuf::from(".."),
        };
        let path = self.pick_dir().join(format!("symlink-{index}"));
        symlink(target, &path).context("symlink")?;
        lchown(&path, Some(7), Some(8)).context("lchown")
    }

    fn odd_names(&mut self) -> Result<()> {
        let names: [OsString; 7] = [
            "with blank".into(),
            "-dash".into(),
            "line\nbreak".into(),
            "Größe-大小-🦌".into(),
            OsString::from_vec(b"not-utf8-\xff\xfe".to_vec()),
            "n".repeat(255).into(),
            "...".into(),
        ];
        for name in names {
            fs::write(self.root.join(&name), name.as_encoded_bytes()).context("write")?;
        }
        Ok(())
    }

    fn special(&mut self) -> Result<()> {
        let mode = Mode::from_raw_mode(0o640);
        mknodat(CWD, self.root.join("fifo-1"), FileType::Fifo, mode, 0).context("mkfifo")?;
        mknodat(CWD, self.root.join("fifo-socket"), FileType::Socket, mode, 0).context("mknod")
    }

    fn sparse(&mut self) -> Result<()> {
        let file = File::create(self.root.join("sparse")).context("create")?;
        file.write_all_at(b"after one hole", 1_000_000).context("write")?;
        file.set_len(3_000_000).context("truncate")
    }

    fn big(&mut self, bytes: u64) -> Result<()> {
        write_random(&self.root.join("big"), bytes, &mut self.random)
    }

    /// Old times, which a copy must keep; whole seconds, as the format stores no more.
    fn times(&mut self) -> Result<()> {
        let paths: Vec<_> = self.files.iter().chain(self.dirs.iter().rev()).cloned().collect();
        for path in paths {
            let seconds = 1_000_000_000 + self.random.below(700_000_000) as i64;
            let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
            let times = Timestamps { last_access: time, last_modification: time };
            utimensat(CWD, &path, &times, AtFlags::SYMLINK_NOFOLLOW).context("set times")?;
        }
        Ok(())
    }
}

/// Writes `bytes` of random data to the new file `path` and syncs it.
fn write_random(path: &Path, bytes: u64, random: &mut Random) -> Result<()> {
    let mut file = File::create_new(path).with_context(|| format!("create {}", path.display()))?;
    let mut data = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        random.fill(&mut data);
        let step = left.min(data.len() as u64);
        file.write_all(&data[..step as usize]).context("write")?;
        left -= step;
    }
    file.sync_all().context("fsync")
}

/// Copies with `cp -a` and compares, see [`compare_trees`].
pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    checked(Command::new("cp").arg("-a").arg(from).arg(to))?;
    compare_trees(from, to)
}

/// Demands that two trees are the same: data by `diff -r`, and every attribute a file system of whole seconds keeps.
pub fn compare_trees(left: &Path, right: &Path) -> Result<()> {
    let mut diff = Command::new("diff");
    // Of FIFOs and sockets diff only says that they are some; the manifest compares them.
    diff.args(["-r", "--no-dereference", "-x", "fifo-*"]).arg(left).arg(right);
    checked(&mut diff)?;
    let (left, right) = (manifest(left)?, manifest(right)?);
    ensure!(left.len() == right.len(), "{} entries and {}", left.len(), right.len());
    for ((path, want), (other, got)) in left.iter().zip(&right) {
        ensure!(path == other && want == got, "{path:?}: {want:?}\n{other:?}: {got:?}");
    }
    Ok(())
}

/// SHA-256 of a file, as `sha256sum` prints it.
pub fn sha256(path: &Path) -> Result<String> {
    let output = checked(Command::new("sha256sum").arg("-b").arg(path))?;
    let text = String::from_utf8_lossy(&output);
    Ok(text.split_whitespace().next().context("a checksum")?.trim_start_matches('\\').to_owned())
}

/// Makes a file of random data; the same seed makes the same one.
pub fn big_file(path: &Path, bytes: u64, seed: u64) -> Result<()> {
    write_random(path, bytes, &mut Random(seed))
}

/// Runs a program and returns what it printed; an error has all that it said.
pub fn checked(command: &mut Command) -> Result<Vec<u8>> {
    let name = command.get_program().to_owned();
    let output = command.output().with_context(|| format!("run {}", Path::new(&name).display()))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(4000)]).into_owned();
    ensure!(
        output.status.success(),
        "{} {:?}: {}\n{}{}",
        OsStr::new(&name).display(),
        command.get_args().collect::<Vec<_>>(),
        output.status,
        said(&output.stdout),
        said(&output.stderr)
    );
    Ok(output.stdout)
}

/// Pseudo-random numbers (splitmix64), the same for the same seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Random(pub(crate) u64);

impl Random {
    /// Numbers from a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Fills `data`.
    pub(crate) fn fill(&mut self, data: &mut [u8]) {
        for chunk in data.chunks_mut(8) {
            let value = self.next().to_be_bytes();
            chunk.copy_from_slice(&value[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: TreeSize = TreeSize { files: 120, big_bytes: 1 << 20 };

    #[test]
    fn a_copy_is_equal_and_a_changed_copy_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        Tree::generate(&from, TINY, 1).unwrap();
        copy_tree(&from, &to).unwrap();
        let again = dir.path().join("again");
        Tree::generate(&again, TINY, 1).unwrap();
        checked(
            Command::new("diff").args(["-rq", "--no-dereference", "-x", "fifo-*"]).arg(&from).arg(&again),
        )
        .unwrap();

        let file = File::options().write(true).open(to.join("big")).unwrap();
        file.write_all_at(b"x", 12345).unwrap();
        assert!(compare_trees(&from, &to).unwrap_err().to_string().contains("big"));
        fs::copy(from.join("big"), to.join("big")).unwrap();
        fs::set_permissions(to.join("..."), Permissions::from_mode(0o640)).unwrap();
        let error = compare_trees(&from, &to).unwrap_err().to_string();
        assert!(error.contains("mode"), "{error}");
    }

    #[test]
    fn checksums_are_those_of_sha256() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("abc");
        fs::write(&path, "abc").unwrap();
        assert_eq!(
            sha256(&path).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
