//! `bench/compare-master`: the same load on a stock master and on ours, alternately, as ratios.

use super::table::Comparison;
use crate::{Cluster, ClusterSpec, Make};
use anyhow::{Context, Result, bail, ensure};
use bench::fs::Row;
use bench::master::{MasterArgs, Shape, measure};
use clap::Args;
use std::fmt;
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

/// Runs the comparison and prints the table.
pub fn run_master(args: &CompareMasterArgs, stop: &AtomicBool) -> Result<()> {
    ensure!(args.rounds >= 1, "--rounds must be at least 1");
    let mut masters = Vec::new();
    for subject in &args.subjects {
        masters.push((subject.to_string(), start_master(*subject, args.disk, &[])?));
    }
    let load = MasterArgs {
        host: Cluster::master_address().to_string(),
        port: Cluster::MASTER_PORT,
        shapes: args.shapes.clone(),
        files: args.files,
        listings: args.files / 10,
        json: false,
    };
    let mut reports: Vec<(String, Vec<Vec<Row>>)> =
        masters.iter().map(|(name, _)| (name.clone(), Vec::new())).collect();
    for round in 1..=args.rounds {
        for ((name, master), (_, rounds)) in masters.iter().zip(&mut reports) {
            eprintln!("round {round} of {}: {name}", args.rounds);
            let stopped = |_: &Row| {
                ensure!(!stop.load(Ordering::Relaxed), "stopped");
                Ok(())
            };
            let report = master.inside(|| measure(&load, &mut { stopped }))?;
            rounds.push(report.rows);
        }
    }
    let place = if args.disk { "on disk (/tmp)" } else { "in memory" };
    let comparison = Comparison::of_rows(&reports, format!("{} files, data {place}", args.files))?;
    println!("{}", comparison.table());
    if let Some(path) = &args.json {
        let json = serde_json::json!({ "comparison": comparison, "rounds": reports });
        std::fs::write(path, serde_json::to_string_pretty(&json)?)
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
