//! The one binary. Called as `mfsmaster`, `mfsmount`, … it is that program; called as `elkfs` it takes the same as
//! subcommands, plus what MooseFS never had.

mod admin;
mod chunk;
mod cli;
mod health;
mod install;
mod jobs;
mod local;
mod programs;
mod roles;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let called = args.first().map(OsString::as_os_str).unwrap_or_default();
    let called = Path::new(called).file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Some(program) = programs::called(&called) {
        return (program.main)(args.split_off(1));
    }
    if tools::called(&called).is_some() {
        return tools::run(&called, args.split_off(1));
    }
    let first = args.get(1).map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(program) = programs::subcommand(&first) {
        return (program.main)(args.split_off(2));
    }
    if let Some(tool) = programs::tool(&first) {
        return tools::run(tool, args.split_off(2));
    }
    cli::main(args)
}
