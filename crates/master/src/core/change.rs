//! The one way state changes: apply, then write the line.

use super::Master;
use metadata::NodeView;
use ondisk::{Line, Op, Outcome};
use std::time::{SystemTime, UNIX_EPOCH};
use types::{Status, Time};

impl Master {
    /// Looks at the clock: what happens next happens then.
    pub(crate) fn read_clock(&mut self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.now = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
        self.now_nanos = if self.config.subsecond_times { since.subsec_nanos() } else { 0 };
    }

    /// The time that goes into the changelog and into nodes.
    pub(crate) fn moment(&self) -> Time {
        Time::new(self.now.into(), self.now_nanos)
    }

    /// Carries an operation out and puts its line into the journal. What depends on it must be held until the line
    /// is durable. Operations that were planned do not fail; if one does, the state is untouched and it is told.
    pub(crate) fn run(&mut self, op: &Op<'_>) -> Result<Outcome, Status> {
        self.run_decided(op, &Outcome::none())
    }

    /// The same for operations whose outcome is decided by what chunkservers have.
    pub(crate) fn run_decided(&mut self, op: &Op<'_>, decided: &Outcome) -> Result<Outcome, Status> {
        let version = self.fs.version();
        let outcome = self.fs.apply_decided(self.moment(), op, decided).map_err(|error| {
            tracing::error!("change {version} {op:?} was planned but cannot be applied: {error}");
            Status::EINVAL
        })?;
        let line = Line { version, ts: self.moment(), op: *op, outcome };
        self.journal.append(version, |out| line.write(out));
        self.metaloggers.add_line(version, &line);
        Ok(outcome)
    }
}

/// Whether an access at `now` tells more than the access time already does: it is not newer than the last change, or
/// a day old.
pub(crate) fn relatime(node: &NodeView, now: u32) -> bool {
    const DAY: i64 = 86_400;
    node.atime <= node.ctime || node.atime <= node.mtime || node.atime.seconds() + DAY < i64::from(now)
}
