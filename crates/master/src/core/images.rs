//! Images of the running master: when they are written, and what came of it.

use super::Master;
use crate::images::{self, ImageResult};
use net::reactor::{ConnId, Net, Waker};
use proto::health::StoreImageReply;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use types::{MsgId, Status};

/// After a failure the next attempt comes so soon, not at the next full hour.
const RETRY: Duration = Duration::from_secs(300);
/// So many may wait for an image at once.
const MAX_ASKED: usize = 64;

/// What is known of images.
pub(crate) struct Images {
    channel: (Sender<ImageResult>, Receiver<ImageResult>),
    running: bool,
    retry_at: Option<Instant>,
    /// Who asked for an image that has not been begun, and for the one that is being written.
    asked: Vec<(ConnId, MsgId)>,
    waiting: Vec<(ConnId, MsgId)>,
    /// The last good one; at the start, the one the state came from.
    pub(crate) last: LastImage,
    /// Failures since the last good one.
    pub(crate) failures: u64,
    /// What the last failure was, and where the state was saved instead.
    pub(crate) trouble: Option<String>,
}

/// An image that is in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastImage {
    /// Its version: it lacks this change and all later ones.
    pub(crate) version: u64,
    /// When it was stored, or, before the first one, when the master started.
    pub(crate) at: Instant,
    /// The same in Unix seconds; 0 before the first one.
    pub(crate) unix: u32,
    /// How long it took.
    pub(crate) took: Duration,
    /// Its size, bytes; 0 before the first one.
    pub(crate) bytes: u64,
}

impl Images {
    /// `version` is that of the image the state came from.
    pub(crate) fn new(now: Instant, version: u64) -> Self {
        Images {
            channel: channel(),
            running: false,
            retry_at: None,
            asked: Vec::new(),
            waiting: Vec::new(),
            last: LastImage { version, at: now, unix: 0, took: Duration::ZERO, bytes: 0 },
            failures: 0,
            trouble: None,
        }
    }

    /// True while one is being written.
    pub(crate) fn running(&self) -> bool {
        self.running
    }
}

impl Master {
    /// Somebody wants an image now; answered when it is in place.
    pub(crate) fn ask_for_image(&mut self, net: &mut Net, conn: ConnId, msgid: MsgId) {
        if self.images.asked.len() < MAX_ASKED {
            self.images.asked.push((conn, msgid));
        } else {
            net.send(conn, &StoreImageReply { msgid, status: Status::EAGAIN });
        }
    }

    /// Called every turn: takes results, begins what is due.
    pub(crate) fn images_turn(&mut self, net: &mut Net, wake: &Waker) {
        while let Ok(result) = self.images.channel.1.try_recv() {
            self.image_done(net, result);
        }
        let due = self.images.retry_at.is_some_and(|at| at <= net.now()) || !self.images.asked.is_empty();
        if due && !self.images.running {
            if !self.images.asked.is_empty() {
                self.rotate();
            }
            self.start_image(wake);
        }
    }

    /// Writes an image beside the loop.
    pub(crate) fn start_image(&mut self, wake: &Waker) {
        if self.images.running {
            tracing::error!("previous metadata save process hasn't finished yet - do not start another one");
            return;
        }
        self.images.retry_at = None;
        self.images.waiting.append(&mut self.images.asked);
        self.hand_over_counters();
        let snapshot = self.fs.snapshot();
        let version = snapshot.version();
        let (sender, wake) = (self.images.channel.0.clone(), wake.clone());
        let started = images::store_in_background(
            self.storage.clone(),
            version,
            self.config.keep_images,
            super::image_source(snapshot, self.now),
            move |result| {
                // The loop is gone only when the process ends.
                let _ = sender.send(result);
                wake.wake();
            },
        );
        match started {
            Ok(()) => self.images.running = true,
            Err(error) => {
                tracing::error!("can't start a thread to store metadata: {error}");
                self.images.retry_at = Some(Instant::now() + RETRY);
            }
        }
    }

    fn image_done(&mut self, net: &mut Net, result: ImageResult) {
        self.images.running = false;
        let status = if result.outcome.is_ok() { Status::OK } else { Status::IO };
        match result.outcome {
            Ok(bytes) => {
                tracing::info!(
                    "store process has finished - store time: {:.3}; version {}, {bytes} bytes, verified",
                    result.took.as_secs_f64(),
                    result.version,
                );
                let (at, unix) = (Instant::now(), self.now);
                self.images.last = LastImage { version: result.version, at, unix, took: result.took, bytes };
                (self.images.failures, self.images.trouble) = (0, None);
                self.journal.set_base(result.version);
            }
            Err(error) => {
                let instead = result.emergency.map_or_else(
                    || "no other place took it either".to_owned(),
                    |place| format!("metadata stored in emergency mode (in non-standard location): {place}"),
                );
                let trouble = format!("can't store metadata: {error}; {instead}");
                tracing::error!("{trouble}; the previous image and all changelogs since are still there");
                self.images.failures += 1;
                self.images.trouble = Some(trouble);
                self.images.retry_at = Some(Instant::now() + RETRY);
            }
        }
        for (conn, msgid) in std::mem::take(&mut self.images.waiting) {
            net.send(conn, &StoreImageReply { msgid, status });
        }
    }
}
