//! Clusters for people who develop ElkFS: `harness up`, `harness compare`, `harness clean`.

use anyhow::{Context, Result};
use clap::Parser;
use harness::compare::{self, CompareArgs, CompareMasterArgs};
use harness::{Cluster, ClusterSpec, FiguresArgs, Make, clean_leftovers, figures, record, reread};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[derive(Parser)]
#[command(about = "Clusters of stock and own components, for development")]
enum Cli {
    /// Start a cluster of any mixture and keep it until Ctrl-C
    Up(UpArgs),
    /// Measure a stock cluster and ours alternately
    Compare(CompareArgs),
    /// Measure a stock master and ours alternately
    CompareMaster(CompareMasterArgs),
    /// Memory, stop, start and image of masters with many files
    Figures(FiguresArgs),
    /// Remove what crashed runs left behind
    Clean,
    /// Work in a directory until the input ends, and print what was acknowledged (used by tests)
    Record {
        /// An existing directory
        dir: PathBuf,
        /// Threads
        workers: usize,
    },
    /// Read files of known content again and again until the input ends (used by tests)
    Reread {
        /// Existing directories
        dirs: Vec<PathBuf>,
    },
}

#[derive(clap::Args)]
struct UpArgs {
    /// stock or ours
    #[arg(long, default_value = "ours")]
    master: Make,
    /// stock or ours, one word per chunkserver
    #[arg(long, value_delimiter = ',', default_value = "ours,ours,ours")]
    chunkservers: Vec<Make>,
    /// stock or ours; none without this option
    #[arg(long)]
    metalogger: Option<Make>,
    /// stock or ours, one word per mount
    #[arg(long, value_delimiter = ',', default_value = "ours")]
    mounts: Vec<Make>,
    /// stock or ours, one word per mount of the trash
    #[arg(long, value_delimiter = ',')]
    meta_mounts: Vec<Make>,
    /// For every mount's -o
    #[arg(long)]
    mount_option: Vec<String>,
    /// Keep all data in memory
    #[arg(long)]
    tmpfs: bool,
}

fn main() -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("handle signals")?;
    }
    match Cli::parse() {
        Cli::Up(args) => up(args, &stop),
        Cli::Compare(args) => compare::run(&args, &stop),
        Cli::Figures(args) => figures(&args),
        Cli::CompareMaster(args) => compare::run_master(&args, &stop),
        Cli::Clean => {
            println!("{} leftovers removed", clean_leftovers()?);
            Ok(())
        }
        Cli::Record { dir, workers } => record(&dir, workers),
        Cli::Reread { dirs } => reread(&dirs),
    }
}

fn up(args: UpArgs, stop: &AtomicBool) -> Result<()> {
    let mut cluster = Cluster::start(&ClusterSpec {
        master: args.master,
        chunkservers: args.chunkservers,
        metalogger: args.metalogger,
        meta_mounts: args.meta_mounts,
        mount_options: args.mount_option,
        mounts: args.mounts.clone(),
        tmpfs: args.tmpfs,
        private_mounts: false,
        ..ClusterSpec::all(args.master, 0)
    })?;
    for index in 0..args.mounts.len() {
        println!("mounted: {}", cluster.mount_point(index).display());
    }
    println!("master data: {}", cluster.master_data().display());
    println!("tools: nsenter --net=/run/netns/{} mfscli -H 10.99.0.1 -SIN", cluster.network());
    println!("Ctrl-C ends it and removes everything");
    while !stop.load(Ordering::Relaxed) {
        cluster.check()?;
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}
