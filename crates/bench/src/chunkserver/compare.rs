//! Stock beside ours, in one run.

use super::ChunkserverArgs;
use super::load;
use super::master::Master;
use super::report::{Measured, Report, Unit};
use super::stage::{Daemon, MASTER, Stage};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::time::Instant;

/// A kind of chunkserver.
struct Make {
    name: &'static str,
    program: PathBuf,
    first: &'static [&'static str],
}

/// Measures both, `rounds` times.
pub(super) fn compare(args: &ChunkserverArgs) -> Result<Report> {
    let makes = [
        Make { name: "stock", program: args.stock.clone(), first: &[] },
        Make {
            name: "ours",
            program: std::env::current_exe().context("this program's path")?,
            first: &["mfschunkserver"],
        },
    ];
    let stage = Stage::enter(args.servers)?;
    let master = Master::listen(MASTER)?;
    let mut results = [Vec::new(), Vec::new()];
    for round in 0..args.rounds.max(1) {
        for (make, results) in makes.iter().zip(&mut results) {
            eprintln!("round {}: {} ...", round + 1, make.name);
            let name = format!("{}-{round}", make.name);
            results.push(one(&stage, &master, make, &name, args).context(make.name)?);
        }
    }
    let [stock, ours] = results;
    Ok(Report::both(&stock, &ours))
}

fn one(
    stage: &Stage,
    master: &Master,
    make: &Make,
    name: &str,
    args: &ChunkserverArgs,
) -> Result<Vec<Measured>> {
    let mut daemons = Vec::new();
    for index in 0..args.servers {
        daemons.push(Daemon::start(&make.program, make.first, &stage.configure(name, index)?)?);
    }
    let pids: Vec<_> = daemons.iter().map(Daemon::pid).collect();
    let mut servers = master.accept(args.servers)?;
    let mut rows = load::all(&mut servers, args, &pids)?;
    drop(servers);
    daemons.into_iter().try_for_each(Daemon::stop)?;
    if args.restart_chunks > 0 {
        rows.extend(restarts(stage, master, make, &format!("{name}-restart"), args.restart_chunks)?);
    }
    Ok(rows)
}

/// Times from the start of a program until its master knows all its chunks.
fn restarts(stage: &Stage, master: &Master, make: &Make, name: &str, count: usize) -> Result<Vec<Measured>> {
    let cfg = stage.configure(name, 0)?;
    let daemon = Daemon::start(&make.program, make.first, &cfg)?;
    let server = master.accept(1)?.pop().context("a server")?;
    let ids: Vec<u64> = (1..=count as u64).collect();
    server.create(&ids)?;
    drop(server);
    let row = |test: &str, seconds| Measured {
        test: format!("{test}, {count} chunks"),
        connections: 0,
        unit: Unit::Seconds,
        value: seconds,
        cpu: None,
    };
    let start = Instant::now();
    daemon.stop()?;
    let stopped = start.elapsed().as_secs_f64();
    let restart = || -> Result<(Daemon, f64)> {
        let start = Instant::now();
        let daemon = Daemon::start(&make.program, make.first, &cfg)?;
        let server = master.accept_one()?;
        server.wait_known(count)?;
        Ok((daemon, start.elapsed().as_secs_f64()))
    };
    let (daemon, clean) = restart()?;
    // Dropping it is kill -9.
    drop(daemon);
    let (daemon, killed) = restart()?;
    drop(daemon);
    Ok(vec![
        row("clean stop", stopped),
        row("start after a clean stop", clean),
        row("start after kill -9", killed),
    ])
}
