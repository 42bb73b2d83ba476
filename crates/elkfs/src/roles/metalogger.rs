//! `mfsmetalogger`.

use std::ffi::OsString;
use std::process::ExitCode;

pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    daemon::main(&metalogger::PROGRAM, args)
}
