//! `bench/compare`: the same measurement on a stock cluster and on ours, alternately, as ratios.

mod master;
mod passthrough;
mod table;

use crate::{Cluster, ClusterSpec, Make};
use anyhow::{Context, Result};
use bench::fs::{FsArgs, Report, measure};
use clap::Args;
pub(crate) use master::start_master;
pub use master::{CompareMasterArgs, Subject as MasterSubject, run_master};
use passthrough::Passthrough;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
pub use table::{Comparison, Line};

/// Measure a stock MooseFS 3.0.117 cluster and an ElkFS cluster of the same shape, alternately.
///
/// Both keep their data in the same tmpfs, with goal 2. Each number is the median of the rounds.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// Measurements of each cluster
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub rounds: usize,

    /// Chunkservers of each cluster
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub chunkservers: usize,

    /// Files per small-file test
    #[arg(long, default_value_t = 2000, value_name = "N")]
    pub files: usize,

    /// Threads of the small-file tests
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub threads: usize,

    /// MiB of each stream test
    #[arg(long, default_value_t = 512, value_name = "MIB")]
    pub stream_mib: usize,

    /// Random 4 KiB operations of each test
    #[arg(long, default_value_t = 8192, value_name = "N")]
    pub random_ops: usize,

    /// Measure libfuse's passthrough example over the same tmpfs too: the ceiling of any FUSE file system
    #[arg(long)]
    pub passthrough: bool,

    /// What is measured
    #[arg(long, value_delimiter = ',', default_value = "stock,ours", value_name = "MAKE,...")]
    pub subjects: Vec<Make>,

    /// Leave the stream tests out
    #[arg(long)]
    pub skip_streams: bool,

    /// Leave the small-file tests out
    #[arg(long)]
    pub skip_small: bool,

    /// Write all numbers of all rounds to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// One thing that is measured: its name and a directory in it.
struct Subject {
    name: String,
    dir: PathBuf,
    // Kept alive until the end.
    _cluster: Option<Cluster>,
    _passthrough: Option<Passthrough>,
}

/// Runs the comparison and prints the table; `stop` set ends it with an error, cleaned up.
pub fn run(args: &CompareArgs, stop: &AtomicBool) -> Result<()> {
    anyhow::ensure!(args.rounds >= 1, "--rounds must be at least 1");
    let mut subjects = Vec::new();
    for make in &args.subjects {
        eprintln!("starting a {make} cluster");
        subjects.push(cluster(*make, args.chunkservers)?);
    }
    if args.passthrough {
        match Passthrough::start() {
            Ok(mount) => subjects.push(Subject {
                name: "passthrough".into(),
                dir: mount.point(),
                _cluster: None,
                _passthrough: Some(mount),
            }),
            Err(error) => eprintln!("passthrough is left out: {error:#}"),
        }
    }
    let mut reports: Vec<(String, Vec<Report>)> =
        subjects.iter().map(|s| (s.name.clone(), Vec::new())).collect();
    for round in 1..=args.rounds {
        for (subject, (name, reports)) in subjects.iter().zip(&mut reports) {
            eprintln!("round {round} of {}: {name}", args.rounds);
            let report = measure(&fs_args(args, &subject.dir), stop, &mut |_, _| Ok(()))
                .with_context(|| format!("measure {name} in round {round}"))?;
            reports.push(report);
        }
    }
    let comparison = Comparison::new(&reports)?;
    println!("{}", comparison.table());
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&serde_json::json!({
            "rounds": args.rounds,
            "chunkservers": args.chunkservers,
            "comparison": comparison,
            "reports": reports.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        }))?;
        std::fs::write(path, json).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn cluster(make: Make, chunkservers: usize) -> Result<Subject> {
    let spec = ClusterSpec { tmpfs: true, metalogger: None, ..ClusterSpec::all(make, chunkservers) };
    let cluster = Cluster::start(&spec).with_context(|| format!("start a {make} cluster"))?;
    Ok(Subject {
        name: make.to_string(),
        dir: cluster.mount_point(0),
        _cluster: Some(cluster),
        _passthrough: None,
    })
}

fn fs_args(args: &CompareArgs, dir: &Path) -> FsArgs {
    FsArgs {
        dir: dir.into(),
        files: args.files,
        threads: args.threads,
        files_per_dir: 500,
        stream_mib: args.stream_mib,
        random_ops: args.random_ops,
        jobs: vec![1, 4],
        cold: bench::fs::ColdMode::Drop,
        skip_small: args.skip_small,
        skip_streams: args.skip_streams,
        json: false,
    }
}
