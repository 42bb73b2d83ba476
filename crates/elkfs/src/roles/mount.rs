//! `mfsmount`.

use std::ffi::OsString;
use std::process::ExitCode;

pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    daemon::log::program("mfsmount");
    ExitCode::from(mount::main(&args))
}
