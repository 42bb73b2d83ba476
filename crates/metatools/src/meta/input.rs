//! A state named on the command line.

use crate::restore::{Bar, unix_now};
use anyhow::{Context, Result, ensure};
use recovery::storage::DirStorage;
use recovery::{Loaded, Rules, inspect, rebuild, recover};
use std::path::{Path, PathBuf};

/// Loads an image with changelogs on top, or the newest state of a directory. Touches nothing.
pub(super) fn load(path: &Path, logs: &[PathBuf]) -> Result<Loaded> {
    let rules = Rules { recover: true, ..Rules::default() };
    let mut bar = Bar::new(false);
    let loaded = if path.is_dir() {
        ensure!(logs.is_empty(), "{} is a directory: its own changelogs count", path.display());
        recover(&DirStorage::new(path), &rules, unix_now(), &mut bar)
    } else {
        let storage = DirStorage::new("");
        let text = |path: &Path| path.to_str().map(str::to_owned).context("a name that is no UTF-8");
        let base = inspect(&storage, &text(path)?).map_err(anyhow::Error::msg)?;
        let names = logs.iter().map(|log| text(log)).collect::<Result<Vec<_>>>()?;
        rebuild(&storage, &rules, base, &names, unix_now(), &mut bar)
    };
    bar.finish();
    loaded
}

/// A state as the bytes of an image.
pub(super) fn image_of(loaded: &Loaded) -> Result<Vec<u8>> {
    let mut out = std::io::Cursor::new(Vec::new());
    // Locks of chunks that are over stay as they are, so that the moment of looking makes no difference.
    loaded.fs.snapshot().write_image(&mut out, 0).context("write the image")?;
    Ok(out.into_inner())
}
