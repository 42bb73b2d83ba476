//! What the process uses, and local time: what charts record.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// Processor time and memory of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user mode since the start, microseconds.
    pub user_us: u64,
    /// The same in the kernel.
    pub system_us: u64,
    /// Memory in RAM, bytes; 0 when the system does not say.
    pub resident: u64,
    /// Address space, bytes; 0 when the system does not say.
    pub address_space: u64,
}

impl Usage {
    /// As of now.
    pub fn now() -> Usage {
        let micros = |time: nix::sys::time::TimeVal| u64::try_from(time.num_microseconds()).unwrap_or(0);
        let (user_us, system_us) = getrusage(UsageWho::RUSAGE_SELF)
            .map_or((0, 0), |used| (micros(used.user_time()), micros(used.system_time())));
        // Pages: the whole address space, then what of it is in RAM.
        let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let mut pages = text.split_whitespace().map(|field| field.parse().unwrap_or(0));
        let mut bytes = || pages.next().unwrap_or(0_u64) * rustix::param::page_size() as u64;
        let address_space = bytes();
        Usage { user_us, system_us, resident: bytes(), address_space }
    }
}

/// A time as the clock on the wall shows it here, as seconds since 1970 as if that clock were UTC's
/// (`spec/admin-and-monitoring.md` 8.1).
pub fn local_time(unix: u32) -> u32 {
    let time = libc::time_t::from(unix);
    // SAFETY: both pointers are to values of this function that live through the call; all zeros is a valid `tm`.
    let offset = unsafe {
        let mut broken_down: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&time, &mut broken_down).is_null() { 0 } else { broken_down.tm_gmtoff }
    };
    u32::try_from((i64::from(unix) + offset).max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_uses_something() {
        let before = Usage::now();
        assert!(before.resident > 0 && before.address_space >= before.resident);
        let mut sum = 0_u64;
        while Usage::now().user_us + Usage::now().system_us <= before.user_us + before.system_us {
            sum = std::hint::black_box(sum + 1);
        }
    }

    #[test]
    fn local_time_is_near() {
        let unix = 1_795_000_000;
        let offset = i64::from(local_time(unix)) - i64::from(unix);
        assert!(offset.abs() <= 14 * 3600 && offset % 900 == 0, "{offset}");
    }
}
