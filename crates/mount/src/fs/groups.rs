//! The groups of a calling process, which the kernel does not send.

use super::locked;
use client::Caller;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Most processes remembered.
const MAX: usize = 10_000;

/// pid, uid, gid.
type Process = (u32, u32, u32);

/// See the module. Remembers what `/proc` said for a while.
pub(super) struct Groups {
    ttl: Duration,
    known: Mutex<HashMap<Process, (Instant, Caller)>>,
}

impl Groups {
    /// With a `ttl` of 0 only the primary group counts.
    pub(super) fn new(ttl: Duration) -> Self {
        Groups { ttl, known: Mutex::default() }
    }

    pub(super) fn caller(&self, uid: u32, gid: u32, pid: u32) -> Caller {
        // Root may do everything anyway; pid 0 is the kernel, or a process outside our namespace.
        if uid == 0 || pid == 0 || self.ttl.is_zero() {
            return Caller::new(uid, gid, &[]);
        }
        let key = (pid, uid, gid);
        let now = Instant::now();
        if let Some((until, caller)) = locked(&self.known).get(&key)
            && *until > now
        {
            return caller.clone();
        }
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let caller = Caller::new(uid, gid, &parse(&status));
        let mut known = locked(&self.known);
        if known.len() >= MAX {
            known.retain(|_, (until, _)| *until > now);
            if known.len() >= MAX {
                known.clear();
            }
        }
        known.insert(key, (now + self.ttl, caller.clone()));
        caller
    }
}

fn parse(status: &str) -> Vec<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Groups:"));
    line.map(|list| list.split_ascii_whitespace().filter_map(|gid| gid.parse().ok()).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_line() {
        assert_eq!(parse("Name:\tx\nGroups:\t4 20 1000 \nNStgid:\t1\n"), [4, 20, 1000]);
        assert_eq!(parse("Name:\tx\n"), []);
    }
}
