//! Checks of what was downloaded, before it replaces anything.

use anyhow::{Context, ensure};
use ondisk::image::{Header, check, probe};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Images up to this size are read through, record by record; of larger ones only header and ending are looked at,
/// because the reading needs the whole file in memory.
const READ_THROUGH: u64 = 2 << 30;

/// The header of an image that is whole as far as its first and last bytes tell.
pub(crate) fn probe_file(path: &Path) -> anyhow::Result<Header> {
    let file = File::open(path).with_context(|| format!("can't open {}", path.display()))?;
    let len = file.metadata().context("size")?.len();
    let mut head = vec![0; len.min(24) as usize];
    let mut tail = vec![0; len.min(16) as usize];
    file.read_exact_at(&mut head, 0).context("can't read its header")?;
    file.read_exact_at(&mut tail, len.saturating_sub(16)).context("can't read its ending")?;
    Ok(probe(&head, &tail)?)
}

/// Checks a downloaded image; its header if it is good.
pub(crate) fn image(path: &Path, size: u64) -> anyhow::Result<Header> {
    let len = std::fs::metadata(path).with_context(|| format!("can't open {}", path.display()))?.len();
    ensure!(len == size, "{len} bytes instead of {size}");
    let header = probe_file(path)?;
    if len <= READ_THROUGH {
        let mut bytes = Vec::with_capacity(usize::try_from(len).context("size")?);
        File::open(path)?.read_to_end(&mut bytes).context("can't read downloaded metadata")?;
        check(&bytes)?;
    }
    Ok(header)
}

/// Makes a downloaded changelog end with a whole line: the master may have been in the middle of one.
pub(crate) fn changelog(path: &Path) -> io::Result<()> {
    crate::own_files::trim_partial_line(path)
}
