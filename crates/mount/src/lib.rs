//! Mounting: FUSE requests become calls of the crate `client`, and the command `mfsmount` around that.
//!
//! [`main`] is the command, [`run`] the mount alone. The kernel's protocol is in `fuse`, its translation in `fs`, the
//! threads in `serve`.

mod background;
mod cli;
mod fs;
mod fuse;
mod invalidate;
mod labels;
mod options;
mod params;
mod process;
mod run;
mod serve;
mod trash;

pub use client::{Options as ClientOptions, PasswordMd5, SugidClearMode};
pub use options::{CacheMode, MountOptions};
pub use run::{RunError, run};

use cli::Command;
use run::serve;
use std::ffi::OsString;
use std::path::Path;

/// What `mfsmount -V` prints.
const VERSION: &str = "MFS version: 3.0.117-1 ; build: 1341";

/// The command `mfsmount`, given the arguments behind its name and the file of options that counts unless they name
/// another; returns its exit code. Must be called while the process has one thread.
pub fn main(args: &[OsString], default_file: &Path) -> u8 {
    let mut options = match cli::parse(args, default_file) {
        Ok(Command::Mount(options)) => options,
        Ok(Command::Help) => {
            print!("{}", cli::HELP);
            return 1;
        }
        Ok(Command::Version) => {
            println!("{VERSION}");
            return 0;
        }
        Err(message) => {
            eprintln!("{message}");
            return 1;
        }
    };
    // The daemon changes to the root directory.
    match std::path::absolute(&options.mount_point) {
        Ok(path) => options.mount_point = path.components().collect(),
        Err(error) => {
            eprintln!("mount point '{}': {error}", options.mount_point.display());
            return 1;
        }
    }
    if options.foreground {
        return match run(&options, |line| println!("{line}")) {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("{error}");
                1
            }
        };
    }
    let started = background::daemonize(|report| serve(&options, report).map_err(|error| error.to_string()));
    started.unwrap_or_else(|error| {
        eprintln!("cannot start: {error}");
        1
    })
}
