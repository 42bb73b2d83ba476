//! `elkfs bench fs` as a program of its own, for measuring without the rest of ElkFS.

use bench::fs::{FsArgs, run};
use clap::Parser;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: FsArgs,
}

fn main() -> anyhow::Result<()> {
    run(&Cli::parse().args)
}
