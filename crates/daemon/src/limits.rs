//! Limits and priorities of the process (`spec/config-and-daemons.md` 10).

use crate::Config;
use rustix::process::{Resource, Rlimit, getrlimit, setpriority_process, setrlimit};

/// Fewer open files than this is not worth trying for.
const FEWEST_FILES: u64 = 1024;

/// What must be done while still root.
pub(crate) fn raise_limits(config: &Config, open_files: u64) {
    match raise_open_files(open_files) {
        Some(got) if got >= open_files => tracing::info!("open files limit has been set to: {got}"),
        Some(got) => tracing::warn!(
            "open files limit is {got}, {open_files} wanted - raise it with 'ulimit -n {open_files}' before the start"
        ),
        None => tracing::warn!("can't read the open files limit"),
    }
    if config.flag("LOCK_MEMORY") {
        let all = Rlimit { current: None, maximum: None };
        if let Err(error) = setrlimit(Resource::Memlock, all) {
            tracing::warn!("can't raise the limit of locked memory: {error}");
        }
    }
    let nice: i32 = config.number("NICE_LEVEL");
    // Only root may go below zero; others run at the priority they have, as with stock.
    if let Err(error) = setpriority_process(None, nice) {
        tracing::debug!("can't set priority to {nice}: {error}");
    }
    if config.flag("DISABLE_OOM_KILLER") {
        match std::fs::write("/proc/self/oom_score_adj", "-1000") {
            Ok(()) => tracing::info!("out of memory killer disabled"),
            Err(error) => tracing::debug!("can't disable the out of memory killer: {error}"),
        }
    }
    limit_arenas(config.number("LIMIT_GLIBC_MALLOC_ARENAS"));
}

/// What is done as the working user, holding the lock.
pub(crate) fn lock_memory_and_dump(config: &Config, no_core: bool) {
    if config.flag("LOCK_MEMORY") {
        let flags = rustix::mm::MlockAllFlags::CURRENT | rustix::mm::MlockAllFlags::FUTURE;
        match rustix::mm::mlockall(flags) {
            Ok(()) => tracing::info!("process memory was successfully locked in RAM"),
            Err(error) => tracing::warn!("can't lock memory: {error}"),
        }
    }
    if !no_core {
        let hard = getrlimit(Resource::Core).maximum;
        let most = Rlimit { current: hard, maximum: hard };
        let all = Rlimit { current: None, maximum: None };
        // Changing user made the process undumpable.
        let dumpable = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::Dumpable);
        if let Err(error) =
            setrlimit(Resource::Core, all).or_else(|_| setrlimit(Resource::Core, most)).and(dumpable)
        {
            tracing::debug!("can't raise the core file limit: {error}");
        }
    }
}

/// Raises the limit of open files to `wanted` or as near as allowed, and tells what it is then. Never lowers it.
fn raise_open_files(wanted: u64) -> Option<u64> {
    let now = getrlimit(Resource::Nofile);
    if now.current.is_none_or(|current| current >= wanted) {
        return Some(now.current.unwrap_or(wanted).max(wanted));
    }
    let mut ask = wanted;
    while ask >= FEWEST_FILES && ask > now.current.unwrap_or(0) {
        let maximum = now.maximum.map(|hard| hard.max(ask));
        if setrlimit(Resource::Nofile, Rlimit { current: Some(ask), maximum }).is_ok() {
            return Some(ask);
        }
        ask = ask * 3 / 4;
    }
    // As far as the hard limit goes.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum });
    getrlimit(Resource::Nofile).current
}

/// glibc gives each thread an arena of its own, up to eight per core; fewer keep memory small.
fn limit_arenas(arenas: i32) {
    let chosen = |name| std::env::var_os(name).is_some();
    if arenas == 0 || chosen("MALLOC_ARENA_MAX") || chosen("MALLOC_ARENA_TEST") {
        return;
    }
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt only stores the number; it is documented to be called before threads start, and there are none.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, arenas);
    }
}
