//! Extended attributes, ACLs, special files, stock's tools through our mount.

use anyhow::{Result, ensure};
use harness::{Cluster, ClusterSpec, checked};
use rustix::fs::{XattrFlags, getxattr, listxattr, removexattr, setxattr};
use rustix::io::Errno;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// user::rw-, user:5:rwx, group::r--, mask::rwx, other::---
const ACL: [u8; 44] = [
    2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 7, 0, 5, 0, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255, 16,
    0, 7, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
];

fn get(path: &Path, name: &str) -> rustix::io::Result<Vec<u8>> {
    let mut value = vec![0; 70_000];
    let len = getxattr(path, name, &mut value[..])?;
    value.truncate(len);
    Ok(value)
}

fn xattrs(file: &Path) -> Result<()> {
    ensure!(get(file, "user.one") == Err(Errno::NODATA));
    let long = vec![7; 65_536];
    setxattr(file, "user.one", b"first", XattrFlags::CREATE)?;
    setxattr(file, "user.long", &long, XattrFlags::empty())?;
    ensure!(setxattr(file, "user.one", b"x", XattrFlags::CREATE) == Err(Errno::EXIST));
    ensure!(setxattr(file, "user.two", b"x", XattrFlags::REPLACE) == Err(Errno::NODATA));
    ensure!(get(file, "user.one")? == b"first" && get(file, "user.long")? == long);
    let mut names = vec![0; 1000];
    let len = listxattr(file, &mut names[..])?;
    let names: Vec<_> = names[..len].split(|&b| b == 0).filter(|n| !n.is_empty()).collect();
    ensure!(names.len() == 2 && names.contains(&&b"user.one"[..]), "{names:?}");
    removexattr(file, "user.one")?;
    ensure!(get(file, "user.one") == Err(Errno::NODATA));
    Ok(())
}

fn acls(file: &Path) -> Result<()> {
    const ACCESS: &str = "system.posix_acl_access";
    ensure!(get(file, ACCESS) == Err(Errno::NODATA));
    setxattr(file, ACCESS, &ACL, XattrFlags::empty())?;
    ensure!(get(file, ACCESS)? == ACL);
    ensure!(fs::metadata(file)?.permissions().mode() & 0o777 == 0o670);
    removexattr(file, ACCESS)?;
    ensure!(get(file, ACCESS) == Err(Errno::NODATA));
    Ok(())
}

fn special(cluster: &Cluster) -> Result<()> {
    let root = cluster.mount_point(0);
    let info = fs::metadata(root.join(".masterinfo"))?;
    ensure!((info.ino(), info.len(), info.nlink(), info.uid()) == (0x7FFF_FFFF, 14, 1, 0));
    ensure!(fs::read(root.join(".masterinfo"))?.len() == 14);
    ensure!(fs::read_to_string(root.join(".params"))?.contains("mfsattrcacheto: 1.000"));
    ensure!(fs::read_to_string(root.join(".stats"))?.starts_with("fuse_ops: "));
    ensure!(fs::remove_file(root.join(".stats")).is_err() && fs::write(root.join(".params"), "x").is_err());
    let listed = fs::read_dir(&root)?.filter_map(|e| e.ok()).any(|e| e.file_name() == ".masterinfo");
    ensure!(!listed, "special files are not listed");
    let dir = root.join("dir");
    fs::create_dir(&dir)?;
    for goal in ["3", "1"] {
        checked(cluster.command("mfssetgoal").args(["-r", goal]).arg(&dir))?;
        let shown = String::from_utf8(checked(cluster.command("mfsgetgoal").arg(&dir))?)?;
        ensure!(shown.trim_end().ends_with(&format!(": {goal}")), "{shown}");
    }
    Ok(())
}

fn all(spec: &ClusterSpec) -> Result<()> {
    let cluster = Cluster::start(spec)?;
    let file = cluster.mount_point(0).join("file");
    fs::write(&file, "x")?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640))?;
    xattrs(&file)?;
    acls(&file)?;
    special(&cluster)
}

#[test]
fn stock_servers() {
    all(&crate::on_stock(1)).unwrap();
}
