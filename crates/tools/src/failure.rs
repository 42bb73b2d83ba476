//! What can go wrong with one object, and with a command line.

use rustix::io::Errno;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

/// A line about an object that failed. It goes to stdout, where stock's tools print it and scripts look for it.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Vec<u8>);

impl Failure {
    /// `NAME: text`.
    pub(crate) fn of(name: &OsStr, text: impl AsRef<[u8]>) -> Failure {
        Failure([name.as_bytes(), b": ", text.as_ref()].concat())
    }

    /// `NAME: CALL error: ENOENT (No such file or directory)`.
    pub(crate) fn call(name: &OsStr, call: &str, error: &io::Error) -> Failure {
        Failure::of(name, format!("{call} error: {}", describe(error)))
    }
}

/// Why a tool could not do its work at all.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The command line is wrong. Ends with status 1.
    Usage {
        /// What stock prints to stdout before its usage, if anything.
        line: Option<String>,
        /// What is wrong, for stderr.
        message: String,
    },
    /// Output cannot be written.
    Output(io::Error),
}

impl Stop {
    /// A wrong command line.
    pub(crate) fn usage(message: impl Into<String>) -> Stop {
        Stop::Usage { line: None, message: message.into() }
    }

    /// A wrong command line, of which scripts read a line.
    pub(crate) fn usage_with_line(line: impl Into<String>, message: impl Into<String>) -> Stop {
        Stop::Usage { line: Some(line.into()), message: message.into() }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Output(error)
    }
}

/// `ENOENT (No such file or directory)`.
pub(crate) fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(errno) => format!("{} ({text})", errno_name(errno)),
        None => text.to_owned(),
    }
}

/// The errors that looking up, opening and asking about paths can give.
fn errno_name(errno: Errno) -> String {
    const NAMES: &[(Errno, &str)] = &[
        (Errno::ACCESS, "EACCES"),
        (Errno::BUSY, "EBUSY"),
        (Errno::DQUOT, "EDQUOT"),
        (Errno::EXIST, "EEXIST"),
        (Errno::INVAL, "EINVAL"),
        (Errno::IO, "EIO"),
        (Errno::ISDIR, "EISDIR"),
        (Errno::LOOP, "ELOOP"),
        (Errno::NAMETOOLONG, "ENAMETOOLONG"),
        (Errno::NOENT, "ENOENT"),
        (Errno::NOSPC, "ENOSPC"),
        (Errno::NOTCONN, "ENOTCONN"),
        (Errno::NOTDIR, "ENOTDIR"),
        (Errno::PERM, "EPERM"),
        (Errno::ROFS, "EROFS"),
        (Errno::STALE, "ESTALE"),
        (Errno::TIMEDOUT, "ETIMEDOUT"),
    ];
    let known = NAMES.iter().find(|(known, _)| *known == errno);
    known.map_or_else(|| format!("errno {}", errno.raw_os_error()), |(_, name)| (*name).to_owned())
}
