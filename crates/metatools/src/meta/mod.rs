//! `elkfs meta`: what an operator can ask of images and changelogs without a master.

mod check;
mod convert;
mod diff;
mod input;
mod logs;
mod report;

use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Work on files of metadata.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Check images and changelogs, and that the changelogs lead from the newest image to the last change
    Check(CheckArgs),
    /// Tell what differs between two states
    Diff(DiffArgs),
    /// Write a state as an image, changelogs replayed
    Convert(ConvertArgs),
}

/// What to check.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Data directories of a master or metalogger, images, changelogs
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What to compare.
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// An image, or a data directory whose newest state counts
    old: PathBuf,
    /// The same
    new: PathBuf,
    /// A changelog to replay on OLD first; may be repeated
    #[arg(long = "log", value_name = "FILE")]
    logs: Vec<PathBuf>,
    /// Show so many differences at most
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What to write.
#[derive(Args, Debug)]
pub struct ConvertArgs {
    /// An image, or a data directory whose newest state counts
    input: PathBuf,
    /// Where the image goes; what is there is kept under another name
    output: PathBuf,
    /// A changelog to replay first; may be repeated
    #[arg(long = "log", value_name = "FILE")]
    logs: Vec<PathBuf>,
    /// Leave out what stock MooseFS does not know, and say what that is
    #[arg(long)]
    stock: bool,
}

/// Runs a command. Exit status: 0 all is well (nothing differs), 1 problems (differences), and an error for what cannot
/// be read at all.
pub fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(args) => check::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Convert(args) => convert::run(args),
    }
}
