//! Mounts of the trash, a stock one and ours side by side on our master: they show the same, and both bring files back,
//! remove them for good, and show what is deleted but open.

use anyhow::{Result, ensure};
use harness::{Cluster, ClusterSpec, Make};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Mode, links, owner, size and number.
type Shown = (u32, u64, u32, u64, u64);

/// Everything below a directory.
fn tree(root: &Path) -> Result<BTreeMap<PathBuf, Shown>> {
    let mut all = BTreeMap::new();
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            let of = fs::symlink_metadata(&path)?;
            all.insert(
                path.strip_prefix(root)?.into(),
                (of.mode(), of.nlink(), of.uid(), of.size(), of.ino()),
            );
            if of.is_dir() && path.file_name().is_some_and(|name| name != "undel") {
                dirs.push(path);
            }
        }
    }
    Ok(all)
}

/// The only file in the trash that was called so.
fn in_trash(meta: &Path, inode: u64, name: &str) -> PathBuf {
    meta.join(format!("trash/{:03X}/{inode:08X}|{name}", inode % 4096))
}

/// Asks the listing: a file that a mount holds for another moment is still there for who looks it up by number.
fn is_listed(entry: &Path) -> Result<bool> {
    let dir = entry.parent().unwrap_or(entry);
    let names = fs::read_dir(dir)?.map(|e| Ok(e?.file_name())).collect::<Result<Vec<_>>>()?;
    Ok(names.iter().any(|name| Some(name.as_os_str()) == entry.file_name()))
}

/// Deletes a file; gives its number.
fn deleted(point: &Path, name: &str) -> Result<u64> {
    let path = point.join(name);
    fs::write(&path, name)?;
    let inode = fs::metadata(&path)?.ino();
    fs::remove_file(&path)?;
    Ok(inode)
}

fn works(point: &Path, meta: &Path, make: Make) -> Result<()> {
    let (back, gone, moved) = (deleted(point, "back")?, deleted(point, "gone")?, deleted(point, "moved")?);
    let entry = in_trash(meta, back, "back");
    ensure!(fs::read_to_string(&entry)? == "back\n", "{make}: the path is what is read");
    fs::rename(&entry, entry.with_file_name("undel").join("x"))?;
    ensure!(fs::read_to_string(point.join("back"))? == "back", "{make}: undeleted");
    ensure!(!is_listed(&entry)?);
    let entry = in_trash(meta, gone, "gone");
    fs::remove_file(&entry)?;
    ensure!(!is_listed(&entry)?, "{make}: purged");
    let entry = in_trash(meta, moved, "moved");
    fs::write(&entry, format!("/made/by-{make}\n"))?;
    let entry = in_trash(meta, moved, &format!("made|by-{make}"));
    fs::rename(&entry, meta.join("trash/undel/x"))?;
    ensure!(
        fs::read_to_string(point.join(format!("made/by-{make}")))? == "moved",
        "{make}: under another path"
    );
    // A name that is taken meanwhile is not written over.
    let taken = deleted(point, "taken")?;
    fs::write(point.join("taken"), "new")?;
    let entry = in_trash(meta, taken, "taken");
    let refused = fs::rename(&entry, meta.join("trash/undel/x")).map_err(|e| e.raw_os_error());
    ensure!(refused == Err(Some(Errno::EXIST.raw_os_error())), "{make}: {refused:?}");
    ensure!(fs::read_to_string(point.join("taken"))? == "new");
    fs::remove_file(&entry)?;
    for (done, wanted) in [
        (fs::create_dir(meta.join("dir")), Errno::NOSYS),
        (fs::rename(meta.join("trash"), meta.join("t")), Errno::ACCESS),
    ] {
        let error = done.err().and_then(|e| e.raw_os_error());
        ensure!(error == Some(wanted.raw_os_error()), "{make}: {error:?} for what nobody can do");
    }
    Ok(())
}

fn sustained(cluster: &Cluster, metas: &[PathBuf; 2]) -> Result<()> {
    let path = cluster.mount_point(0).join("open");
    fs::write(&path, "still here")?;
    harness::checked(cluster.command("mfssettrashtime").arg("0").arg(&path))?;
    let file = File::open(&path)?;
    let name = format!("sustained/{:08X}|open", file.metadata()?.ino());
    fs::remove_file(&path)?;
    for meta in metas {
        let entry = meta.join(&name);
        ensure!(fs::metadata(&entry)?.len() == 10);
        ensure!(File::open(&entry).is_err() && fs::remove_file(&entry).is_err());
    }
    // Once closed it goes when the master comes round to its bucket, which takes minutes, as in stock.
    drop(file);
    Ok(())
}

fn all() -> Result<()> {
    let meta_mounts = vec![Make::Stock, Make::Ours];
    let cluster = Cluster::start(&ClusterSpec { meta_mounts, ..crate::on_ours(1) })?;
    let point = cluster.mount_point(0);
    let metas = [cluster.mount_point(1), cluster.mount_point(2)];
    for i in 0..20 {
        fs::create_dir_all(point.join("deep/er"))?;
        deleted(&point, &format!("deep/er/file {i}"))?;
    }
    let (stock, ours) = (tree(&metas[0])?, tree(&metas[1])?);
    ensure!(stock.len() > 2 * 4096 + 20 && stock == ours, "stock and ours show different things");
    works(&point, &metas[0], Make::Stock)?;
    works(&point, &metas[1], Make::Ours)?;
    sustained(&cluster, &metas)
}

#[test]
fn our_servers() {
    all().unwrap();
}
