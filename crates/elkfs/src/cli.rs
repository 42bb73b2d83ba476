//! The commands of `elkfs` itself.

use crate::{admin, chunk, health, install, jobs, local, programs};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

/// A distributed file system, compatible with MooseFS 3.0.117
#[derive(Parser)]
#[command(name = "elkfs", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A whole cluster on this machine
    #[command(subcommand)]
    Local(local::Command),
    /// Lay out programs, samples of configuration files and an empty data directory under a prefix
    Install(install::InstallArgs),
    /// Images and changelogs of the metadata: check, compare, convert
    #[command(subcommand)]
    Meta(Meta),
    /// Chunks that chunkservers have and the metadata does not know
    #[command(subcommand)]
    Chunks(admin::Chunks),
    /// How a master is: what is wrong, with a word for each figure
    Health(health::HealthArgs),
    /// Chunk files of a server that does not run: check, repair
    #[command(subcommand)]
    Chunk(chunk::Command),
    /// Background jobs of a chunkserver: list, pause, resume
    Jobs(jobs::JobsArgs),
    /// Measure
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Subcommand)]
enum Meta {
    #[command(flatten)]
    Files(metatools::meta::Command),
    /// Tell a running master that its metadata is what you want, although chunkservers hold newer data
    Confirm(admin::At),
}

#[derive(Subcommand)]
enum Bench {
    /// Rates of small files, metadata and streams in any directory
    Fs(bench::fs::FsArgs),
    /// Streams, small requests and restarts of chunkservers, without mounts and masters
    Chunkserver(bench::chunkserver::ChunkserverArgs),
    /// Rates of single metadata operations of any master, stock or ours
    Master(bench::master::MasterArgs),
}

/// Parses `args`, the program's name first, and runs the command.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    let matches = Cli::command().after_help(programs::overview()).get_matches_from(args);
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let result = match cli.command {
        Command::Local(command) => local::run(&command),
        Command::Install(args) => install::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Meta(Meta::Files(command)) => metatools::meta::run(&command),
        Command::Meta(Meta::Confirm(at)) => admin::confirm(&at),
        Command::Chunks(command) => admin::chunks(&command),
        Command::Health(args) => health::run(&args),
        Command::Chunk(command) => chunk::run(&command),
        Command::Jobs(args) => jobs::run(&args),
        Command::Bench(Bench::Fs(args)) => bench::fs::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Bench(Bench::Chunkserver(args)) => {
            bench::chunkserver::run(&args).map(|()| ExitCode::SUCCESS)
        }
        Command::Bench(Bench::Master(args)) => bench::master::run(&args).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("elkfs: {error:#}");
        ExitCode::FAILURE
    })
}
