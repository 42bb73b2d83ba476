//! `mfsmount`.

use std::ffi::OsString;
use std::process::ExitCode;

pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    daemon::log::program("mfsmount");
    let default_file = daemon::Layout::of_this_program().config_file("mfsmount.cfg");
    ExitCode::from(mount::main(&args, &default_file))
}
