//! Image, then changes.

use super::choose::{Candidate, newest, usual};
use super::merge::{LogBytes, Merge};
use super::unfinished::{Unfinished, Watch};
use crate::config::Config;
use crate::images::{BACK, CURRENT, TMP};
use crate::journal::changelog_name;
use crate::storage::Storage;
use anyhow::{Context, Result, bail};
use metadata::Fs;
use ondisk::Line;
use std::io::Write;
use std::time::{Duration, Instant};

/// How careful to be.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// `-a`: use whatever is the newest, metaloggers' files too.
    pub recover: bool,
    /// `-i`: go on in spite of damage.
    pub ignore_errors: bool,
    /// `-x`: name every file.
    pub verbose: bool,
}

impl Rules {
    /// As the command line said.
    pub(crate) fn of(config: &Config) -> Self {
        let given = &config.recovery;
        Rules { recover: given.recover, ignore_errors: given.ignore_errors, verbose: given.verbose > 0 }
    }
}

/// A state, and how it came about.
pub struct Loaded {
    /// The state.
    pub fs: Fs,
    /// The image it began with.
    pub base: Candidate,
    /// Changes replayed on top.
    pub replayed: u64,
    /// Writes that may not have begun.
    pub unfinished: Vec<Unfinished>,
}

/// Loads the state and leaves the directory as a running master wants it.
pub fn load(storage: &dyn Storage, rules: &Rules, now: u32) -> Result<Loaded> {
    let base = if rules.recover { newest(storage, rules.ignore_errors)? } else { usual(storage)? };
    let loaded = rebuild(storage, rules, base, now)?;
    tidy(storage, &loaded.base)?;
    Ok(loaded)
}

/// Loads the state without touching any file.
pub fn rebuild(storage: &dyn Storage, rules: &Rules, base: Candidate, now: u32) -> Result<Loaded> {
    let began = Instant::now();
    let name = storage.describe(&base.name);
    let image = storage.read(&base.name).with_context(|| format!("can't read {name}"))?;
    let mut fs = Fs::from_image(&image, now).with_context(|| format!("can't load {name}"))?;
    drop(image);
    tracing::info!("{name}: version {} loaded in {:.2} s", fs.version(), began.elapsed().as_secs_f64());
    let logs = read_logs(storage, rules, fs.version())?;
    if base.name == CURRENT && fs.version() == 1 && !logs.is_empty() && !rules.recover {
        bail!(
            "{name} is an empty file system, but {} holds changes of an earlier one: use '-a' to replay them, or move \
             the changelogs away",
            logs[0].name
        );
    }
    let before = fs.version();
    let mut watch = Watch::default();
    if let Err(error) = replay(&mut fs, &logs, &mut watch) {
        if !rules.ignore_errors {
            return Err(error.context("error applying changelogs - fix changelogs manually or use '-i' flag"));
        }
        tracing::error!("{error:#}; going on with version {} because of '-i'", fs.version());
    }
    let replayed = fs.version() - before;
    if replayed > 0 {
        tracing::info!("{replayed} changes replayed, version {}", fs.version());
    }
    let unfinished = watch.finish(&fs);
    Ok(Loaded { fs, base, replayed, unfinished })
}

/// Changelogs that hold a line with this number or a higher one.
fn read_logs(storage: &dyn Storage, rules: &Rules, version: u64) -> Result<Vec<LogBytes>> {
    let mut logs = Vec::new();
    for name in storage.list()?.into_iter().filter(|n| is_changelog(n, rules.recover)) {
        let bytes = storage.read(&name).with_context(|| format!("can't read {}", storage.describe(&name)))?;
        let mut log = LogBytes { name, bytes };
        match log.leave_out_torn() {
            Err(damage) if rules.ignore_errors => tracing::error!("{damage}; going on because of '-i'"),
            torn => _ = torn?,
        }
        let used = log.last().is_some_and(|last| last >= version);
        if rules.verbose {
            let range =
                log.first().zip(log.last()).map_or("no changes".into(), |(a, b)| format!("changes {a}-{b}"));
            tracing::info!("changelog {}: {range}, {}", log.name, if used { "used" } else { "skipped" });
        }
        if used {
            logs.push(log);
        }
    }
    Ok(logs)
}

fn is_changelog(name: &str, with_metaloggers: bool) -> bool {
    let Some(rest) = name.strip_prefix("changelog") else { return false };
    let Some(middle) = rest.strip_suffix(".mfs") else { return false };
    let Some((kind, number)) = middle.rsplit_once('.') else { return false };
    let known = kind.is_empty() || with_metaloggers && matches!(kind, "_ml" | "_ml_back");
    known && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

fn replay(fs: &mut Fs, logs: &[LogBytes], watch: &mut Watch) -> Result<()> {
    let last = logs.iter().filter_map(LogBytes::last).max().unwrap_or(0);
    let first = fs.version();
    let mut merge = Merge::new(logs, first);
    let mut scratch = Vec::new();
    let (began, mut told) = (Instant::now(), Instant::now());
    while let Some(merged) = merge.next_line()? {
        let line = Line::parse(merged.text, &mut scratch)
            .with_context(|| format!("{}: change {} cannot be read", merged.file, merged.version))?;
        watch.line(fs, &line);
        fs.replay(&line).with_context(|| format!("{}: change {}", merged.file, merged.version))?;
        if told.elapsed() > Duration::from_secs(2) {
            told = Instant::now();
            let (done, all) = (merged.version - first + 1, last.saturating_sub(first) + 1);
            let eta = began.elapsed().as_secs_f64() * all.saturating_sub(done) as f64 / done as f64;
            tracing::info!(
                "progress: current change: {} (first:{first} - last:{last} - {}% - ETA:{eta:.0}s)",
                merged.version,
                done * 100 / all
            );
        }
    }
    Ok(())
}

/// The base becomes `metadata.mfs.back`, where metaloggers look for it; what is half-written goes.
fn tidy(storage: &dyn Storage, base: &Candidate) -> Result<()> {
    let done = || -> std::io::Result<()> {
        if storage.exists(TMP) {
            storage.remove(TMP)?;
        }
        if storage.exists(CURRENT) {
            let aside = if base.name == CURRENT || !storage.exists(BACK) {
                BACK.to_owned()
            } else {
                format!("{CURRENT}.{:06X}", crate::random::number() & 0xFF_FFFF)
            };
            storage.rename(CURRENT, &aside)?;
        }
        cut_torn_line(storage)?;
        storage.sync_dir()
    };
    done().context("can't put the files of the data directory in order")
}

/// What was being written at a crash would run into the next line. It is kept in a file of its own if it may be of
/// use to somebody.
fn cut_torn_line(storage: &dyn Storage) -> std::io::Result<()> {
    let name = changelog_name(0);
    if !storage.exists(&name) {
        return Ok(());
    }
    let log = LogBytes { bytes: storage.read(&name)?, name };
    let whole = log.whole_len();
    let torn = &log.bytes[whole..];
    if torn.is_empty() {
        return Ok(());
    }
    tracing::warn!("{}: {} bytes of an unfinished last write cut off", log.name, torn.len());
    if torn.contains(&b'\n') {
        let mut aside = storage.create(&format!("{}.torn", log.name))?;
        aside.write_all(torn)?;
        aside.sync()?;
        storage.sync_dir()?;
    }
    let mut file = storage.append(&log.name)?;
    file.cut(whole as u64)?;
    file.sync()
}
