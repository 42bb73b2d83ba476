//! `mfsmetarestore`: the newest state that images and changelogs give, stored as an image. The command line is that of
//! 1.6 (`spec/metalogger.md` 14.1), the engine that of the master's own start.

mod args;
mod bar;
mod place;
mod run;

pub(crate) use bar::Bar;
pub(crate) use place::{store, store_source, unix_now};

use args::{Parsed, USAGE, parse};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Something could not be replayed, and what could was stored because `-b` or `-i` said so.
const INCOMPLETE: u8 = 2;

/// Runs the program; `args` are those behind its name, `data` is where `-a` looks without `-d`.
///
/// Exit status: 0 all is restored; 1 nothing was written; 2 written, but not everything (`-b`, `-i`).
pub fn main(args: Vec<OsString>, data: &Path) -> ExitCode {
    let task = match parse(args) {
        Parsed::Run(task) => task,
        Parsed::Version => {
            println!("version: 3.0.117-1 ; build: elkfs-{}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Parsed::Usage(mistake) => {
            if let Some(mistake) = mistake {
                eprintln!("mfsmetarestore: {mistake}\n");
            }
            eprint!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    match run::run(&task, data) {
        Ok(run::Outcome::Complete) => ExitCode::SUCCESS,
        Ok(run::Outcome::Incomplete) => ExitCode::from(INCOMPLETE),
        Err(error) => {
            eprintln!("mfsmetarestore: {error:#}");
            ExitCode::FAILURE
        }
    }
}
