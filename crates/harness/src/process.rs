//! Processes identified so that a reused pid is never mistaken for them.

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::fmt;
use std::fs;
use std::str::FromStr;
use std::time::Duration;

/// A process: its pid and its start time in clock ticks since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessId {
    pid: u32,
    start: u64,
}

impl ProcessId {
    /// The process that has `pid` now, if one has.
    pub(crate) fn of(pid: u32) -> Option<ProcessId> {
        Some(ProcessId { pid, start: stat_fields(pid)?.1 })
    }

    /// This process.
    pub(crate) fn own() -> Result<ProcessId> {
        ProcessId::of(std::process::id()).context("read /proc/self/stat")
    }

    /// Whether it still runs; a zombie does not.
    pub(crate) fn runs(self) -> bool {
        stat_fields(self.pid)
            .is_some_and(|(state, start)| start == self.start && state != 'Z' && state != 'X')
    }

    /// Sends a signal if it still runs.
    pub(crate) fn signal(self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.runs()) {
            // It may end between the check and the signal; a pid is not reused that fast.
            let _ = kill_process(pid, signal);
        }
    }

    /// Kills it and waits until it is gone.
    pub(crate) fn kill(self) -> Result<()> {
        self.signal(Signal::KILL);
        crate::wait::until(&format!("end of killed process {}", self.pid), Duration::from_secs(20), || {
            Ok(!self.runs())
        })
    }
}

/// State letter and start time from `/proc/PID/stat`; the name before them may hold blanks and parentheses.
fn stat_fields(pid: u32) -> Option<(char, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let rest = &stat[stat.rfind(')')? + 1..];
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.start)
    }
}

impl FromStr for ProcessId {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<ProcessId> {
        let (pid, start) = text.split_once(' ').context("a pid and a start time")?;
        Ok(ProcessId { pid: pid.parse()?, start: start.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_is_known_by_pid_and_start() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        assert!(id.runs());
        assert_eq!(id.to_string().parse::<ProcessId>().unwrap(), id);
        assert!(!ProcessId { start: id.start + 1, ..id }.runs(), "another process with this pid");
        id.kill().unwrap();
        assert!(!id.runs(), "a zombie does not run");
        child.wait().unwrap();
        assert_eq!(ProcessId::of(u32::MAX), None);
    }
}
