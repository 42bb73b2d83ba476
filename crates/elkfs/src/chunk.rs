//! `elkfs chunk check` and `elkfs chunk repair`: chunk files and whole folders of a server that does not run.

use anyhow::{Context, ensure};
use chunkstore::offline::{Checked, Offline, check_file};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to do with chunk files.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Compare headers with names, sizes, and blocks with their checksums
    Check(CheckArgs),
    /// Make header and checksums fit name and data, keeping the file as it was; for the last copy of a chunk only
    Repair(RepairArgs),
}

/// What to check.
#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Chunk files, and folders with chunk files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Of the data only the last block
    #[arg(long)]
    fast: bool,
    /// JSON instead of text
    #[arg(long)]
    json: bool,
}

/// What to repair.
#[derive(Args)]
pub(crate) struct RepairArgs {
    /// Chunk files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Really do it: wrong data will look right afterwards
    #[arg(long, required = true)]
    trust_the_data: bool,
    /// Also rename a file whose name is none, by its header
    #[arg(long)]
    fix_name: bool,
    /// JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    checked: usize,
    bad: usize,
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    path: PathBuf,
    findings: Vec<String>,
    /// The file as it was before a repair.
    kept: Option<PathBuf>,
}

/// Exit status 0 when all is well (or was made so), 1 otherwise.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(args) => {
            let options = Offline { fast: args.fast, ..Offline::default() };
            Ok(work(&args.paths, options, args.json)?)
        }
        Command::Repair(args) => {
            debug_assert!(args.trust_the_data, "clap demands it");
            let folder = args.files.iter().find(|file| file.is_dir());
            ensure!(folder.is_none(), "{folder:?} is a folder; a repair takes files, one by one");
            let options = Offline { repair: true, fix_name: args.fix_name, ..Offline::default() };
            work(&args.files, options, args.json)
        }
    }
}

fn work(paths: &[PathBuf], options: Offline, json: bool) -> anyhow::Result<ExitCode> {
    let mut files = Vec::new();
    for path in paths {
        find(path, &mut files)?;
    }
    let bar = bar(files.len());
    let mut report = Report { checked: files.len(), bad: 0, files: Vec::new() };
    let mut left = false;
    for path in files {
        let checked = check_file(&path, options);
        bar.inc(1);
        if checked.is_good() && checked.findings.is_empty() {
            continue;
        }
        let fixed = checked.findings.iter().any(|finding| finding.is_deed()) && checked.bits() & 16 == 0;
        left |= !fixed && !checked.is_good();
        report.bad += usize::from(!checked.is_good());
        bar.suspend(|| tell(&path, &checked, json));
        let findings = checked.findings.iter().map(ToString::to_string).collect();
        report.files.push(FileReport { path, findings, kept: checked.kept });
    }
    bar.finish_and_clear();
    if json {
        println!("{}", serde_json::to_string_pretty(&report).context("JSON")?);
    } else {
        println!("{} files checked, {} with something wrong", report.checked, report.bad);
    }
    Ok(if left { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn tell(path: &Path, checked: &Checked, json: bool) {
    if json {
        return;
    }
    for finding in &checked.findings {
        println!("{}: {finding}", path.display());
    }
    if let Some(kept) = &checked.kept {
        println!("{}: the file as it was is kept as {}", path.display(), kept.display());
    }
}

fn bar(files: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() || files < 2 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(files as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// A file is taken whatever its name is; in folders only chunk files are, and folders of folders are looked into.
fn find(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        files.push(path.into());
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).with_context(|| format!("list {}", path.display()))? {
        entries.push(entry.with_context(|| format!("list {}", path.display()))?);
    }
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().with_context(|| format!("look at {}", entry.path().display()))?;
        let name = entry.file_name();
        // Copies kept aside and other hidden folders are not what is served.
        if kind.is_dir() && !name.as_encoded_bytes().starts_with(b".") {
            find(&entry.path(), files)?;
        } else if kind.is_file() && chunkstore::parse_file_name(name.as_encoded_bytes()).is_some() {
            files.push(entry.path());
        }
    }
    Ok(())
}
