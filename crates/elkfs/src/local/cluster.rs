//! What a cluster is, and where its things are.

use super::DirArgs;
use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// `cluster.json`: what is remembered between commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// Version of this file.
    pub(crate) format: u32,
    /// Where it is mounted.
    pub(crate) mount: PathBuf,
    /// Copies of each file.
    pub(crate) goal: u8,
    /// The goal has been set on the root.
    pub(crate) goal_set: bool,
    /// Ports, all on 127.0.0.1.
    pub(crate) ports: Ports,
}

/// Ports of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    /// The master's, for metaloggers.
    pub(crate) metaloggers: u16,
    /// The master's, for chunkservers.
    pub(crate) chunkservers: u16,
    /// The master's, for clients.
    pub(crate) clients: u16,
    /// Each chunkserver's.
    pub(crate) data: Vec<u16>,
}

const FORMAT: u32 = 1;

/// A cluster's directory and shape.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// Absolute.
    pub(crate) dir: PathBuf,
    pub(crate) shape: Shape,
}

/// The directory meant by the command line, absolute. It need not exist.
pub(crate) fn directory(args: &DirArgs) -> anyhow::Result<PathBuf> {
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => default_directory()
            .context("neither XDG_DATA_HOME nor HOME is set: say where the cluster is with --dir DIR")?,
    };
    let dir = std::path::absolute(&dir).with_context(|| format!("--dir {}", dir.display()))?;
    // It is written into configuration files, one setting a line.
    let text =
        dir.to_str().with_context(|| format!("{} is not UTF-8: choose another --dir", dir.display()))?;
    ensure!(
        !text.chars().any(char::is_control) && text.trim() == text,
        "{text:?} has control characters or blanks at its ends: choose another --dir"
    );
    Ok(dir)
}

fn default_directory() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
    Some(data.or_else(|| Some(variable("HOME")?.join(".local/share")))?.join("elkfs-local"))
}

impl Cluster {
    /// The cluster in `dir`, if there is one.
    pub(crate) fn load(dir: &Path) -> anyhow::Result<Option<Cluster>> {
        let file = dir.join("cluster.json");
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("can't read {}", file.display())),
        };
        let shape: Shape = serde_json::from_slice(&text).with_context(|| {
            format!("{} is damaged: repair it, or move the directory away and start anew", file.display())
        })?;
        ensure!(shape.format == FORMAT, "{} was written by another version of elkfs", file.display());
        Ok(Some(Cluster { dir: dir.to_owned(), shape }))
    }

    /// The cluster in `dir`, or a sentence on how to get one.
    pub(crate) fn existing(dir: &Path) -> anyhow::Result<Cluster> {
        match Cluster::load(dir)? {
            Some(cluster) => Ok(cluster),
            None => bail!("no cluster in {}: make one with elkfs local up --dir {0}", dir.display()),
        }
    }

    /// A new one; nothing is written yet. A new file system has goal 2 by itself.
    pub(crate) fn new(dir: &Path, mount: PathBuf, goal: u8, ports: Ports) -> Cluster {
        Cluster {
            dir: dir.to_owned(),
            shape: Shape { format: FORMAT, mount, goal, goal_set: goal == 2, ports },
        }
    }

    /// Writes `cluster.json`, whole or not at all.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.shape).context("cluster.json")?;
        let (file, new) = (self.dir.join("cluster.json"), self.dir.join("cluster.json.new"));
        let write = || {
            std::fs::write(&new, text + "\n")?;
            std::fs::File::open(&new)?.sync_all()?;
            std::fs::rename(&new, &file)
        };
        write().with_context(|| format!("can't write {}", file.display()))
    }

    /// Its daemons in the order in which they start.
    pub(crate) fn daemons(&self) -> Vec<Role> {
        let servers = (1..=self.shape.ports.data.len()).map(Role::Chunkserver);
        [Role::Master, Role::Metalogger].into_iter().chain(servers).collect()
    }

    /// A daemon's configuration file.
    pub(crate) fn config(&self, role: Role) -> PathBuf {
        let etc = self.dir.join("etc");
        match role {
            Role::Chunkserver(_) => etc.join(role.name()).join("mfschunkserver.cfg"),
            _ => etc.join(format!("{}.cfg", role.program())),
        }
    }

    /// A daemon's working directory.
    pub(crate) fn data(&self, role: Role) -> PathBuf {
        self.dir.join(role.name())
    }

    /// A chunkserver's folder of chunks.
    pub(crate) fn disk(&self, number: usize) -> PathBuf {
        self.dir.join(format!("disk{number}"))
    }

    /// A daemon's log.
    pub(crate) fn log(&self, role: Role) -> PathBuf {
        self.dir.join("log").join(format!("{}.log", role.name()))
    }
}

/// A daemon of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Master,
    Metalogger,
    /// Numbered from 1.
    Chunkserver(usize),
}

impl Role {
    /// The program that plays it.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Role::Master => "mfsmaster",
            Role::Metalogger => "mfsmetalogger",
            Role::Chunkserver(_) => "mfschunkserver",
        }
    }

    /// How to speak of it.
    pub(crate) fn title(self) -> String {
        match self {
            Role::Master => "the master".into(),
            Role::Metalogger => "the metalogger".into(),
            Role::Chunkserver(number) => format!("chunkserver {number}"),
        }
    }

    /// Its name in this cluster, for files and lists.
    pub(crate) fn name(self) -> String {
        match self {
            Role::Master => "master".into(),
            Role::Metalogger => "metalogger".into(),
            Role::Chunkserver(number) => format!("chunkserver{number}"),
        }
    }
}
