//! `elkfs install`: lays out a prefix as the manual of MooseFS knows it (`spec/config-and-daemons.md` 1).

mod place;
mod samples;

use crate::programs;
use anyhow::{Context as _, bail};
use daemon::Layout;
use daemon::options::{CHUNKSERVER, MASTER, METALOGGER};
use nix::unistd::{Gid, Group, Uid, User, geteuid};
use place::Place;
use samples::{Identity, TEXTS, daemon_sample};
use std::path::PathBuf;

/// Arguments of `elkfs install`.
#[derive(clap::Args)]
pub(crate) struct InstallArgs {
    /// Where to: PREFIX/sbin, bin, etc, var/mfs and share. With /usr, configuration is in /etc/mfs and data in
    /// /var/lib/mfs
    #[arg(long, value_name = "PREFIX")]
    prefix: PathBuf,
    /// Whom daemons run as; owns the data directory [default: mfs if there is such a user, else nobody]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The daemons' group [default: that of the user]
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

/// The image of a file system without a file, as `mfsmaster` wants it for a first start.
const EMPTY_IMAGE: &[u8] = b"MFSM NEW";

/// Installs, or brings an installation up to date: samples and programs are replaced, nothing else is touched.
pub(crate) fn run(args: &InstallArgs) -> anyhow::Result<()> {
    let owner = owner(args)?;
    let prefix = std::path::absolute(&args.prefix).context("the prefix")?;
    let layout = Layout::of_prefix(&prefix);
    let mut place = Place::default();
    let binary = prefix.join("bin/elkfs");
    place.program(&binary)?;
    for name in programs::names() {
        place.link(&prefix.join(programs::folder(name)).join(name), &binary)?;
    }
    for tool in tools::TOOLS {
        let page = prefix.join(format!("share/man/man1/{}.1", tool.name));
        place.file(&page, tool.manual().as_bytes())?;
    }
    let identity = Identity { user: args.user.as_deref(), group: args.group.as_deref() };
    for (name, tables) in
        [("mfsmaster", MASTER), ("mfsmetalogger", METALOGGER), ("mfschunkserver", CHUNKSERVER)]
    {
        let text = daemon_sample(name, tables, &layout, identity);
        place.file(&layout.etc().join(format!("{name}.cfg.dist")), text.as_bytes())?;
    }
    for (name, text) in TEXTS {
        place.file(&layout.etc().join(name), text.as_bytes())?;
    }
    place.directory(layout.data())?;
    let empty = layout.data().join("metadata.mfs.empty");
    place.file(&empty, EMPTY_IMAGE)?;
    if let Some((uid, gid)) = owner {
        for path in [layout.data(), &empty] {
            std::os::unix::fs::chown(path, Some(uid.as_raw()), Some(gid.as_raw()))
                .with_context(|| format!("can't give {} to the working user", path.display()))?;
        }
    }
    println!("{place}");
    println!(
        "Next: in {} copy each .cfg.dist that this machine needs to .cfg and edit it; for a master also\n\
         cp {} {}",
        layout.etc().display(),
        empty.display(),
        layout.data().join("metadata.mfs").display()
    );
    Ok(())
}

/// Whom the data directory belongs to: nothing to do unless root installs.
fn owner(args: &InstallArgs) -> anyhow::Result<Option<(Uid, Gid)>> {
    if !geteuid().is_root() {
        if let Some(user) = &args.user {
            tracing::warn!("not root, so {user} does not become the owner of the data directory");
        }
        return Ok(None);
    }
    let user = match &args.user {
        Some(name) => {
            let Some(user) = User::from_name(name)? else {
                bail!(
                    "there is no user {name}: make it first, for instance with \
                     useradd --system --no-create-home --shell /usr/sbin/nologin {name}"
                )
            };
            Some(user)
        }
        None => daemon::default_user()?,
    };
    let Some(user) = user else { return Ok(None) };
    let gid = match &args.group {
        Some(name) => match Group::from_name(name)? {
            Some(group) => group.gid,
            None => {
                bail!("there is no group {name}: make it first, for instance with groupadd --system {name}")
            }
        },
        None => user.gid,
    };
    Ok(Some((user.uid, gid)))
}
