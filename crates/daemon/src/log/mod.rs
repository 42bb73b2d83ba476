//! Where messages go: to standard error in the foreground, to the system log, to the terminal of the starting command
//! while it waits, and to LOG_FILE if there is one (`spec/config-and-daemons.md` 13).
//!
//! `ELKFS_LOG` in the environment sets the level (`debug`, `trace`, …) and wins over SYSLOG_MIN_LEVEL.

mod file;
mod layer;

use crate::{Config, detach};
use file::LogFile;
use layer::Output;
use nix::syslog::{Facility, LogFlags, Severity};
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, Once};
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;

/// 1 error … 5 trace.
static LEVEL: AtomicU8 = AtomicU8::new(3);
/// The system log is open.
static SYSLOG: AtomicBool = AtomicBool::new(false);
/// Messages go to standard error with time and level; until a daemon is one they go there as they are.
static FOREGROUND: AtomicBool = AtomicBool::new(false);
/// Least important level that is shown on the terminal as it is.
static TERMINAL: AtomicU8 = AtomicU8::new(3);
/// There is no terminal any more.
static DETACHED: AtomicBool = AtomicBool::new(false);
static FILE: Mutex<Option<LogFile>> = Mutex::new(None);

/// Makes `tracing` events of the whole process end up here. Later calls do nothing.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Some(level) = environment_level() {
            LEVEL.store(level, Ordering::Relaxed);
        }
        // An embedding process may have its own subscriber already; then its rules hold.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Output));
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            tracing::error!("{panic}");
            default(panic);
        }));
    });
}

/// Logging for a program that is no daemon of ours: the system log under `ident` (facility USER), warnings also on
/// standard error, and everything in the file that `ELKFS_LOG_FILE` in the environment names.
pub fn program(ident: &str) {
    install();
    open_syslog(ident, Facility::LOG_USER);
    TERMINAL.store(number(&Level::WARN), Ordering::Relaxed);
    if let Ok(path) = std::env::var("ELKFS_LOG_FILE") {
        match LogFile::open(&path) {
            Ok(file) => *FILE.lock().unwrap_or_else(|e| e.into_inner()) = Some(file),
            Err(error) => tracing::warn!("can't open ELKFS_LOG_FILE {path}: {error}"),
        }
    }
}

/// Opens the system log under `ident`: facility DAEMON in the background, USER in the foreground.
pub(crate) fn open(ident: &str, foreground: bool) {
    FOREGROUND.store(foreground, Ordering::Relaxed);
    DETACHED.store(!foreground, Ordering::Relaxed);
    open_syslog(ident, if foreground { Facility::LOG_USER } else { Facility::LOG_DAEMON });
}

fn open_syslog(ident: &str, facility: Facility) {
    // The C library keeps the pointer as long as the process lives.
    let ident: Option<&'static std::ffi::CStr> =
        CString::new(ident).ok().map(|ident| &*Box::leak(ident.into_boxed_c_str()));
    if nix::syslog::openlog(ident, LogFlags::LOG_PID | LogFlags::LOG_NDELAY, facility).is_ok() {
        SYSLOG.store(true, Ordering::Relaxed);
    }
}

/// Applies SYSLOG_MIN_LEVEL and LOG_FILE; at reload the file is opened anew, so it can be rotated.
pub(crate) fn configure(config: &Config) {
    let level = match config.text("SYSLOG_MIN_LEVEL") {
        "ERR" => 1,
        "WARNING" => 2,
        "DEBUG" => 4,
        _ => 3,
    };
    LEVEL.store(environment_level().unwrap_or(level), Ordering::Relaxed);
    tracing::callsite::rebuild_interest_cache();
    let file = config.optional("LOG_FILE").map(LogFile::open).transpose();
    match file {
        Ok(file) => *FILE.lock().unwrap_or_else(|e| e.into_inner()) = file,
        Err(error) => tracing::error!("can't open LOG_FILE {}: {error}", config.text("LOG_FILE")),
    }
}

/// Text for the operator who gave the command, exactly as it is: on the terminal, not in the logs.
pub(crate) fn raw(text: &str) {
    if !detach::tell(text) && !DETACHED.load(Ordering::Relaxed) {
        eprint!("{text}");
    }
}

fn environment_level() -> Option<u8> {
    match std::env::var("ELKFS_LOG").ok()?.to_ascii_lowercase().as_str() {
        "error" => Some(1),
        "warn" => Some(2),
        "info" => Some(3),
        "debug" => Some(4),
        "trace" => Some(5),
        _ => None,
    }
}

fn number(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

fn enabled(level: &Level) -> bool {
    number(level) <= LEVEL.load(Ordering::Relaxed)
}

/// One message to all places.
fn emit(level: &Level, text: &str) {
    if SYSLOG.load(Ordering::Relaxed) {
        let severity = match *level {
            Level::ERROR => Severity::LOG_ERR,
            Level::WARN => Severity::LOG_WARNING,
            Level::INFO => Severity::LOG_NOTICE,
            _ => Severity::LOG_DEBUG,
        };
        // Fails only for text with a NUL inside, which is escaped before.
        let _ = nix::syslog::syslog(severity, text);
    }
    if let Some(file) = FILE.lock().unwrap_or_else(|e| e.into_inner()).as_mut() {
        file.write(level, text);
    }
    if FOREGROUND.load(Ordering::Relaxed) {
        eprint!("{}", file::line(level, text));
    } else if number(level) <= TERMINAL.load(Ordering::Relaxed) {
        raw(&format!("{text}\n"));
    }
}
