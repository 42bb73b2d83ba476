//! `bench/compare-master`: the same load on a stock master and on ours, alternately, as ratios.

use super::table::Comparison;
use crate::{Cluster, ClusterSpec, Make};
use anyhow::{Context, Result, bail, ensure};
use bench::fs::{Row, Unit};
use bench::master::{MasterArgs, Shape, measure};
use clap::Args;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

/// Measure a stock master and ours with `elkfs bench master`, alternately. No chunkservers and no mounts take part.
#[derive(Debug, Clone, Args)]
pub struct CompareMasterArgs {
    /// Measurements of each master
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub rounds: usize,

    /// Masters with their CHANGELOG_SAVE_MODE; without a number it is not set
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "stock:0,ours:0,ours",
        value_name = "MAKE[:MODE],..."
    )]
    pub subjects: Vec<Subject>,

    /// Connections x requests in flight on each
    #[arg(long, value_delimiter = ',', default_value = "1x1,8x8", value_name = "NxM,...")]
    pub shapes: Vec<Shape>,

    /// Files per test
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    pub files: usize,

    /// Keep the masters' data on the disk of /tmp instead of in memory
    #[arg(long)]
    pub disk: bool,

    /// Write all numbers to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// A master in one of its modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Whose.
    pub make: Make,
    /// `CHANGELOG_SAVE_MODE`.
    pub mode: Option<u8>,
}

impl FromStr for Subject {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Subject> {
        let (make, mode) = text.split_once(':').map_or((text, None), |(make, mode)| (make, Some(mode)));
        let mode = match mode {
            None => None,
            Some("0") => Some(0),
            Some("1") => Some(1),
            Some("2") => Some(2),
            Some(other) => bail!("save mode {other} is none of 0, 1 and 2"),
        };
        Ok(Subject { make: make.parse()?, mode })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mode {
            None => self.make.fmt(f),
            Some(mode) => write!(f, "{}:{mode}", self.make),
        }
    }
}

/// A master alone.
pub(crate) fn start_master(subject: Subject, disk: bool, more: &[String]) -> Result<Cluster> {
    let mode = subject.mode.map(|mode| format!("CHANGELOG_SAVE_MODE = {mode}"));
    let master_cfg = mode.into_iter().chain(more.iter().cloned()).collect();
    let alone = ClusterSpec { metalogger: None, mounts: vec![], ..ClusterSpec::all(subject.make, 0) };
    Cluster::start(&ClusterSpec { tmpfs: !disk, master_cfg, ..alone })
        .with_context(|| format!("start a {subject} master"))
}

/// Time all threads of a process have been on a processor, ns.
fn processor_ns(pid: u32) -> Result<u64> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("list the master's threads")? {
        // A thread may end meanwhile.
        let times = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        total += times.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(total)
}

/// One measurement: rates, and the processor time of the master for each operation.
fn round(master: &mut Cluster, load: &MasterArgs, stop: &AtomicBool) -> Result<(Vec<Row>, Vec<Row>)> {
    let pid = master.master().pid().context("no master")?;
    let (mut before, mut costs) = (processor_ns(pid)?, Vec::new());
    let mut on_row = |row: &Row| {
        ensure!(!stop.load(Ordering::Relaxed), "stopped");
        let now = processor_ns(pid)?;
        let rate = (now - before) as f64 / 1e3 / row.operations as f64;
        costs.push(Row { rate, unit: Unit::MicrosPerOp, ..row.clone() });
        before = now;
        Ok(())
    };
    let report = master.inside(|| measure(load, &mut on_row))?;
    Ok((report.rows, costs))
}

/// Runs the comparison and prints the tables.
pub fn run_master(args: &CompareMasterArgs, stop: &AtomicBool) -> Result<()> {
    ensure!(args.rounds >= 1, "--rounds must be at least 1");
    let load = MasterArgs {
        host: Cluster::master_address().to_string(),
        port: Cluster::MASTER_PORT,
        shapes: args.shapes.clone(),
        files: args.files,
        listings: args.files / 10,
        json: false,
    };
    let (mut masters, mut rates, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    for subject in &args.subjects {
        masters.push(start_master(*subject, args.disk, &[])?);
        rates.push((subject.to_string(), Vec::new()));
        costs.push((subject.to_string(), Vec::new()));
    }
    for number in 1..=args.rounds {
        for (i, master) in masters.iter_mut().enumerate() {
            eprintln!("round {number} of {}: {}", args.rounds, args.subjects[i]);
            let (rows, cost) = round(master, &load, stop)?;
            rates[i].1.push(rows);
            costs[i].1.push(cost);
        }
    }
    let place = if args.disk { "on disk (/tmp)" } else { "in memory" };
    let rates = Comparison::of_rows(&rates, format!("{} files, data {place}", args.files))?;
    let costs = Comparison::of_rows(&costs, "processor time of the master's process".into())?;
    println!("{}\n\n{}", rates.table(), costs.table());
    if let Some(path) = &args.json {
        let json = serde_json::json!({ "rates": rates, "processor": costs });
        fs::write(path, serde_json::to_string_pretty(&json)?)
            .with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects() {
        let text = |text: &str| text.parse::<Subject>().map(|s| s.to_string());
        assert_eq!(text("stock:0").unwrap(), "stock:0");
        assert_eq!(text("ours").unwrap(), "ours");
        assert!(text("ours:3").is_err() && text("mine").is_err());
    }
}
