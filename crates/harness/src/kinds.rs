//! What a cluster is made of.

use anyhow::{Result, ensure};
use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::str::FromStr;

/// Whose program plays a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// MooseFS 3.0.117, from Debian's packages.
    Stock,
    /// ElkFS, from the build directory.
    Ours,
}

/// What a process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `mfsmaster`
    Master,
    /// `mfschunkserver`
    Chunkserver,
    /// `mfsmetalogger`
    Metalogger,
    /// `mfsmount`
    Mount,
}

impl Role {
    /// Name of the program, MooseFS's and ours.
    pub fn program(self) -> &'static str {
        match self {
            Role::Master => "mfsmaster",
            Role::Chunkserver => "mfschunkserver",
            Role::Metalogger => "mfsmetalogger",
            Role::Mount => "mfsmount",
        }
    }
}

impl Make {
    /// An offline program of MooseFS's `sbin` by its name, such as `mfsmetadump`, and its first arguments.
    pub(crate) fn offline(self, name: &'static str) -> Result<(PathBuf, Vec<&'static str>)> {
        match self {
            Make::Stock => Ok((PathBuf::from("/usr/sbin").join(name), vec![])),
            Make::Ours => Ok((our_binary()?, vec![name])),
        }
    }

    /// The program and its first arguments.
    pub(crate) fn program(self, role: Role) -> Result<(PathBuf, Vec<&'static str>)> {
        match self {
            Make::Stock => {
                let dir = if role == Role::Mount { "/usr/bin" } else { "/usr/sbin" };
                let path = PathBuf::from(dir).join(role.program());
                ensure!(path.exists(), "{} is missing: ./test installs the moosefs packages", path.display());
                Ok((path, vec![]))
            }
            Make::Ours => {
                let path = our_binary()?;
                ensure!(path.exists(), "{} is missing: run cargo build -p elkfs", path.display());
                Ok((path, vec![role.program()]))
            }
        }
    }
}

/// `ELKFS_BIN`, else the `elkfs` that cargo puts beside this program (or above it, for a test's program).
pub fn our_binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("ELKFS_BIN") {
        return Ok(path.into());
    }
    let mut dir = std::env::current_exe()?;
    dir.pop();
    if dir.ends_with("deps") || dir.ends_with("examples") {
        dir.pop();
    }
    Ok(dir.join("elkfs"))
}

impl FromStr for Make {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Make> {
        match text {
            "stock" => Ok(Make::Stock),
            "ours" => Ok(Make::Ours),
            _ => anyhow::bail!("\"{text}\" is neither \"stock\" nor \"ours\""),
        }
    }
}

impl fmt::Display for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Make::Stock => "stock",
            Make::Ours => "ours",
        })
    }
}

/// The shape of a cluster.
#[derive(Debug, Clone)]
pub struct ClusterSpec {
    /// Who plays the master.
    pub master: Make,
    /// Who plays each chunkserver.
    pub chunkservers: Vec<Make>,
    /// Who plays the metalogger, if there is one.
    pub metalogger: Option<Make>,
    /// Who plays each mount.
    pub mounts: Vec<Make>,
    /// Who plays each mount of the trash (`mfsmount -m`); they are numbered behind the other mounts.
    pub meta_mounts: Vec<Make>,
    /// More for `-o` of every mount.
    pub mount_options: Vec<String>,
    /// All data in memory, for measuring; else in `/tmp`.
    pub tmpfs: bool,
    /// Mounts are seen by the starting thread and what it starts, not by the rest of the machine.
    pub private_mounts: bool,
    /// More lines for `mfsmaster.cfg`.
    pub master_cfg: Vec<String>,
    /// More lines for every `mfschunkserver.cfg`.
    pub chunkserver_cfg: Vec<String>,
    /// Disks of each chunkserver.
    pub disks: usize,
    /// Each disk is a file system of its own in memory, of so many bytes; else all are directories beside the rest.
    pub disk_bytes: Option<u64>,
    /// Each chunkserver is a host of its own on a cable that can be pulled.
    pub cables: bool,
    /// The text of `mfsexports.cfg`.
    pub exports: String,
    /// More addresses to connect from, beside those of the roles.
    pub addresses: Vec<Ipv4Addr>,
}

impl ClusterSpec {
    /// One of each role and `chunkservers` chunkservers, all of one make.
    pub fn all(make: Make, chunkservers: usize) -> ClusterSpec {
        ClusterSpec {
            master: make,
            chunkservers: vec![make; chunkservers],
            metalogger: Some(make),
            mounts: vec![make],
            meta_mounts: Vec::new(),
            mount_options: Vec::new(),
            tmpfs: false,
            private_mounts: true,
            master_cfg: Vec::new(),
            chunkserver_cfg: Vec::new(),
            disks: 1,
            disk_bytes: None,
            cables: false,
            exports: "* / rw,alldirs,admin,maproot=0:0\n* . rw\n".into(),
            addresses: Vec::new(),
        }
    }
}
