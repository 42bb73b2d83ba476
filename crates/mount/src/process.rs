//! What a mount does to its own process, and to the kernel's view of it.

use crate::options::{MountOptions, warn};
use rustix::process::{Resource, Rlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io;
use std::path::Path;
use std::time::Duration;

/// What the kernel reads ahead of a sequential reader, KiB. The default of 128 makes one request per 128 KiB.
const READ_AHEAD_KIB: u32 = 1024;

/// After a signal the mount may go on for this long while it is in use.
const SIGNAL_PATIENCE: Duration = Duration::from_secs(2);

/// Limits, priority, memory. None of them is worth failing for.
pub(crate) fn prepare(options: &MountOptions) {
    raise_open_files(options.open_files);
    if rustix::process::geteuid().is_root() {
        if let Err(error) = rustix::process::setpriority_process(None, options.nice) {
            tracing::info!(%error, nice = options.nice, "priority not changed");
        }
        if !options.allow_oom_killer
            && let Err(error) = std::fs::write("/proc/self/oom_score_adj", "-1000")
        {
            tracing::info!(%error, "cannot hide from the out-of-memory killer");
        }
    }
    if options.lock_memory
        && let Err(error) =
            rustix::mm::mlockall(rustix::mm::MlockAllFlags::CURRENT | rustix::mm::MlockAllFlags::FUTURE)
    {
        warn(&format!("can't lock memory: {error}"));
    }
}

fn raise_open_files(wanted: u64) {
    let now = rustix::process::getrlimit(Resource::Nofile);
    let full =
        Rlimit { current: Some(wanted), maximum: Some(now.maximum.map_or(wanted, |max| max.max(wanted))) };
    if rustix::process::setrlimit(Resource::Nofile, full).is_ok() {
        return;
    }
    let current = now.maximum.map_or(wanted, |max| max.min(wanted));
    let allowed = Rlimit { current: Some(current), maximum: now.maximum };
    if rustix::process::setrlimit(Resource::Nofile, allowed).is_ok() {
        warn(&format!("can't set open file limit to {wanted}\nopen file limit set to: {current}"));
    }
}

/// SIGTERM, SIGINT and SIGHUP take the mount out of the tree; its end then comes as with umount(8). If it does not
/// come, because something still uses the mount, `end` is called.
pub(crate) fn unmount_on_signals(at: &Path, end: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let at = at.to_path_buf();
    let device = device_of(&at);
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                tracing::info!(signal, "unmounting");
                // Somebody may have unmounted us, and mounted another file system there.
                if device.is_some() && device_of(&at) == device {
                    crate::fuse::unmount_lazily(&at);
                }
                std::thread::sleep(SIGNAL_PATIENCE);
                end();
            }
        })
        .map(drop)
}

/// Lets the kernel ask for more at once. Needs root; without it, our own read-ahead does what it can.
pub(crate) fn raise_read_ahead(at: &Path) {
    let Some(device) = device_of(at) else { return };
    let file = format!("/sys/class/bdi/{device}/read_ahead_kb");
    if let Err(error) = std::fs::write(&file, READ_AHEAD_KIB.to_string()) {
        tracing::debug!(%error, file, "read-ahead of the kernel not raised");
    }
}

/// `major:minor` from the mount table: stat(2) would be a request to ourselves.
fn device_of(at: &Path) -> Option<String> {
    let at = at.to_str()?;
    let table = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let line = table.lines().rev().find(|line| line.split(' ').nth(4) == Some(at))?;
    line.split(' ').nth(2).map(String::from)
}
