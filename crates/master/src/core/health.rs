//! How the master is: what operators are told, and when something is wrong (`docs/operating/durability.md`).

use super::Master;
use net::reactor::{ConnId, Net};
use proto::health::{HealthLine, HealthReply};
use std::time::Duration;
use types::{Bytes32, MsgId, Name, Rest};

/// A line that waits longer to be on disk than this is worth a warning, and then an alarm.
const SLOW_SYNC: Duration = Duration::from_secs(2);
const STUCK_SYNC: Duration = Duration::from_secs(10);
/// An image may be late by this much.
const IMAGE_SLACK: Duration = Duration::from_secs(600);
/// Changes that a metalogger may be behind.
const METALOGGER_LAG: u64 = 100_000;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Severity {
    /// As it should be.
    Fine,
    /// Worth a look.
    Warning,
    /// Somebody must do something.
    Alarm,
}

/// One thing that is measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reading {
    /// Stable name.
    pub(crate) name: String,
    /// The number.
    pub(crate) value: u64,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// In words.
    pub(crate) text: String,
}

fn fine(name: &str, value: u64) -> Reading {
    Reading { name: name.into(), value, severity: Severity::Fine, text: String::new() }
}

fn judged(name: &str, value: u64, severity: Severity, text: impl Into<String>) -> Reading {
    let text = if severity == Severity::Fine { String::new() } else { text.into() };
    Reading { name: name.into(), value, severity, text }
}

/// The severity of the highest limit that is reached.
fn graded<T: PartialOrd>(value: T, warning: T, alarm: T) -> Severity {
    match () {
        () if value >= alarm => Severity::Alarm,
        () if value >= warning => Severity::Warning,
        () => Severity::Fine,
    }
}

impl Master {
    /// Everything that is known, worst or not.
    pub(crate) fn health(&self) -> Vec<Reading> {
        let mut all = self.changelog_health();
        all.extend(self.image_health());
        all.extend(self.metalogger_health());
        all.extend(self.chunk_health());
        all
    }

    fn changelog_health(&self) -> Vec<Reading> {
        let behind = self.journal.behind();
        let failure = self.journal.failure();
        let failing = failure.as_ref().map_or(0, |f| f.since.elapsed().as_secs().max(1));
        let why = failure.map_or(String::new(), |f| format!("changelog cannot be written: {}", f.error));
        vec![
            fine("version.next", self.fs.version()),
            fine("changelog.on_disk", self.journal.on_disk()),
            judged(
                "changelog.behind_ms",
                u64::try_from(behind.as_millis()).unwrap_or(u64::MAX),
                graded(behind, SLOW_SYNC, STUCK_SYNC),
                "changes wait for the disk; their callers wait too",
            ),
            judged("changelog.failing_s", failing, graded(failing, u64::MAX, 1), why),
        ]
    }

    fn image_health(&self) -> Vec<Reading> {
        let last = &self.images.last;
        let age = last.at.elapsed();
        let lacks = self.fs.version().saturating_sub(last.version);
        let interval = Duration::from_secs(3600) * self.config.image_hours.max(1);
        let severity = if lacks == 0 {
            Severity::Fine
        } else {
            graded(age, interval + IMAGE_SLACK, 2 * interval + IMAGE_SLACK)
        };
        let old = "no good image for so long: recovery needs every changelog since";
        let failures = self.images.failures;
        let trouble = self.images.trouble.clone().unwrap_or_default();
        vec![
            fine("image.version", last.version),
            judged("image.age_s", age.as_secs(), severity, old),
            fine("image.bytes", last.bytes),
            fine("image.store_ms", u64::try_from(last.took.as_millis()).unwrap_or(u64::MAX)),
            fine("image.running", self.images.running().into()),
            judged("image.failures", failures, graded(failures, u64::MAX, 1), trouble),
        ]
    }

    fn metalogger_health(&self) -> Vec<Reading> {
        let mut all = Vec::new();
        let lags: Vec<_> = self.metaloggers.lags(self.fs.version()).collect();
        let severity = if lags.is_empty() { Severity::Warning } else { Severity::Fine };
        let alone = "no metaloggers connected !!! - the only copy of the changelog is here";
        all.push(judged("metaloggers.connected", lags.len() as u64, severity, alone));
        for (ip, lag) in lags {
            let severity = graded(lag, METALOGGER_LAG, u64::MAX);
            all.push(judged(&format!("metalogger.{ip}.lag"), lag, severity, "it does not keep up"));
        }
        for (ip, state) in self.metaloggers.incomplete() {
            let text =
                "its image and changelogs do not lead to the last change: no master can be made of them yet";
            all.push(judged(&format!("metalogger.{ip}.image_version"), state.image, Severity::Warning, text));
        }
        all
    }

    fn chunk_health(&self) -> Vec<Reading> {
        let fence = self.cluster.fence();
        let severity = if fence.is_up { Severity::Alarm } else { Severity::Fine };
        let text = format!(
            "chunkservers have {} ids and {} versions that metadata never gave: metadata is old, nothing is deleted",
            fence.new_ids, fence.new_versions
        );
        let quarantined = self.cluster.quarantine_len() as u64;
        let unknown = "chunks that metadata does not know are kept";
        vec![
            judged("fence.up", fence.is_up.into(), severity, text),
            judged("quarantine.chunks", quarantined, graded(quarantined, 1, u64::MAX), unknown),
        ]
    }

    /// Answers a monitor.
    pub(crate) fn send_health(&self, net: &mut Net, conn: ConnId, msgid: MsgId) {
        let readings = self.health();
        let lines: Vec<HealthLine<'_>> = readings
            .iter()
            .map(|r| HealthLine {
                name: Name::new(r.name.as_bytes()).unwrap_or_default(),
                value: r.value,
                severity: r.severity as u8,
                text: Bytes32::new(r.text.as_bytes()),
            })
            .collect();
        net.send(conn, &HealthReply { msgid, lines: Rest::Items(&lines) });
    }

    /// Once a minute: alarms go to the log, new ones at once and old ones every ten minutes.
    pub(crate) fn tell_health(&mut self) {
        let bad: Vec<Reading> = self.health().into_iter().filter(|r| r.severity == Severity::Alarm).collect();
        let minute = self.started.elapsed().as_secs() / 60;
        for reading in &bad {
            if minute.is_multiple_of(10) || !self.alarms.contains(&reading.name) {
                tracing::error!("alarm: {} = {}: {}", reading.name, reading.value, reading.text);
            }
        }
        for name in self.alarms.iter().filter(|name| bad.iter().all(|r| r.name != **name)) {
            tracing::warn!("alarm is over: {name}");
        }
        self.alarms = bad.into_iter().map(|r| r.name).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades() {
        assert_eq!(graded(1, 2, 3), Severity::Fine);
        assert_eq!(graded(2, 2, 3), Severity::Warning);
        assert_eq!(graded(9, 2, 3), Severity::Alarm);
        assert_eq!(judged("x", 1, Severity::Fine, "not shown").text, "");
    }
}
