//! Small files and metadata: many files, little in each.

use super::pattern::{self, BLOCK, Origin};
use super::report::Row;
use super::run::Bench;
use super::workers::{Laps, share, timed};
use crate::timing::{Done, Timing};
use anyhow::{Context, Result, ensure};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::IntoRawFd;
use std::path::{Path, PathBuf};

/// Bytes of the larger kind of small file.
const LARGE: usize = 64 * 1024;

/// Runs all tests of small files, in an order in which each finds what it needs.
pub(super) fn run(bench: &mut Bench) -> Result<()> {
    let small = Tree::new(bench, "small")?;
    let large = Tree::new(bench, "large")?;
    let empty = Tree::new(bench, "empty")?;
    let dirs = Tree::new(bench, "dirs")?;

    bench.each_file("mkdir", &dirs, |path, _| fs::create_dir(path).context("mkdir"))?;
    bench.each_file("create empty", &empty, |path, _| create(path, &[]))?;
    bench.each_file("create 4 KiB", &small, |path, origin| {
        let mut data = [0; BLOCK];
        pattern::fill(origin, 0, &mut data);
        create(path, &data)
    })?;
    bench.each_file("create 64 KiB", &large, |path, origin| {
        let mut data = vec![0; LARGE];
        pattern::fill(origin, 0, &mut data);
        create(path, &data)
    })?;

    bench.cool(small.files())?;
    bench.each_file("stat, cold", &small, |path, _| {
        let length = fs::symlink_metadata(path).context("stat")?.len();
        ensure!(length == BLOCK as u64, "stat says {length} bytes instead of {BLOCK}");
        Ok(())
    })?;
    bench.cool(small.files())?;
    list(bench, &small)?;
    bench.cool(small.files())?;
    bench.each_file("read 4 KiB, cold", &small, |path, origin| read_whole(path, origin, BLOCK))?;
    // Not timed: the larger files hold what was written too.
    large.visit(bench, |path, origin| read_whole(path, origin, LARGE))?;

    let renamed = small.renamed();
    bench.each_file("rename", &small, |path, _| fs::rename(path, Tree::new_name(path)).context("rename"))?;
    bench.each_file("unlink", &renamed, |path, _| fs::remove_file(path).context("unlink"))?;
    bench.each_file("rmdir", &dirs, |path, _| fs::remove_dir(path).context("rmdir"))?;
    for tree in [small, large, empty, dirs] {
        fs::remove_dir_all(&tree.root).with_context(|| format!("remove {}", tree.root.display()))?;
    }
    Ok(())
}

/// The files of one kind: `count` names, spread over directories.
struct Tree {
    root: PathBuf,
    prefix: &'static str,
    count: usize,
    per_dir: usize,
}

impl Tree {
    /// Makes the directories, not the files; not timed.
    fn new(bench: &Bench, kind: &str) -> Result<Tree> {
        let tree = Tree {
            root: bench.root().join(kind),
            prefix: "file-",
            count: bench.args().files,
            per_dir: bench.args().files_per_dir,
        };
        for dir in tree.dirs() {
            fs::create_dir_all(&dir).with_context(|| format!("make directory {}", dir.display()))?;
        }
        Ok(tree)
    }

    fn dirs(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.count.div_ceil(self.per_dir)).map(|dir| self.root.join(format!("dir-{dir}")))
    }

    fn file(&self, index: usize) -> PathBuf {
        self.root.join(format!("dir-{}/{}{index:06}", index / self.per_dir, self.prefix))
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.count).map(|index| self.file(index))
    }

    /// The same files after [`Tree::new_name`] was applied to each.
    fn renamed(&self) -> Tree {
        Tree { root: self.root.clone(), prefix: "moved-file-", ..*self }
    }

    fn new_name(path: &Path) -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("moved-{name}"))
    }

    /// Calls `work` for each file, untimed.
    fn visit(&self, bench: &Bench, work: impl Fn(&Path, Origin) -> Result<()>) -> Result<()> {
        for (index, path) in self.files().enumerate() {
            bench.check_stop()?;
            work(&path, origin(index)).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

fn origin(index: usize) -> Origin {
    Origin { file: index as u64, generation: 0 }
}

impl Bench<'_> {
    /// Times `work` on every file of `tree`, each thread taking its share of the files in order.
    fn each_file<F>(&mut self, test: &str, tree: &Tree, work: F) -> Result<()>
    where
        F: Fn(&Path, Origin) -> Result<()> + Sync,
    {
        let threads = self.args().threads;
        let timing = timed(threads, self.stop(), |worker, laps: &mut Laps| {
            for index in share(tree.count, threads, worker) {
                let path = tree.file(index);
                laps.lap(|| work(&path, origin(index))).with_context(|| path.display().to_string())?;
            }
            Ok(())
        })
        .with_context(|| format!("test \"{test}\""))?;
        self.push(Row::new(test, threads, &timing, Done::Operations(tree.count)));
        Ok(())
    }
}

/// Times reading each directory with the attributes of each entry, as `ls -l` does; the rate is in entries.
fn list(bench: &mut Bench, tree: &Tree) -> Result<()> {
    let dirs: Vec<_> = tree.dirs().collect();
    let threads = bench.args().threads;
    let timing: Timing = timed(threads, bench.stop(), |worker, laps: &mut Laps| {
        for index in share(dirs.len(), threads, worker) {
            let found =
                laps.lap(|| list_dir(&dirs[index])).with_context(|| dirs[index].display().to_string())?;
            let want = share_of_dir(tree, index);
            ensure!(found == want, "{} lists {found} files instead of {want}", dirs[index].display());
        }
        Ok(())
    })
    .context("test \"list\"")?;
    bench.push(Row::new("list with attributes, cold", threads, &timing, Done::Operations(tree.count)));
    Ok(())
}

fn share_of_dir(tree: &Tree, dir: usize) -> usize {
    tree.per_dir.min(tree.count - dir * tree.per_dir)
}

fn list_dir(dir: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(dir).context("open directory")? {
        let metadata = entry.context("read directory")?.metadata().context("stat")?;
        ensure!(metadata.len() == BLOCK as u64, "an entry has {} bytes instead of {BLOCK}", metadata.len());
        count += 1;
    }
    Ok(count)
}

/// Creates a file with `data` in it; close is part of it and its error counts.
fn create(path: &Path, data: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).context("create")?;
    if !data.is_empty() {
        file.write_all(data).context("write")?;
    }
    close(file).context("close")
}

/// Closes and reports the error that dropping would hide.
pub(super) fn close(file: File) -> Result<(), Errno> {
    // SAFETY: `into_raw_fd` gave the ownership of the descriptor to us, and nothing else uses it.
    unsafe { rustix::io::try_close(file.into_raw_fd()) }
}

/// Reads all of a file and compares it with what was written.
fn read_whole(path: &Path, origin: Origin, length: usize) -> Result<()> {
    let mut data = Vec::with_capacity(length + 1);
    let file = File::open(path).context("open")?;
    file.take(length as u64 + 1).read_to_end(&mut data).context("read")?;
    ensure!(data.len() == length, "{} bytes read instead of {length}", data.len());
    match pattern::first_bad(origin, 0, &data) {
        Some(block) => anyhow::bail!("wrong data at offset {}", block * BLOCK as u64),
        None => Ok(()),
    }
}
