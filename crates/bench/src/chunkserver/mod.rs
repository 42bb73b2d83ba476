//! `elkfs bench chunkserver`: what a chunkserver does at the level of its protocol, without mounts and masters.
//!
//! This program plays the master that chunkservers register with, has them make chunks, and writes and reads those as a
//! client does. `--compare` starts stock's chunkservers and ours, one after the other, in a network namespace with their
//! disks in memory, and shows ratios.

mod args;
mod compare;
mod io;
mod link;
mod load;
mod master;
mod report;
mod stage;

pub use args::ChunkserverArgs;
pub use report::{Measured, Report, Unit};

use anyhow::{Context, Result, ensure};
use master::Master;

/// Measures and prints.
pub fn run(args: &ChunkserverArgs) -> Result<()> {
    let report = if args.compare { compare::compare(args)? } else { remote(args)? };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report).context("JSON")?);
    } else {
        report.print();
    }
    Ok(())
}

/// Servers that somebody else has started, with this program's address as their MASTER_HOST and MASTER_PORT.
fn remote(args: &ChunkserverArgs) -> Result<Report> {
    let listen = args.listen.as_deref().context("--listen ADDRESS:PORT or --compare")?;
    ensure!(args.servers > 0, "--servers must not be 0");
    eprintln!("waiting for {} chunkservers at {listen} ...", args.servers);
    let master = Master::listen(listen)?;
    let mut servers = master.accept(args.servers)?;
    let rows = load::all(&mut servers, args, &args.pids)?;
    Ok(Report::single(rows))
}
