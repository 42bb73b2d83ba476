//! What `.params` shows: the options in effect (`spec/tools.md` 16).

use crate::options::{CacheMode, MountOptions};
use client::MasterInfo;
use std::fmt::Write as _;

/// One `name: value` a line. Passwords are never shown.
pub(crate) fn text(options: &MountOptions, master: &MasterInfo) -> String {
    let client = &options.client;
    let defined = |on: bool| if on { "(defined)" } else { "(not defined)" }.to_string();
    let mode = match options.cache_mode {
        CacheMode::Auto => "AUTO",
        CacheMode::Never => "NEVER",
        CacheMode::Always => "ALWAYS",
        CacheMode::Direct => "DIRECT",
    };
    let seconds = |s: f64| format!("{s:.3}");
    let limits = master.limits;
    let mib = |bytes: usize| (bytes >> 20).to_string();
    let rows: [(&str, String); 43] = [
        ("mfsmaster", client.master_host.clone()),
        ("mfsport", client.master_port.to_string()),
        ("mfsbind", client.bind.map_or_else(|| defined(false), |ip| ip.to_string())),
        ("mfsproxy", options.proxy.to_string()),
        ("mfssubfolder", client.subfolder.clone()),
        ("mfspassword", if client.password.is_some() { String::new() } else { defined(false) }),
        ("mfsdonotrememberpassword", defined(client.forget_password)),
        ("mfsdelayedinit", defined(options.delayed_init)),
        ("mfsmkdircopysgid", u8::from(client.mkdir_copy_sgid).to_string()),
        ("mfssugidclearmode", format!("{:?}", client.sugid_clear_mode).to_uppercase()),
        ("mfscachemode", mode.into()),
        ("mfsattrcacheto", seconds(options.attr_cache_s)),
        ("mfsxattrcacheto", seconds(options.xattr_cache_s)),
        ("mfsentrycacheto", seconds(options.entry_cache_s)),
        ("mfsdirentrycacheto", seconds(options.dir_entry_cache_s)),
        ("mfsnegentrycacheto", seconds(options.negative_entry_cache_s)),
        ("mfsgroupscacheto", seconds(options.groups_cache_s)),
        ("mfsrlimitnofile", options.open_files.to_string()),
        ("mfsnice", options.nice.to_string()),
        ("mfsmemlock", defined(options.lock_memory)),
        ("mfsallowoomkiller", defined(options.allow_oom_killer)),
        ("mfsfsyncmintime", seconds(options.fsync_min_time_s)),
        ("mfswritecachesize", mib(client.write_cache_bytes)),
        ("mfsreadaheadsize", mib(client.read_ahead_bytes)),
        ("mfsreadaheadleng", client.read_ahead_length.to_string()),
        ("mfsreadaheadtrigger", client.read_ahead_trigger.to_string()),
        ("mfserroronlostchunk", defined(client.error_on_lost_chunk)),
        ("mfserroronnospace", defined(client.error_on_no_space)),
        ("mfsioretries", client.io_retries.to_string()),
        ("mfstimeout", client.io_timeout_s.to_string()),
        ("mfslogretry", client.log_retry.to_string()),
        ("mfsnoxattrs", defined(options.no_xattrs)),
        ("mfsnoposixlocks", defined(options.no_posix_locks)),
        ("mfsnobsdlocks", defined(options.no_bsd_locks)),
        ("working_keep_cache_mode", mode.into()),
        ("no_std_mount_options", defined(!options.allow_other)),
        ("master_sesflags", limits.flags.to_string()),
        ("master_umaskval", format!("{:04o}", limits.umask)),
        ("master_maproot", format!("{}:{}", limits.root.0, limits.root.1)),
        ("master_mapall", format!("{}:{}", limits.map_all.0, limits.map_all.1)),
        ("master_goallimit", format!("{}:{}", limits.goal.0, limits.goal.1)),
        ("master_trashlimit", format!("{}:{}", limits.trash_time_s.0, limits.trash_time_s.1)),
        ("moosefs_master_version", master.version.to_string()),
    ];
    let mut text = String::new();
    for (name, value) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}: {value}");
    }
    text
}
