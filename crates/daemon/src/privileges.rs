//! From root to the working user (`spec/config-and-daemons.md` 10, step 6).

use crate::Config;
use anyhow::{Context as _, bail};
use nix::unistd::{Gid, Group, Uid, User, geteuid, initgroups, setgid, setgroups, setuid};
use std::ffi::CString;

/// Who to be when nothing is configured: the user of Debian's packages if it exists, else that of stock's own build.
const DEFAULT_USERS: [&str; 2] = ["mfs", "nobody"];

/// Becomes WORKING_USER and WORKING_GROUP. Does nothing unless started by root.
pub(crate) fn drop_privileges(config: &Config) -> anyhow::Result<()> {
    let (user, group) = (config.text("WORKING_USER"), config.text("WORKING_GROUP"));
    if !geteuid().is_root() {
        return Ok(());
    }
    let user = find_user(user)?;
    let gid = if group.is_empty() {
        match &user {
            Who::Named(user) => user.gid,
            Who::Number(uid) => bail!(
                "WORKING_USER = #{uid} has no entry in the user database, so WORKING_GROUP must say which group to use"
            ),
        }
    } else {
        find_group(group)?
    };
    setgid(gid).with_context(|| format!("can't set gid to {gid}"))?;
    let uid = match &user {
        Who::Named(user) => {
            let name = CString::new(user.name.as_str()).context("user name")?;
            initgroups(&name, gid).context("can't set supplementary groups")?;
            user.uid
        }
        Who::Number(uid) => {
            setgroups(&[gid]).context("can't set supplementary groups")?;
            *uid
        }
    };
    tracing::info!("set gid to {gid}");
    setuid(uid).with_context(|| format!("can't set uid to {uid}"))?;
    tracing::info!("set uid to {uid}");
    Ok(())
}

enum Who {
    Named(User),
    Number(Uid),
}

fn find_user(name: &str) -> anyhow::Result<Who> {
    if let Some(number) = name.strip_prefix('#') {
        let uid = number.parse().with_context(|| format!("WORKING_USER = {name}: no number behind #"))?;
        let uid = Uid::from_raw(uid);
        return Ok(User::from_uid(uid)?.map_or(Who::Number(uid), Who::Named));
    }
    let found = if name.is_empty() { default_user()? } else { User::from_name(name)? };
    let Some(user) = found else {
        let name = if name.is_empty() { DEFAULT_USERS[0] } else { name };
        bail!("{name}: no such user - can't run as WORKING_USER; create it, or name another one")
    };
    Ok(Who::Named(user))
}

/// Whom daemons started by root run as when nothing is configured, if there is such a user.
pub fn default_user() -> nix::Result<Option<User>> {
    let mut found = DEFAULT_USERS.iter().map(|name| User::from_name(name));
    found.find(|user| !matches!(user, Ok(None))).unwrap_or(Ok(None))
}

fn find_group(name: &str) -> anyhow::Result<Gid> {
    if let Some(number) = name.strip_prefix('#') {
        let gid = number.parse().with_context(|| format!("WORKING_GROUP = {name}: no number behind #"))?;
        return Ok(Gid::from_raw(gid));
    }
    match Group::from_name(name)? {
        Some(group) => Ok(group.gid),
        None => bail!("{name}: no such group - can't run with WORKING_GROUP; create it, or name another one"),
    }
}
