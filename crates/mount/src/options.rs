//! What `mfsmount` can be told (`spec/tools.md` 15.1).

use client::{PasswordMd5, SugidClearMode};
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// How file data is cached in the kernel (`mfscachemode`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CacheMode {
    /// As the master says: as long as nobody else changes the file.
    Auto,
    /// Dropped at each open.
    Never,
    /// Always kept; fit for files that do not change.
    Always,
    /// Not at all.
    Direct,
}

/// A mount. [`MountOptions::default`] is what a stock 3.0.117 mount does by default.
#[derive(Clone, Debug)]
pub struct MountOptions {
    /// An empty directory, or any with `nonempty`.
    pub mount_point: PathBuf,
    /// The connection to the master, and the sizes of caches.
    pub client: client::Options,
    /// Where command line tools find the mount's way to the master.
    pub proxy: Ipv4Addr,
    /// Stay in the foreground.
    pub foreground: bool,
    /// Serve one request after the other.
    pub single_thread: bool,
    /// Refuse changes.
    pub read_only: bool,
    /// Let other users in.
    pub allow_other: bool,
    /// Allow a mount point that is not empty.
    pub nonempty: bool,
    /// Honour set-id bits.
    pub suid: bool,
    /// Honour device files.
    pub dev: bool,
    /// In a mount of the trash: all files in one directory, without buckets.
    pub flat_trash: bool,
    /// Further options of mount(2), such as `noatime` or `noexec`.
    pub kernel: Vec<String>,
    /// Connect in the background, after the mount.
    pub delayed_init: bool,
    /// See [`CacheMode`].
    pub cache_mode: CacheMode,
    /// Seconds that attributes are cached.
    pub attr_cache_s: f64,
    /// Seconds that it is remembered that a node has no extended attributes.
    pub xattr_cache_s: f64,
    /// Seconds that names of files are cached.
    pub entry_cache_s: f64,
    /// Seconds that names of directories are cached.
    pub dir_entry_cache_s: f64,
    /// Seconds that it is remembered that a name does not exist.
    pub negative_entry_cache_s: f64,
    /// Seconds that the groups of a process are remembered; 0 sends the primary group only.
    pub groups_cache_s: f64,
    /// Closing within this many seconds of the open does not wait for the data.
    pub fsync_min_time_s: f64,
    /// Wanted limit of open files.
    pub open_files: u64,
    /// Wanted priority, -20 to 19.
    pub nice: i32,
    /// Lock all memory.
    pub lock_memory: bool,
    /// Leave this process to the kernel's out-of-memory killer.
    pub allow_oom_killer: bool,
    /// Refuse extended attributes.
    pub no_xattrs: bool,
    /// Byte-range locks stay within this machine.
    pub no_posix_locks: bool,
    /// Whole-file locks stay within this machine.
    pub no_bsd_locks: bool,
}

impl Default for MountOptions {
    fn default() -> Self {
        MountOptions {
            mount_point: PathBuf::new(),
            client: client::Options::default(),
            proxy: Ipv4Addr::LOCALHOST,
            foreground: false,
            single_thread: false,
            read_only: false,
            allow_other: true,
            nonempty: false,
            suid: false,
            dev: false,
            flat_trash: false,
            kernel: Vec::new(),
            delayed_init: false,
            cache_mode: CacheMode::Auto,
            attr_cache_s: 1.0,
            xattr_cache_s: 30.0,
            entry_cache_s: 0.0,
            dir_entry_cache_s: 1.0,
            negative_entry_cache_s: 0.0,
            groups_cache_s: 300.0,
            fsync_min_time_s: 0.0,
            open_files: 100_000,
            nice: -19,
            lock_memory: false,
            allow_oom_killer: false,
            no_xattrs: false,
            no_posix_locks: false,
            no_bsd_locks: false,
        }
    }
}

impl MountOptions {
    /// What the mount table shows as the source: `mfs#HOST:PORT`, with a relative subfolder behind it.
    pub fn source(&self) -> String {
        let client::Options { master_host, master_port, subfolder, .. } = &self.client;
        if self.client.deleted_files {
            return format!("mfsmeta#{master_host}:{master_port}");
        }
        let mut source = format!("mfs#{master_host}:{master_port}");
        if !subfolder.starts_with('/') && !subfolder.is_empty() {
            source.push('/');
            source.push_str(subfolder);
        }
        source
    }
}

/// Sets one option that has a value; `Err` with a message for the user.
pub(crate) fn set_value(options: &mut MountOptions, name: &str, value: &str) -> Result<(), String> {
    let client = &mut options.client;
    match name {
        "mfsmaster" => client.master_host = value.into(),
        "mfsport" => client.master_port = port(value)?,
        "mfsbind" => client.bind = Some(address(value)?),
        "mfssubfolder" => client.subfolder = value.into(),
        "mfspassword" => client.password = Some(PasswordMd5::of(value.as_bytes())),
        "mfsmd5pass" => client.password = Some(md5(value)?),
        "mfspassfile" => client.password = Some(password_file(value)?),
        "mfspreflabels" => client.preferred_labels = crate::labels::parse(value)?,
        "mfsproxy" => options.proxy = address(value)?,
        "mfsmkdircopysgid" => client.mkdir_copy_sgid = number::<u8>(name, value)? != 0,
        "mfssugidclearmode" => client.sugid_clear_mode = sugid_clear_mode(value)?,
        "mfsioretries" => client.io_retries = number(name, value)?,
        "mfstimeout" => client.io_timeout_s = number(name, value)?,
        "mfslogretry" => client.log_retry = number(name, value)?,
        "mfswritecachesize" => client.write_cache_bytes = cache_mib("write cache size", value)? << 20,
        "mfsreadaheadsize" => client.read_ahead_bytes = cache_mib("read ahead size", value)? << 20,
        "mfsreadaheadleng" => {
            let wanted: usize = number(name, value)?;
            client.read_ahead_length = wanted.clamp(128 << 10, 2 << 20);
            if wanted != client.read_ahead_length {
                warn(&format!(
                    "read ahead length out of range ({wanted}) - set to {}",
                    client.read_ahead_length
                ));
            }
        }
        "mfsreadaheadtrigger" => client.read_ahead_trigger = number(name, value)?,
        "mfscachemode" => options.cache_mode = cache_mode(value)?,
        "mfsattrcacheto" => options.attr_cache_s = timeout("attribute", value)?,
        "mfsxattrcacheto" => options.xattr_cache_s = timeout("xattr", value)?,
        "mfsentrycacheto" => options.entry_cache_s = timeout("file entry", value)?,
        "mfsdirentrycacheto" => options.dir_entry_cache_s = timeout("directory entry", value)?,
        "mfsnegentrycacheto" => options.negative_entry_cache_s = timeout("negative entry", value)?,
        "mfsgroupscacheto" => options.groups_cache_s = timeout("groups", value)?,
        "mfsfsyncmintime" => options.fsync_min_time_s = timeout("fsync", value)?,
        "mfsrlimitnofile" => options.open_files = number(name, value)?,
        "mfsnice" => options.nice = number(name, value)?,
        // Targets are kept in the kernel's page cache; glibc's arenas are not what our memory lives in.
        "mfssymlinkcacheto" | "mfslimitarenas" => {
            number::<f64>(name, value)?;
            warn(&format!("{name} has no meaning for this mount"));
        }
        "fsname" | "subtype" | "max_threads" | "max_idle_threads" | "max_read" => {
            warn(&format!("{name} has no meaning for this mount"));
        }
        _ => return Err(format!("fuse: unknown option(s): `-o {name}={value}'")),
    }
    Ok(())
}

/// Sets one option without a value.
pub(crate) fn set_flag(options: &mut MountOptions, name: &str) -> Result<(), String> {
    match name {
        "mfsdebug" | "debug" => warn("for debug messages set ELKFS_LOG=debug in the environment"),
        "mfsdonotrememberpassword" => options.client.forget_password = true,
        "mfsdelayedinit" => options.delayed_init = true,
        "mfscachefiles" => options.cache_mode = CacheMode::Always,
        "mfsmemlock" => options.lock_memory = true,
        "mfsallowoomkiller" => options.allow_oom_killer = true,
        "mfserroronlostchunk" => options.client.error_on_lost_chunk = true,
        "mfserroronnospace" => options.client.error_on_no_space = true,
        "mfsnoxattrs" | "mfsnoxattr" => options.no_xattrs = true,
        "mfsnoposixlocks" | "mfsnoposixlock" => options.no_posix_locks = true,
        "mfsnobsdlocks" | "mfsnobsdlock" => options.no_bsd_locks = true,
        "mfsfsyncbeforeclose" => options.fsync_min_time_s = 0.0,
        "mfssuid" | "suid" => options.suid = true,
        "mfsdev" | "dev" => options.dev = true,
        "nosuid" => options.suid = false,
        "nodev" => options.dev = false,
        "nonempty" => options.nonempty = true,
        "allow_other" => options.allow_other = true,
        "ro" => options.read_only = true,
        "rw" => options.read_only = false,
        "noatime"
        | "nodiratime"
        | "relatime"
        | "strictatime"
        | "noexec"
        | "sync"
        | "dirsync"
        | "default_permissions" => options.kernel.push(name.into()),
        // What fstab lines carry and mount(8) has dealt with, and what is so anyway.
        "defaults" | "_netdev" | "auto" | "noauto" | "user" | "nouser" | "users" | "nofail" | "exec"
        | "async" | "atime" | "clone_fd" | "big_writes" | "mfsmount_magic" => {}
        "mfsmeta" => options.client.deleted_files = true,
        "mfsflattrash" => options.flat_trash = true,
        _ => return Err(format!("fuse: unknown option(s): `-o {name}'")),
    }
    Ok(())
}

pub(crate) fn warn(message: &str) {
    // Before the log is set up, and meant for the one who typed the command.
    eprintln!("{message}");
}

pub(crate) fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.trim().parse().map_err(|_| format!("{name}: '{value}' is not a number in range"))
}

/// A port number; the names of services are those of MooseFS.
pub(crate) fn port(value: &str) -> Result<u16, String> {
    number::<u16>("mfsport", value).map_err(|_| format!("mfsport: '{value}' is not a port number"))
}

pub(crate) fn address(value: &str) -> Result<Ipv4Addr, String> {
    value.parse().map_err(|_| format!("can't resolve source hostname ({value})"))
}

fn md5(value: &str) -> Result<PasswordMd5, String> {
    let bad = || "bad md5 definition (md5 should be given as 32 hex digits)".to_string();
    if value.len() != 32 || !value.is_ascii() {
        return Err(bad());
    }
    let mut digest = [0; 16];
    for (i, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&value[2 * i..2 * i + 2], 16).map_err(|_| bad())?;
    }
    Ok(PasswordMd5(digest))
}

fn password_file(path: &str) -> Result<PasswordMd5, String> {
    let content = std::fs::read(path).map_err(|_| format!("error opening password file: {path}"))?;
    if content.is_empty() {
        return Err(format!("password file ({path}) is empty"));
    }
    let line = content.split(|&b| b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(format!("first line in password file ({path}) is empty"));
    }
    Ok(PasswordMd5::of(line))
}

fn sugid_clear_mode(value: &str) -> Result<SugidClearMode, String> {
    Ok(match value.to_ascii_uppercase().as_str() {
        "NEVER" => SugidClearMode::Never,
        "ALWAYS" => SugidClearMode::Always,
        "OSX" => SugidClearMode::Osx,
        "BSD" => SugidClearMode::Bsd,
        "EXT" => SugidClearMode::Ext,
        "XFS" => SugidClearMode::Xfs,
        _ => return Err("unrecognized sugidclearmode option".into()),
    })
}

fn cache_mode(value: &str) -> Result<CacheMode, String> {
    Ok(match value.to_ascii_uppercase().as_str() {
        "DIRECT" => CacheMode::Direct,
        "NO" | "NONE" | "NEVER" => CacheMode::Never,
        "YES" | "ALWAYS" => CacheMode::Always,
        "AUTO" | "FBSDAUTO" => CacheMode::Auto,
        _ => return Err("unrecognized cachemode option".into()),
    })
}

fn cache_mib(what: &str, value: &str) -> Result<usize, String> {
    let wanted: usize = number(what, value)?;
    match wanted {
        0..16 => warn(&format!("{what} too low ({wanted} MiB) - increased to 16 MiB")),
        2049.. => warn(&format!("{what} too big ({wanted} MiB) - decresed to 2048 MiB")),
        _ => {}
    }
    Ok(wanted.clamp(16, 2048))
}

fn timeout(what: &str, value: &str) -> Result<f64, String> {
    let wanted: f64 = number(what, value)?;
    if wanted < 0.0 || wanted.is_nan() {
        warn(&format!("negative value of {what} cache timeout - set to 0"));
        return Ok(0.0);
    }
    if wanted > 86_400.0 {
        warn(&format!("{what} cache timeout too big ({wanted}) - decreased to 86400"));
    }
    Ok(wanted.min(86_400.0))
}
