//! `mfsmetarestore` and `mfsmetadump`.

use daemon::{Config, Layout, log, options};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) fn restore(args: Vec<OsString>) -> ExitCode {
    log::install();
    metatools::restore::main(args, &data_path())
}

pub(crate) fn dump(args: Vec<OsString>) -> ExitCode {
    metatools::dump::main(args)
}

/// Where the master of this installation keeps its files.
fn data_path() -> PathBuf {
    let layout = Layout::of_this_program();
    match Config::load_default("mfsmaster.cfg", options::MASTER, &layout) {
        Ok(config) => config.path("DATA_PATH"),
        Err(_) => layout.data().to_owned(),
    }
}
