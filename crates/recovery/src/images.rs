//! Metadata images: written beside the running loop, verified by reading back, then put in place of the last one.

mod verify;

use crate::storage::{Storage, shift_generations};
use std::io::{self, BufWriter, Seek, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use verify::Verifier;

/// The last image of a running master, and what metaloggers download.
pub const BACK: &str = "metadata.mfs.back";
/// The image of a master that stopped cleanly.
pub const CURRENT: &str = "metadata.mfs";
/// An image of a master that could not store it in its usual place.
pub const EMERGENCY: &str = "metadata.mfs.emergency";
/// An image that is not complete yet.
pub const TMP: &str = "metadata.mfs.back.tmp";

/// Where an image goes: sections' lengths are filled in when they are known.
pub trait Sink: Write + Seek {}
impl<T: Write + Seek> Sink for T {}

/// Writes an image's bytes to wherever it is told, the same each time.
pub type ImageSource = Box<dyn Fn(&mut dyn Sink) -> io::Result<()> + Send>;

/// What came of an attempt.
#[derive(Debug)]
pub struct ImageResult {
    /// The metadata version of the image.
    pub version: u64,
    /// How long it took.
    pub took: Duration,
    /// Bytes written, or what went wrong; then the previous image is still in place.
    pub outcome: io::Result<u64>,
    /// After a failure: where an emergency copy is, if any place took one.
    pub emergency: Option<String>,
}

/// Writes one image and puts it in place: tmp file, fsync, compare with what should be there, shift the previous ones
/// (`keep` of them), rename, fsync of the directory. Until the last step every previous image is untouched. What could
/// not be completed is removed: it may be what fills the disk.
pub fn store(storage: &dyn Storage, keep: u32, source: &ImageSource) -> io::Result<u64> {
    let size = store_as(storage, TMP, source)?;
    if keep > 0 {
        shift_generations(storage, keep, |n| if n == 0 { BACK.into() } else { format!("{BACK}.{n}") })?;
    }
    storage.rename(TMP, BACK)?;
    storage.sync_dir()?;
    if storage.exists(CURRENT) {
        storage.remove(CURRENT)?;
        storage.sync_dir()?;
    }
    Ok(size)
}

/// Writes an image to the first of the places that takes it (`spec/metadata-format.md` 10.4), where a start with `-a`
/// finds it. Returns the place.
pub fn store_emergency(storage: &dyn Storage, source: &ImageSource) -> io::Result<String> {
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for name in std::iter::once(EMERGENCY.into()).chain(storage.emergency_copies()) {
        let tmp = format!("{name}.tmp");
        let stored = store_as(storage, &tmp, source)
            .and_then(|_| storage.rename(&tmp, &name))
            .and_then(|()| storage.sync_dir_of(&name));
        match stored {
            Ok(()) => return Ok(storage.describe(&name)),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Writes a file, syncs it and compares it with what should be there; nothing of it is left after an error. Its name is
/// durable after [`Storage::sync_dir`].
pub fn store_as(storage: &dyn Storage, name: &str, source: &ImageSource) -> io::Result<u64> {
    let result = try_store_as(storage, name, source);
    if result.is_err() && storage.exists(name) {
        // It is removed by the next start too; what went wrong is told by the error at hand.
        let _ = storage.remove(name);
    }
    result
}

fn try_store_as(storage: &dyn Storage, name: &str, source: &ImageSource) -> io::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, storage.create(name)?);
    source(&mut out)?;
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync()?;
    drop(file);
    let written = storage.open_at(name)?;
    let mut verifier = Verifier::new(&*written);
    source(&mut verifier).and_then(|()| verifier.finish()).map_err(|e| {
        let message = format!("{} does not read back as it was written: {e}", storage.describe(name));
        io::Error::new(e.kind(), message)
    })
}

/// Makes the last image the one a clean start looks for.
pub fn seal(storage: &dyn Storage) -> io::Result<()> {
    storage.rename(BACK, CURRENT)?;
    storage.sync_dir()
}

/// Stores an image on a thread of its own and calls `done` with the result.
pub fn store_in_background(
    storage: Arc<dyn Storage>,
    version: u64,
    keep: u32,
    source: ImageSource,
    done: impl FnOnce(ImageResult) + Send + 'static,
) -> io::Result<()> {
    std::thread::Builder::new().name("image".into()).spawn(move || {
        let began = Instant::now();
        let outcome = store(&*storage, keep, &source);
        let emergency = if outcome.is_err() { store_emergency(&*storage, &source).ok() } else { None };
        done(ImageResult { version, took: began.elapsed(), outcome, emergency });
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::DirStorage;

    /// Where `metadata.mfs.back.tmp` cannot be made, but others can.
    #[test]
    fn an_emergency_copy_is_made_elsewhere_and_the_old_image_stays() {
        let dir = tempfile::tempdir().unwrap();
        let storage = DirStorage::new(dir.path());
        store(&storage, 1, &source("old")).unwrap();
        std::fs::create_dir(dir.path().join(TMP)).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let storage: Arc<dyn Storage> = Arc::new(storage);
        store_in_background(storage.clone(), 9, 1, source("new"), move |r| sender.send(r).unwrap()).unwrap();
        let result = receiver.recv().unwrap();
        assert!(result.outcome.is_err());
        assert_eq!(result.emergency, Some(storage.describe(EMERGENCY)));
        assert_eq!(storage.read(EMERGENCY).unwrap(), b"new");
        assert_eq!(storage.read(BACK).unwrap(), b"old");
    }

    fn source(text: &'static str) -> ImageSource {
        Box::new(move |out| out.write_all(text.as_bytes()))
    }

    #[test]
    fn generations_shift_and_a_failed_one_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let storage = DirStorage::new(dir.path());
        for text in ["one", "two", "three", "four"] {
            assert_eq!(store(&storage, 2, &source(text)).unwrap(), text.len() as u64);
        }
        let broken: ImageSource = Box::new(|out| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(store(&storage, 2, &broken).is_err());
        let read = |name: &str| storage.read(name).map(|b| String::from_utf8(b).unwrap()).ok();
        assert_eq!(read(BACK).as_deref(), Some("four"));
        assert_eq!(read("metadata.mfs.back.1").as_deref(), Some("three"));
        assert_eq!(read("metadata.mfs.back.2").as_deref(), Some("two"));
        assert_eq!(read("metadata.mfs.back.3"), None);
        seal(&storage).unwrap();
        assert_eq!((read(CURRENT).as_deref(), read(BACK)), (Some("four"), None));
    }
}
