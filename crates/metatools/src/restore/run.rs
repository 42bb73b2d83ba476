//! Doing it.

use super::args::Task;
use super::bar::Bar;
use super::place::{nobody_works_in, store, unix_now};
use anyhow::{Context, Result, ensure};
use recovery::images::CURRENT;
use recovery::storage::{DirStorage, Storage};
use recovery::{Loaded, Rules, inspect, make_way, rebuild, recover};
use std::path::{Path, PathBuf};

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Everything that is there was used.
    Complete,
    /// Changes remain that could not be replayed.
    Incomplete,
}

pub(super) fn run(task: &Task, data: &Path) -> Result<Outcome> {
    match task {
        Task::Auto { dir, rules } => auto(dir.as_deref().unwrap_or(data), rules),
        Task::Merge { image, out, logs, rules } => merge(image, out, logs, rules),
        Task::Dump { image } => {
            let image = std::fs::read(image).with_context(|| format!("can't read {}", image.display()))?;
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            ondisk::dump::write_dump(&image, &mut out).context("can't dump the image")?;
            Ok(Outcome::Complete)
        }
    }
}

fn auto(dir: &Path, rules: &Rules) -> Result<Outcome> {
    ensure!(dir.is_dir(), "{} is no directory: say with -d where the files are", dir.display());
    nobody_works_in(dir)?;
    let storage = DirStorage::new(dir);
    let mut bar = Bar::new(rules.verbose > 0);
    let loaded = recover(&storage, rules, unix_now(), &mut bar);
    bar.finish();
    let loaded = loaded?;
    tell_base(&storage, &loaded);
    if loaded.base.name == CURRENT && loaded.replayed == 0 {
        println!("{} is the newest there is: nothing to do", storage.describe(CURRENT));
        return Ok(outcome(&loaded));
    }
    tell_stored(store(&loaded.fs, dir, CURRENT, &dir.join(&loaded.base.name))?, &storage.describe(CURRENT));
    if loaded.stopped.is_some() {
        make_way(&storage, loaded.fs.version(), true)
            .context("can't rename changelogs that were given up")?;
    }
    println!("start the master now: mfsmaster start");
    Ok(outcome(&loaded))
}

fn merge(image: &Path, out: &Path, logs: &[PathBuf], rules: &Rules) -> Result<Outcome> {
    // Names are used as they are.
    let storage = DirStorage::new("");
    let text = |path: &Path| path.to_str().map(str::to_owned).context("a name that is no UTF-8");
    let base = inspect(&storage, &text(image)?).map_err(anyhow::Error::msg)?;
    let names = logs.iter().map(|log| text(log)).collect::<Result<Vec<_>>>()?;
    let mut bar = Bar::new(rules.verbose > 0);
    let loaded = rebuild(&storage, rules, base, &names, unix_now(), &mut bar);
    bar.finish();
    let loaded = loaded?;
    tell_base(&storage, &loaded);
    let name = out.file_name().and_then(|name| name.to_str()).context("-o must name a file")?;
    let dir = match out.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    tell_stored(store(&loaded.fs, dir, name, image)?, &out.display().to_string());
    Ok(outcome(&loaded))
}

fn outcome(loaded: &Loaded) -> Outcome {
    match &loaded.stopped {
        None => Outcome::Complete,
        Some(why) => {
            println!("NOT EVERYTHING IS RESTORED: {why}");
            Outcome::Incomplete
        }
    }
}

fn tell_base(storage: &DirStorage, loaded: &Loaded) {
    let Loaded { fs, base, replayed, .. } = loaded;
    println!("image: {} (version {}, id {:016X})", storage.describe(&base.name), base.version, base.id);
    match replayed {
        0 => println!("changes: none that are newer"),
        n => println!("changes: {} to {} ({n}) replayed", base.version, fs.version() - 1),
    }
}

fn tell_stored((size, aside): (u64, Option<String>), name: &str) {
    if let Some(aside) = aside {
        println!("what was there before is kept as {aside}");
    }
    println!("stored: {name} ({size} bytes, verified)");
}
