//! The configuration files of one cluster.

use crate::kinds::ClusterSpec;
use anyhow::{Context, Result};
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

/// Address of the master.
pub(crate) const MASTER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
/// Address of the metalogger.
pub(crate) const METALOGGER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);

/// Address of chunkserver number `index`.
pub(crate) fn chunkserver(index: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 99, 0, 100 + index as u8)
}

/// Address of mount number `index`.
pub(crate) fn mount(index: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 99, 0, 10 + index as u8)
}

/// Port on which chunkservers talk to the master.
pub(crate) const MATOCS_PORT: u16 = 9420;
/// Port on which mounts and tools talk to the master.
pub(crate) const MATOCL_PORT: u16 = 9421;
/// Port of every chunkserver.
pub(crate) const CSSERV_PORT: u16 = 9422;

/// Writes configuration and data directories of one process below `dir` and returns the configuration file.
struct Layout<'a> {
    dir: &'a Path,
}

impl Layout<'_> {
    fn new(dir: &Path) -> Result<Layout<'_>> {
        let data = dir.join("data");
        fs::create_dir_all(&data).with_context(|| format!("make {}", data.display()))?;
        Ok(Layout { dir })
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.dir.join(name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        Ok(path)
    }

    fn common(&self) -> String {
        let data = self.dir.join("data");
        format!("WORKING_USER = root\nWORKING_GROUP = root\nDATA_PATH = {}\n", data.display())
    }
}

/// The master's files; a new one gets an empty metadata image.
pub(crate) fn write_master(dir: &Path, spec: &ClusterSpec) -> Result<PathBuf> {
    let layout = Layout::new(dir)?;
    let exports = layout.write("mfsexports.cfg", &spec.exports)?;
    let topology = layout.write("mfstopology.cfg", "")?;
    layout.write("data/metadata.mfs", "MFSM NEW")?;
    let mut text = layout.common();
    text += &format!("EXPORTS_FILENAME = {}\n", exports.display());
    text += &format!("TOPOLOGY_FILENAME = {}\n", topology.display());
    for name in ["MATOML", "MATOCS", "MATOCL"] {
        text += &format!("{name}_LISTEN_HOST = {MASTER}\n");
    }
    for line in &spec.master_cfg {
        text += line;
        text.push('\n');
    }
    layout.write("mfsmaster.cfg", &text)
}

/// The metalogger's file.
pub(crate) fn write_metalogger(dir: &Path) -> Result<PathBuf> {
    let layout = Layout::new(dir)?;
    let text = format!("{}MASTER_HOST = {MASTER}\nBIND_HOST = {METALOGGER}\n", layout.common());
    layout.write("mfsmetalogger.cfg", &text)
}

/// Disk number `disk` of the chunkserver in `dir`.
pub(crate) fn disk(dir: &Path, disk: usize) -> PathBuf {
    if disk == 0 { dir.join("disk") } else { dir.join(format!("disk-{disk}")) }
}

/// The files of chunkserver number `index`, with its disks.
pub(crate) fn write_chunkserver(dir: &Path, index: usize, spec: &ClusterSpec) -> Result<PathBuf> {
    let layout = Layout::new(dir)?;
    let address = chunkserver(index);
    let mut lines = String::new();
    for disk in (0..spec.disks).map(|n| disk(dir, n)) {
        fs::create_dir_all(&disk).with_context(|| format!("make {}", disk.display()))?;
        lines += &format!("{}\n", disk.display());
    }
    let disks = layout.write("mfshdd.cfg", &lines)?;
    let mut text = layout.common();
    text += &format!("HDD_CONF_FILENAME = {}\n", disks.display());
    text += &format!("MASTER_HOST = {MASTER}\nBIND_HOST = {address}\nCSSERV_LISTEN_HOST = {address}\n");
    // Reconnecting after a master restart is part of several tests; the default of 5 s only makes them longer.
    text += "MASTER_RECONNECTION_DELAY = 1\n";
    for line in &spec.chunkserver_cfg {
        text += line;
        text.push('\n');
    }
    layout.write("mfschunkserver.cfg", &text)
}
