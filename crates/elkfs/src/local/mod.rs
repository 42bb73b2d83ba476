//! `elkfs local`: a whole cluster on this machine, made of the same daemons that production runs.
//!
//! A cluster lives in one directory: `cluster.json` (what it is), `etc/` (real configuration files), a directory for
//! each daemon, `disk1` … with chunks, `log/`, and `mnt`, where it is mounted unless told otherwise.

pub(crate) mod ask;
mod cluster;
mod daemons;
mod down;
mod files;
mod goal;
mod healthy;
mod interrupt;
mod mount;
mod ports;
mod progress;
mod status;
mod up;

use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Commands on local clusters.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start a cluster and mount it; start it again with all its data
    Up(UpArgs),
    /// What runs, where things are, how full it is
    Status(StatusArgs),
    /// Unmount and stop it
    Down(DownArgs),
}

/// Which cluster.
#[derive(Args)]
pub(crate) struct DirArgs {
    /// Directory of the cluster [default: elkfs-local in the user's data directory, ~/.local/share]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Where to mount it [default: as last time, or mnt in the cluster's directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) mount: Option<PathBuf>,
    /// How many chunkservers; more than last time adds some [default: as last time, or 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) chunkservers: Option<u16>,
    /// How many copies of each file [default: as last time, or 2]
    #[arg(long, value_name = "G", value_parser = clap::value_parser!(u8).range(1..=9))]
    pub(crate) goal: Option<u8>,
    /// Choose other ports, when another program took those of last time
    #[arg(long)]
    pub(crate) new_ports: bool,
}

#[derive(Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct DownArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Delete the cluster with all files in it; asks, unless --yes is given too
    #[arg(long)]
    pub(crate) wipe: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Unmount although programs still use the mount
    #[arg(long)]
    pub(crate) force: bool,
}

/// Runs one of the commands.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(args) => up::up(args),
        Command::Status(args) => status::status(args),
        Command::Down(args) => down::down(args),
    }
}
