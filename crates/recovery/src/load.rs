//! Image, then changes.

use super::choose::{Candidate, candidates, usual};
use super::merge::{LogBytes, Merge, last_change};
use super::progress::{LogProgress, Progress};
use super::unfinished::{Unfinished, Watch};
use crate::images::{BACK, CURRENT, TMP};
use crate::storage::Storage;
use anyhow::{Context, Result, bail};
use metadata::Fs;
use ondisk::Line;
use std::io::Write;
use std::time::Instant;

/// The name of the n-th changelog; 0 is the one being written (`spec/metadata-format.md` 2).
pub fn changelog_name(n: u32) -> String {
    format!("changelog.{n}.mfs")
}

/// How careful to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// `-a`: use whatever is the newest, metaloggers' files too.
    pub recover: bool,
    /// `-i`: go on in spite of damage.
    pub ignore_errors: bool,
    /// `-b` of `mfsmetarestore`: when the changelogs lead no further, what was reached is good enough.
    pub best: bool,
    /// `-f` of `mfsmetarestore`: read all changelogs, not only those that seem to hold something new.
    pub every_log: bool,
    /// How often `-x`: 1 names files and changes, 2 also what the image consists of.
    pub verbose: u8,
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
    /// Why changes that are there could not be replayed; only with `-i` or `-b`.
    pub stopped: Option<String>,
}

/// Loads the state and leaves the directory as a running master wants it.
pub fn load(storage: &dyn Storage, rules: &Rules, now: u32) -> Result<Loaded> {
    let mut progress = LogProgress::default();
    let loaded = if rules.recover {
        recover(storage, rules, now, &mut progress)?
    } else {
        let base = usual(storage)?;
        let loaded = rebuild(storage, rules, base, &changelogs(storage, false)?, now, &mut progress)?;
        refuse_behind(storage, rules, loaded.fs.version())?;
        loaded
    };
    tidy(storage, rules, &loaded)?;
    Ok(loaded)
}

/// A metalogger's changelog in the directory that goes further must not be passed over in silence.
fn refuse_behind(storage: &dyn Storage, rules: &Rules, version: u64) -> Result<()> {
    let names = changelogs(storage, true)?.into_iter().filter(|name| !is_changelog(name, false));
    let ahead = names.filter_map(|name| Some((last_change(storage, &name)?, name))).max();
    match ahead {
        Some((last, name)) if last >= version && !rules.ignore_errors => bail!(
            "{name} holds changes up to {last}, the master's own files lead to version {version} only - use '-a' to take \
             them, or move the metalogger's files away"
        ),
        _ => Ok(()),
    }
}

/// `-a`: the newest state that all files of the directory together give. Touches no file.
///
/// An image that cannot be loaded is passed over if an older one and the changelogs lead at least as far.
pub fn recover(
    storage: &dyn Storage,
    rules: &Rules,
    now: u32,
    progress: &mut dyn Progress,
) -> Result<Loaded> {
    let logs = changelogs(storage, true)?;
    let mut damaged: Option<(Candidate, anyhow::Error)> = None;
    for base in candidates(storage, rules.ignore_errors)? {
        let image = match load_image(storage, rules, &base, now) {
            Ok(fs) => fs,
            Err(error) => {
                tracing::error!("{error:#}; trying older images");
                damaged.get_or_insert((base, error));
                continue;
            }
        };
        let loaded = replay_on(storage, rules, base, image, &logs, progress)?;
        return match damaged {
            Some((newer, error)) if loaded.fs.version() < newer.version && !rules.ignore_errors => {
                Err(error.context(format!(
                    "{} (version {}) is damaged; {} and all changelogs lead to version {} only - find another copy of it \
                     or the changelogs between, or use '-i' to lose what came after",
                    newer.name,
                    newer.version,
                    loaded.base.name,
                    loaded.fs.version()
                )))
            }
            _ => Ok(loaded),
        };
    }
    Err(damaged.map_or_else(
        || anyhow::anyhow!("can't find valid metadata file in {}", storage.describe(".")),
        |(_, error)| error,
    ))
}

/// Loads an image and replays the named changelogs, without touching any file.
pub fn rebuild(
    storage: &dyn Storage,
    rules: &Rules,
    base: Candidate,
    logs: &[String],
    now: u32,
    progress: &mut dyn Progress,
) -> Result<Loaded> {
    let fs = load_image(storage, rules, &base, now)?;
    replay_on(storage, rules, base, fs, logs, progress)
}

fn load_image(storage: &dyn Storage, rules: &Rules, base: &Candidate, now: u32) -> Result<Fs> {
    let began = Instant::now();
    let name = storage.describe(&base.name);
    let image = storage.read(&base.name).with_context(|| format!("can't read {name}"))?;
    let fs = if rules.ignore_errors {
        let (fs, damage) =
            Fs::from_damaged_image(&image, now).with_context(|| format!("can't load {name}"))?;
        damage.found.iter().for_each(|error| tracing::error!("{name}: {error} - ignored because of '-i'"));
        if damage.more > 0 {
            tracing::error!("{name}: {} more problems ignored because of '-i'", damage.more);
        }
        fs
    } else {
        Fs::from_image(&image, now).with_context(|| format!("can't load {name}"))?
    };
    tracing::info!("{name}: version {} loaded in {:.2} s", fs.version(), began.elapsed().as_secs_f64());
    if rules.verbose > 1 {
        for section in ondisk::image::check(&image)? {
            tracing::info!("{name}: section {}: {} records", section.name, section.records);
        }
    }
    Ok(fs)
}

fn replay_on(
    storage: &dyn Storage,
    rules: &Rules,
    base: Candidate,
    mut fs: Fs,
    names: &[String],
    progress: &mut dyn Progress,
) -> Result<Loaded> {
    let logs = read_logs(storage, names, rules, fs.version())?;
    if base.name == CURRENT && fs.version() == 1 && !logs.is_empty() && !rules.recover {
        bail!(
            "{} is an empty file system, but {} holds changes of an earlier one: use '-a' to replay them, or move the \
             changelogs away",
            storage.describe(&base.name),
            logs[0].name
        );
    }
    let before = fs.version();
    let mut watch = Watch::default();
    let mut stopped = None;
    if let Err(error) = replay(&mut fs, &logs, &mut watch, rules.verbose > 0, progress) {
        if !rules.ignore_errors && !rules.best {
            return Err(error.context("error applying changelogs - fix changelogs manually or use '-i' flag"));
        }
        tracing::error!("{error:#}; going on with version {} as told", fs.version());
        stopped = Some(format!("{error:#}"));
    }
    let replayed = fs.version() - before;
    if replayed > 0 {
        tracing::info!("{replayed} changes replayed, version {}", fs.version());
    }
    let unfinished = watch.finish(&fs);
    Ok(Loaded { fs, base, replayed, unfinished, stopped })
}

/// Names of the changelogs in the directory, with those of metaloggers if wanted.
pub fn changelogs(storage: &dyn Storage, with_metaloggers: bool) -> Result<Vec<String>> {
    let mut names = storage.list().with_context(|| format!("can't list {}", storage.describe(".")))?;
    names.retain(|name| is_changelog(name, with_metaloggers));
    Ok(names)
}

/// Changelogs that hold a line with this number or a higher one.
fn read_logs(storage: &dyn Storage, names: &[String], rules: &Rules, version: u64) -> Result<Vec<LogBytes>> {
    let mut logs = Vec::new();
    for name in names.iter().cloned() {
        // Most are older than the image: their ends say so.
        if let Some(last) = last_change(storage, &name).filter(|last| *last < version && !rules.every_log) {
            if rules.verbose > 0 {
                tracing::info!("changelog {name}: changes up to {last}, skipped");
            }
            continue;
        }
        let bytes = storage.read(&name).with_context(|| format!("can't read {}", storage.describe(&name)))?;
        let mut log = LogBytes { name, bytes };
        match log.leave_out_torn() {
            Err(damage) if rules.ignore_errors => tracing::error!("{damage}; going on because of '-i'"),
            torn => _ = torn?,
        }
        let used = log.last().is_some_and(|last| last >= version) || rules.every_log;
        if rules.verbose > 0 {
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

fn replay(
    fs: &mut Fs,
    logs: &[LogBytes],
    watch: &mut Watch,
    verbose: bool,
    progress: &mut dyn Progress,
) -> Result<()> {
    let last = logs.iter().filter_map(LogBytes::last).max().unwrap_or(0);
    let first = fs.version();
    let mut merge = Merge::new(logs, first);
    let mut scratch = Vec::new();
    while let Some(merged) = merge.next_line()? {
        let line = Line::parse(merged.text, &mut scratch)
            .with_context(|| format!("{}: change {} cannot be read", merged.file, merged.version))?;
        watch.line(fs, &line);
        fs.replay(&line).with_context(|| format!("{}: change {}", merged.file, merged.version))?;
        if verbose {
            tracing::info!("{}: change {}", merged.file, merged.text.escape_ascii());
        }
        progress.change(merged.version, first, last);
    }
    Ok(())
}

/// A name beside `metadata.mfs` that nothing has yet.
fn free_name(storage: &dyn Storage) -> String {
    let mut names = (0..u32::MAX).map(|n| format!("{CURRENT}.{n:06}"));
    names.find(|name| !storage.exists(name)).unwrap_or_else(|| format!("{CURRENT}.aside"))
}

/// The base becomes `metadata.mfs.back`, where metaloggers look for it; what is half-written goes; changelogs that do
/// not belong to what comes now get out of its way.
fn tidy(storage: &dyn Storage, rules: &Rules, loaded: &Loaded) -> Result<()> {
    let done = || -> std::io::Result<()> {
        if storage.exists(TMP) {
            storage.remove(TMP)?;
        }
        if storage.exists(CURRENT) {
            let aside = if loaded.base.name == CURRENT || !storage.exists(BACK) {
                BACK.to_owned()
            } else {
                free_name(storage)
            };
            storage.rename(CURRENT, &aside)?;
        }
        cut_torn_line(storage)?;
        make_way(storage, loaded.fs.version(), rules.recover)?;
        storage.sync_dir()
    };
    done().context("can't put the files of the data directory in order")
}

/// The next line will be `version`. Files with such lines tell of changes that were given up (`-i`): were they left, the
/// next recovery would take them for what happened. And a jump inside a file ends it for every reader, so a
/// `changelog.0.mfs` that ends earlier (the rest came from metaloggers) becomes an older one. Metaloggers' files are
/// only looked at if they were for the replay.
pub fn make_way(storage: &dyn Storage, version: u64, with_metaloggers: bool) -> std::io::Result<()> {
    let mut newest = Vec::new();
    for name in storage.list()?.into_iter().filter(|name| is_changelog(name, with_metaloggers)) {
        match last_change(storage, &name) {
            Some(last) if last >= version => {
                let mut names = (0..u32::MAX).map(|n| format!("given_up.{n}.{name}"));
                let aside = names.find(|name| !storage.exists(name)).unwrap_or_default();
                tracing::warn!("{name} holds changes that were given up; it is {aside} now");
                storage.rename(&name, &aside)?;
            }
            last if is_changelog(&name, false) => newest.extend(number_of(&name).map(|n| (n, last))),
            _ => {}
        }
    }
    newest.sort_unstable();
    let jumps =
        newest.first().is_some_and(|(n, last)| *n == 0 && last.is_some_and(|last| last + 1 != version));
    if jumps {
        for (n, _) in newest.into_iter().rev() {
            storage.rename(&changelog_name(n), &changelog_name(n + 1))?;
            storage.sync_dir()?;
        }
    }
    Ok(())
}

/// The number of a master's changelog.
fn number_of(name: &str) -> Option<u32> {
    name.split('.').nth(1)?.parse().ok().filter(|n| changelog_name(*n) == name)
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
