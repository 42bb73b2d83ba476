//! The system calls that change chunk files. In tests each of them can be the last one before a crash.

use rustix::io::Errno;
use std::fs::File;

/// Writes all of `data`. A crash in the middle leaves some first part of it.
pub(crate) fn pwrite_all(file: &File, mut data: &[u8], mut at: u64) -> Result<(), Errno> {
    #[cfg(test)]
    let torn = crash::tear(&mut data);
    while !data.is_empty() {
        match rustix::io::pwrite(file, data, at) {
            // Stock's reading of a write that takes nothing and says nothing.
            Ok(0) => return Err(Errno::NOSPC),
            Ok(n) => {
                data = &data[n..];
                at += n as u64;
            }
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
    #[cfg(test)]
    crash::die_if(torn);
    Ok(())
}

/// Cuts or extends a file.
pub(crate) fn ftruncate(file: &File, length: u64) -> Result<(), Errno> {
    #[cfg(test)]
    crash::step();
    rustix::fs::ftruncate(file, length)
}

/// Marks the start of a call that changes names.
pub(crate) fn before_name_change() {
    #[cfg(test)]
    crash::step();
}

/// Crashes of this thread, for tests.
#[cfg(test)]
pub(crate) mod crash {
    use std::cell::Cell;

    thread_local! {
        /// Calls left, and how much of 256 parts of the last write is still done.
        static PLAN: Cell<Option<(u32, u8)>> = const { Cell::new(None) };
    }

    /// What a crash panics with.
    pub(crate) const MESSAGE: &str = "simulated crash";

    /// The call after `calls` more is the last one; of a write, `part`/256 is done.
    pub(crate) fn arm(calls: u32, part: u8) {
        PLAN.set(Some((calls, part)));
    }

    pub(crate) fn disarm() {
        PLAN.set(None);
    }

    fn due() -> Option<u8> {
        let (calls, part) = PLAN.get()?;
        if calls == 0 {
            PLAN.set(None);
            return Some(part);
        }
        PLAN.set(Some((calls - 1, part)));
        None
    }

    pub(super) fn tear(data: &mut &[u8]) -> bool {
        let Some(part) = due() else { return false };
        // A few bytes within a page are copied at once.
        let done = if data.len() <= 512 { 0 } else { data.len() * usize::from(part) / 256 };
        *data = &data[..done];
        true
    }

    pub(super) fn die_if(torn: bool) {
        if torn {
            std::panic::resume_unwind(Box::new(MESSAGE));
        }
    }

    pub(super) fn step() {
        die_if(due().is_some());
    }
}
