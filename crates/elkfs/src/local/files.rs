//! The configuration files of a cluster. They are real ones: the daemons read nothing else, and an operator may edit
//! them; what exists is not written again.

use super::cluster::{Cluster, Role};
use anyhow::Context;
use nix::unistd::{Group, User, getegid, geteuid};
use std::path::Path;

/// Makes directories and the files that are missing; with `rewrite`, all files.
pub(crate) fn write(cluster: &Cluster, rewrite: bool) -> anyhow::Result<()> {
    make_dir(&cluster.dir.join("etc"))?;
    make_dir(&cluster.dir.join("log"))?;
    for role in cluster.daemons() {
        make_dir(&cluster.data(role))?;
        let config = cluster.config(role);
        if let Some(parent) = config.parent() {
            make_dir(parent)?;
        }
        put(&config, &text(cluster, role), rewrite)?;
        match role {
            Role::Master => {
                put(&exports(cluster), EXPORTS, false)?;
                new_file_system(&cluster.data(role))?;
            }
            Role::Chunkserver(number) => {
                make_dir(&cluster.disk(number))?;
                let disk = format!("{}\n", cluster.disk(number).display());
                put(&config.with_file_name("mfshdd.cfg"), &disk, false)?;
            }
            Role::Metalogger => {}
        }
    }
    Ok(())
}

const EXPORTS: &str = "# ADDRESS PATH OPTIONS; see mfsexports.cfg(5). This machine may mount everything as root.\n\
    127.0.0.0/8 / rw,alldirs,admin,maproot=0:0\n\
    127.0.0.0/8 . rw\n";

fn exports(cluster: &Cluster) -> std::path::PathBuf {
    cluster.dir.join("etc/mfsexports.cfg")
}

/// A master's directory without any metadata gets the empty image, exactly as an operator would put it there.
fn new_file_system(data: &Path) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(data).with_context(|| format!("can't read {}", data.display()))?;
    for entry in entries {
        let name = entry.with_context(|| format!("can't read {}", data.display()))?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("metadata") || name.starts_with("changelog") {
            return Ok(());
        }
    }
    put(&data.join("metadata.mfs"), "MFSM NEW", false)
}

fn text(cluster: &Cluster, role: Role) -> String {
    let ports = &cluster.shape.ports;
    let mut text = format!(
        "# Written by elkfs local up; stays as you change it.\n\
         {}DATA_PATH = {}\n\
         LOG_FILE = {}\n\
         SYSLOG_IDENT = {}\n\
         NICE_LEVEL = 0\n\
         DISABLE_OOM_KILLER = 0\n",
        identity(),
        cluster.data(role).display(),
        cluster.log(role).display(),
        role.program(),
    );
    let more = match role {
        Role::Master => format!(
            "EXPORTS_FILENAME = {}\n\
             TOPOLOGY_FILENAME = {}\n\
             MATOML_LISTEN_HOST = 127.0.0.1\n\
             MATOML_LISTEN_PORT = {}\n\
             MATOCS_LISTEN_HOST = 127.0.0.1\n\
             MATOCS_LISTEN_PORT = {}\n\
             MATOCL_LISTEN_HOST = 127.0.0.1\n\
             MATOCL_LISTEN_PORT = {}\n",
            exports(cluster).display(),
            cluster.dir.join("etc/mfstopology.cfg").display(),
            ports.metaloggers,
            ports.chunkservers,
            ports.clients,
        ),
        Role::Metalogger => {
            format!(
                "MASTER_HOST = 127.0.0.1\nMASTER_PORT = {}\nMASTER_RECONNECTION_DELAY = 1\n",
                ports.metaloggers
            )
        }
        // All disks are folders of one disk, so each leaves little of it free.
        Role::Chunkserver(number) => format!(
            "HDD_CONF_FILENAME = {}\n\
             HDD_LEAVE_SPACE_DEFAULT = 64MiB\n\
             MASTER_HOST = 127.0.0.1\n\
             MASTER_PORT = {}\n\
             MASTER_RECONNECTION_DELAY = 1\n\
             CSSERV_LISTEN_HOST = 127.0.0.1\n\
             CSSERV_LISTEN_PORT = {}\n",
            cluster.config(role).with_file_name("mfshdd.cfg").display(),
            ports.chunkservers,
            ports.data[number - 1],
        ),
    };
    text += &more;
    text
}

/// Whoever starts the cluster also runs it.
fn identity() -> String {
    let (uid, gid) = (geteuid(), getegid());
    let user = User::from_uid(uid).ok().flatten().map_or_else(|| format!("#{uid}"), |user| user.name);
    let group = Group::from_gid(gid).ok().flatten().map_or_else(|| format!("#{gid}"), |group| group.name);
    format!("WORKING_USER = {user}\nWORKING_GROUP = {group}\n")
}

fn put(file: &Path, text: &str, rewrite: bool) -> anyhow::Result<()> {
    if file.exists() && !rewrite {
        return Ok(());
    }
    std::fs::write(file, text).with_context(|| format!("can't write {}", file.display()))
}

/// Makes a directory with its parents.
pub(crate) fn make_dir(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| {
        format!("can't make directory {}: choose one you may write with --dir DIR", dir.display())
    })
}
