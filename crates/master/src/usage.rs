//! What the process uses.

use std::time::Instant;

/// Memory and processor time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Resident memory, bytes; 0 when the system does not say.
    pub(crate) memory: u64,
    /// Average system time since the start, 10^9 being one whole core.
    pub(crate) system_cpu: u64,
    /// Average user time.
    pub(crate) user_cpu: u64,
}

impl Usage {
    /// As of now, from `/proc/self`.
    pub(crate) fn now() -> Usage {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        let elapsed = START.get_or_init(Instant::now).elapsed().as_secs_f64().max(1.0);
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // Fields are counted from behind the program's name, which may contain anything.
        let fields: Vec<u64> = stat
            .rsplit(')')
            .next()
            .map(|rest| rest.split_whitespace().map(|f| f.parse().unwrap_or(0)).collect())
            .unwrap_or_default();
        let field = |n: usize| fields.get(n).copied().unwrap_or(0);
        let share = |ticks: u64| {
            let seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
            (seconds / elapsed * 1e9) as u64
        };
        Usage {
            memory: field(21) * rustix::param::page_size() as u64,
            system_cpu: share(field(12)),
            user_cpu: share(field(11)),
        }
    }
}
