//! How far the test of a disk's chunks has come, kept over restarts: a server that is restarted each day must come to the
//! end of a pass too.
//!
//! `.elkfs_scrub` in the disk's root: `u64 Unix time of the pass's start | u64 id of the last chunk tested | u32 crc`. Chunks
//! are tested in the order of their ids, so one number says where to go on.

use crate::disk::Disk;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::time::Duration;

const FILE: &str = ".elkfs_scrub";
const TEMPORARY: &str = ".elkfs_scrub.tmp";
const SIZE: usize = 20;

/// One pass over the chunks of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pass {
    /// Unix time.
    pub(crate) started: u64,
    /// Chunks up to this id are done.
    pub(crate) cursor: u64,
}

impl Pass {
    fn encode(&self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[..8].copy_from_slice(&self.started.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.cursor.to_be_bytes());
        let crc = crc32fast::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8; SIZE]) -> Option<Pass> {
        let number = |from: usize| bytes[from..from + 8].iter().fold(0, |n, b| n << 8 | u64::from(*b));
        let pass = Pass { started: number(0), cursor: number(8) };
        (pass.encode() == *bytes).then_some(pass)
    }

    /// The pass that was going on; without a readable file a new one begins.
    pub(crate) fn load(disk: &Disk, now: u64) -> Pass {
        let new = Pass { started: now, cursor: 0 };
        let Ok(file) = disk.open_at(FILE, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK) else {
            return new;
        };
        let mut bytes = [0; SIZE];
        match rustix::io::pread(&file, &mut bytes, 0) {
            // A start in the future is a clock that was wrong.
            Ok(SIZE) => Pass::decode(&bytes).filter(|pass| pass.started <= now).unwrap_or(new),
            _ => new,
        }
    }

    /// Losing the newest state to a crash costs testing a little twice, so nothing is synced.
    pub(crate) fn save(&self, disk: &Disk) -> Result<(), Errno> {
        if disk.read_only {
            return Ok(());
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW;
        let file = disk.open_at(TEMPORARY, flags)?;
        rustix::io::write(&file, &self.encode())?;
        disk.rename(TEMPORARY, FILE)
    }
}

/// What a pass must do per second to come to its end in time: `bytes` are left, `elapsed` of `whole` is over. The last
/// tenth of the time is kept in reserve.
pub(crate) fn needed_rate(bytes: u64, elapsed: Duration, whole: Duration) -> f64 {
    let left = (whole.mul_f64(0.9)).saturating_sub(elapsed).max(whole.mul_f64(0.02)).as_secs_f64();
    bytes as f64 / left.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let pass = Pass { started: 1_800_000_000, cursor: 77 };
        assert_eq!(Pass::decode(&pass.encode()), Some(pass));
        for i in 0..SIZE {
            let mut bad = pass.encode();
            bad[i] ^= 4;
            assert_eq!(Pass::decode(&bad), None);
        }
    }

    #[test]
    fn rates() {
        let day = Duration::from_secs(86_400);
        // 14 days for 16 TB: about 14.7 MB/s.
        let rate = needed_rate(16_000_000_000_000, Duration::ZERO, 14 * day);
        assert!((14_600_000.0..14_800_000.0).contains(&rate), "{rate}");
        // Late: faster, but not without bound.
        assert!(needed_rate(1 << 40, 13 * day, 14 * day) > needed_rate(1 << 40, 7 * day, 14 * day));
        assert!(needed_rate(1 << 40, 100 * day, 14 * day).is_finite());
    }
}
