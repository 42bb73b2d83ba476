//! What happens by the clock.

use super::Master;
use metadata::plan;
use net::reactor::Net;
use ondisk::Op;
use std::time::{Duration, Instant};

/// Buckets of the trash and of sustained files, one of each looked at a second.
const TRASH_BUCKETS: u32 = 4096;
const SUSTAINED_BUCKETS: u32 = 256;
/// Inode numbers that become usable again in one go.
const FREED_AT_ONCE: usize = 20_000;

/// When things were done last.
pub(crate) struct Timers {
    next_second: Instant,
    seconds: u64,
    hour: u32,
    /// There may be more inode numbers to be given back.
    freeing: bool,
}

impl Timers {
    pub(crate) fn new(now: Instant, unix: u32) -> Self {
        Timers { next_second: now + Duration::from_secs(1), seconds: 0, hour: unix / 3600, freeing: false }
    }

    /// How long the loop may sleep.
    pub(crate) fn until_next(&self, now: Instant) -> Duration {
        self.next_second.saturating_duration_since(now)
    }
}

impl Master {
    /// Called every turn; does what is due.
    pub(crate) fn tick(&mut self, net: &mut Net, wake: &net::reactor::Waker) {
        let now = net.now();
        self.images_turn(net, wake);
        self.remove_sessions(net);
        let chunk_now = self.chunk_time();
        self.cluster.tick(chunk_now, &crate::cs::Meta(&self.fs));
        if now < self.timers.next_second {
            return;
        }
        self.timers.next_second = now + Duration::from_secs(1);
        self.timers.seconds += 1;
        let seconds = self.timers.seconds;
        self.empty_buckets(seconds);
        if seconds.is_multiple_of(10) {
            self.check_sessions(now);
            let (fs, unix) = (&self.fs, self.now);
            self.pending.prune_holders(|chunk| fs.chunk(chunk).is_some_and(|c| c.is_locked(unix)));
        }
        if seconds.is_multiple_of(60) || self.timers.freeing {
            self.free_inodes();
            self.tell_health();
        }
        self.expire_waiting(net);
        self.check_files();
        self.check_quotas();
        self.record_charts(net);
        self.undo_unfinished();
        let hour = self.now / 3600;
        if hour != self.timers.hour {
            self.timers.hour = hour;
            self.hourly(hour, wake);
        }
    }

    fn empty_buckets(&mut self, seconds: u64) {
        let trash = (seconds % u64::from(TRASH_BUCKETS)) as u32;
        if plan::trash_is_due(&self.fs, trash, self.now) {
            self.run_or_tell(&Op::EmptyTrash { bucket: Some(trash) });
        }
        let sustained = (seconds % u64::from(SUSTAINED_BUCKETS)) as u32;
        if plan::sustained_is_due(&self.fs, sustained) {
            self.run_or_tell(&Op::EmptySustained { bucket: Some(sustained) });
        }
    }

    fn check_quotas(&mut self) {
        for op in plan::quota_changes(&self.fs, self.now, self.config.quota_grace) {
            self.run_or_tell(&op);
        }
    }

    /// Once a minute; while there are many, once a second a part of them.
    fn free_inodes(&mut self) {
        let op = plan::plan_free_inodes(&self.fs, self.now, self.config.inode_reuse_delay, FREED_AT_ONCE);
        self.timers.freeing = op.is_some();
        if let Some(op) = op {
            self.run_or_tell(&op);
        }
    }

    fn hourly(&mut self, hour: u32, wake: &net::reactor::Waker) {
        self.end_counting_hour();
        self.rotate();
        if hour.is_multiple_of(self.config.image_hours.max(1)) {
            self.start_image(wake);
        }
    }

    /// Starts a new changelog, here and at the metaloggers.
    pub(crate) fn rotate(&mut self) {
        self.journal.rotate(self.config.back_logs);
        self.metaloggers.rotate();
    }
}
