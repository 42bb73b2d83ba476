//! From options to a mount that works, and to its end.

use crate::background::Report;
use crate::fs::{CacheOptions, Fs, Special};
use crate::fuse::{self, Device, InitOptions, MountError};
use crate::invalidate::Invalidator;
use crate::options::MountOptions;
use crate::serve::{Serve, Server};
use crate::trash::Trash;
use client::{Client, ConnectError, MasterInfo};
use rustix::mount::MountFlags;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// How long the end of a mount waits for data that is still to be written.
const CLOSE_PATIENCE: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_secs(2);

/// Why there is no mount. The messages are for the one who typed the command.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum RunError {
    #[error("stat mountpoint '{}': {error}", at.display())]
    NoMountPoint { at: PathBuf, error: io::Error },
    #[error("given mountpoint '{}' is not a directory", .0.display())]
    NotADirectory(PathBuf),
    #[error("mountpoint '{}' is not empty (use -o nonempty to mount over it)", .0.display())]
    NotEmpty(PathBuf),
    #[error("{0}")]
    Connect(#[from] ConnectError),
    #[error("{0}")]
    Mount(String),
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
}

impl From<MountError> for RunError {
    fn from(error: MountError) -> Self {
        RunError::Mount(error.to_string())
    }
}

/// Mounts and serves until the file system is unmounted. To the world the mount exists, and `ready` is told the line
/// that a stock mfsmount prints, before the first request is served.
pub fn run(options: &MountOptions, ready: impl FnOnce(&str)) -> Result<(), RunError> {
    serve(options, Report::to(ready))
}

pub(crate) fn serve(options: &MountOptions, report: Report<'_>) -> Result<(), RunError> {
    check_mount_point(options)?;
    crate::process::prepare(options);
    let connected = if options.delayed_init { None } else { Some(Client::connect(options.client.clone())?) };
    let device = mount(options)?;
    let client = match connected {
        Some(client) => {
            report.ready(&greeting(&client.master(), options.client.deleted_files));
            client
        }
        None => {
            report.ready("");
            match connect_later(options, &device) {
                Some(client) => client,
                None => return Ok(()),
            }
        }
    };
    let invalidator = Invalidator::default();
    invalidator.start(device.notifier())?;
    client.set_listener(invalidator);
    let to_close = client.clone();
    crate::process::unmount_on_signals(&options.mount_point, move || {
        to_close.close(CLOSE_PATIENCE);
        std::process::exit(0);
    })?;
    crate::process::raise_read_ahead(&options.mount_point);
    let special = special(options, &client);
    let fs: Box<dyn Serve> = match options.client.deleted_files {
        true => Box::new(Trash::new(client.clone(), special.masterinfo, options.flat_trash)),
        false => Box::new(Fs::new(client.clone(), cache_options(options), special)),
    };
    Server::new(device, fs, options.single_thread).run();
    tracing::info!("unmounted");
    client.close(CLOSE_PATIENCE);
    Ok(())
}

fn check_mount_point(options: &MountOptions) -> Result<(), RunError> {
    let at = &options.mount_point;
    let error = |error| RunError::NoMountPoint { at: at.clone(), error };
    if !std::fs::metadata(at).map_err(error)?.is_dir() {
        return Err(RunError::NotADirectory(at.clone()));
    }
    if !options.nonempty && std::fs::read_dir(at).map_err(error)?.next().is_some() {
        return Err(RunError::NotEmpty(at.clone()));
    }
    Ok(())
}

fn mount(options: &MountOptions) -> Result<Device, RunError> {
    let mut flags = MountFlags::empty();
    flags.set(MountFlags::NOSUID, !options.suid);
    flags.set(MountFlags::NODEV, !options.dev);
    flags.set(MountFlags::RDONLY, options.read_only);
    let mut data = Vec::new();
    if options.allow_other {
        data.push("allow_other");
    }
    for option in &options.kernel {
        match option.as_str() {
            "noatime" => flags |= MountFlags::NOATIME,
            "nodiratime" => flags |= MountFlags::NODIRATIME,
            "relatime" => flags |= MountFlags::RELATIME,
            "strictatime" => flags |= MountFlags::STRICTATIME,
            "noexec" => flags |= MountFlags::NOEXEC,
            "sync" => flags |= MountFlags::SYNCHRONOUS,
            "dirsync" => flags |= MountFlags::DIRSYNC,
            other => data.push(other),
        }
    }
    let fd = fuse::mount(&options.mount_point, &options.source(), flags, &data)?;
    let init = InitOptions { posix_locks: !options.no_posix_locks, bsd_locks: !options.no_bsd_locks };
    Device::start(fd, init).map_err(|error| {
        fuse::unmount_lazily(&options.mount_point);
        error.into()
    })
}

/// Tries until the master is there; `None` when the file system is unmounted before.
fn connect_later(options: &MountOptions, device: &Device) -> Option<Client> {
    loop {
        match Client::connect(options.client.clone()) {
            Ok(client) => return Some(client),
            Err(error) => tracing::warn!(%error, "not connected yet"),
        }
        if device.is_unmounted_within(RETRY) {
            return None;
        }
    }
}

fn special(options: &MountOptions, client: &Client) -> Special {
    let masterinfo = match client.start_proxy(options.proxy) {
        Ok(addr) => client.masterinfo(addr),
        Err(error) => {
            tracing::warn!(%error, ip = %options.proxy, "no proxy: command line tools cannot use this mount");
            Vec::new()
        }
    };
    Special { masterinfo, params: crate::params::text(options, &client.master()) }
}

fn cache_options(options: &MountOptions) -> CacheOptions {
    CacheOptions {
        attr: Duration::from_secs_f64(options.attr_cache_s),
        entry: Duration::from_secs_f64(options.entry_cache_s),
        dir_entry: Duration::from_secs_f64(options.dir_entry_cache_s),
        negative: Duration::from_secs_f64(options.negative_entry_cache_s),
        xattr: Duration::from_secs_f64(options.xattr_cache_s),
        groups: Duration::from_secs_f64(options.groups_cache_s),
        mode: options.cache_mode,
        no_xattrs: options.no_xattrs,
        fsync_min_time: Duration::from_secs_f64(options.fsync_min_time_s),
    }
}

/// The line a stock mfsmount prints (`spec/tools.md` 15.2).
fn greeting(master: &MasterInfo, deleted_files: bool) -> String {
    let limits = master.limits;
    let has = |bit: u8| limits.flags & bit != 0;
    let mut line = String::from("mfsmaster accepted connection with parameters: ");
    line += if has(0x01) { "read-only" } else { "read-write" };
    line += if has(0x02) { ",not_restricted_ip" } else { ",restricted_ip" };
    for (bit, name) in [(0x04, ",ignore_gid"), (0x08, ",admin"), (0x10, ",map_all")] {
        line += if has(bit) { name } else { "" };
    }
    if limits.umask != 0 {
        line += &format!(" ; global umask set to 0{:03o}", limits.umask);
    }
    if !deleted_files {
        line += &format!(" ; root mapped to {}", user_and_group(limits.root));
    }
    if has(0x10) {
        line += &format!(" ; users mapped to {}", user_and_group(limits.map_all));
    }
    if limits.goal.0 > 1 || limits.goal.1 < 9 {
        line += &format!(" ; setgoal limited to ({}:{})", limits.goal.0, limits.goal.1);
    }
    if limits.trash_time_s.0 > 0 || limits.trash_time_s.1 < u32::MAX {
        let (from, to) = limits.trash_time_s;
        line += &format!(" ; settrashtime limited to ({}:{})", duration(from), duration(to));
    }
    let disabled: Vec<&str> =
        (0..25).filter(|i| limits.disables & 1 << i != 0).map(|i| types::DISABLE_WORDS[i]).collect();
    if !disabled.is_empty() {
        line += &format!(" ; disabled commands: {}", disabled.join(","));
    }
    line
}

fn user_and_group((uid, gid): (u32, u32)) -> String {
    format!("{}:{}", name_in(Path::new("/etc/passwd"), uid), name_in(Path::new("/etc/group"), gid))
}

/// The name with this number in a file of `name:x:number:…` lines, or the number.
fn name_in(file: &Path, id: u32) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let found = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_string())
    });
    found.unwrap_or_else(|| id.to_string())
}

/// In the largest unit that divides it: `60m`, `2d`.
fn duration(seconds: u32) -> String {
    match seconds {
        0 => "0s".into(),
        s if s.is_multiple_of(604_800) => format!("{}w", s / 604_800),
        s if s.is_multiple_of(86_400) => format!("{}d", s / 86_400),
        s if s.is_multiple_of(60) => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}
