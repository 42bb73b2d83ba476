//! Where a result goes: verified, in one step, and never over something that was there.

use anyhow::{Context, Result, ensure};
use metadata::Fs;
use recovery::images::{ImageSource, store_as};
use recovery::storage::{DirStorage, Storage};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix seconds.
pub(crate) fn unix_now() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

/// Stores a state under `name` in `dir`; what has that name gets another one, which is returned. The file is given
/// owner and mode of `like`, so that the master's user can read what root has restored.
pub(crate) fn store(fs: &Fs, dir: &Path, name: &str, like: &Path) -> Result<(u64, Option<String>)> {
    let storage = DirStorage::new(dir);
    let (snapshot, now) = (fs.snapshot(), unix_now());
    let source: ImageSource = Box::new(move |out| snapshot.write_image(&mut &mut *out, now));
    store_source(&storage, name, like, &source)
}

/// The same for an image that comes from elsewhere.
pub(crate) fn store_source(
    storage: &DirStorage,
    name: &str,
    like: &Path,
    source: &ImageSource,
) -> Result<(u64, Option<String>)> {
    let target = storage.path().join(name);
    let tmp = format!("{name}.tmp");
    let size =
        store_as(storage, &tmp, source).with_context(|| format!("can't store {}", target.display()))?;
    let made = storage.path().join(&tmp);
    let as_before = std::fs::metadata(like).and_then(|old| {
        std::fs::set_permissions(&made, std::fs::Permissions::from_mode(old.mode() & 0o777))?;
        chown(&made, Some(old.uid()), Some(old.gid()))
    });
    if let Err(error) = as_before {
        tracing::warn!("{}: can't give it the owner of {}: {error}", target.display(), like.display());
    }
    let aside = storage.exists(name).then(|| {
        let mut names = (0..u32::MAX).map(|n| format!("{name}.{n:06}"));
        names.find(|aside| !storage.exists(aside)).unwrap_or_default()
    });
    if let Some(aside) = &aside {
        storage.rename(name, aside).with_context(|| format!("can't rename {}", target.display()))?;
    }
    storage.rename(&tmp, name).with_context(|| format!("can't rename {}", made.display()))?;
    storage.sync_dir().with_context(|| format!("can't sync {}", storage.path().display()))?;
    Ok((size, aside))
}

/// An error when a daemon works in this directory.
pub(crate) fn nobody_works_in(dir: &Path) -> Result<()> {
    for name in ["mfsmaster", "mfsmetalogger"] {
        let path = dir.join(format!(".{name}.lock"));
        if !path.exists() {
            continue;
        }
        let owner = daemon::Lock::open(&path).and_then(|lock| lock.owner());
        let owner = owner.with_context(|| format!("can't look at {}", path.display()))?;
        ensure!(
            owner.is_none(),
            "{name} (pid {}) works in {}: stop it first",
            owner.unwrap_or_default(),
            dir.display()
        );
    }
    Ok(())
}
