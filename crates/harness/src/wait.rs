//! Waiting for conditions, never for luck.

use anyhow::{Result, bail};
use std::thread;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(20);

/// Polls until `condition` is true; after `timeout` an error that names `what` was waited for.
pub fn until(what: &str, timeout: Duration, mut condition: impl FnMut() -> Result<bool>) -> Result<()> {
    until_some(what, timeout, || Ok(condition()?.then_some(())))
}

/// Polls until `probe` finds something. An error of the probe ends the wait at once.
pub fn until_some<T>(
    what: &str,
    timeout: Duration,
    mut probe: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(found) = probe()? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            bail!("not within {} s: {what}", timeout.as_secs());
        }
        thread::sleep(STEP);
    }
}
