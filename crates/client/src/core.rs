//! What all parts of a client share.

use crate::buffers::Buffers;
use crate::cs::Pool;
use crate::link::Link;
use crate::local::Local;
use crate::lookups::Lookups;
use crate::sync::{lock, wait_for};
use crate::times::Times;
use crate::write::Budget;
use crate::{Error, Options, Result};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::time::Duration;
use types::{Time, Wire};

/// See the module.
pub(crate) struct Core {
    pub(crate) options: Options,
    pub(crate) link: Arc<Link>,
    pub(crate) local: Arc<Local>,
    pub(crate) pool: Pool,
    /// For what waits to be written.
    pub(crate) budget: Budget,
    /// For what was read ahead.
    pub(crate) ahead_budget: Budget,
    pub(crate) buffers: Buffers,
    /// Threads that write chunks.
    pub(crate) writers: crate::workers::Workers,
    /// Threads that read ahead.
    pub(crate) readers: crate::workers::Workers,
    pub(crate) lookups: Lookups,
    pub(crate) times: Times,
    /// Read-held while a CREATE is on its way; the list of held inodes is sent only while nobody does, because it
    /// would close the new file.
    pub(crate) creating: RwLock<()>,
    pub(crate) lock_requests: AtomicU64,
    closing: Mutex<bool>,
    woken: Condvar,
}

impl Core {
    pub(crate) fn new(options: Options, link: Arc<Link>, local: Arc<Local>) -> Arc<Self> {
        Arc::new(Core {
            pool: Pool::new(options.bind),
            budget: Budget::new(options.write_cache_bytes),
            ahead_budget: Budget::new(options.read_ahead_bytes),
            buffers: Buffers::default(),
            times: Times::default(),
            writers: crate::workers::Workers::new("write", 64),
            readers: crate::workers::Workers::new("read-ahead", 32),
            lookups: Lookups::default(),
            creating: RwLock::new(()),
            lock_requests: AtomicU64::new(1),
            closing: Mutex::new(false),
            woken: Condvar::new(),
            options,
            link,
            local,
        })
    }

    /// The time as the master has it, and as precisely as it keeps times.
    pub(crate) fn now(&self) -> Time {
        let now = self.local.now();
        if self.link.has_fine_times() { now } else { now.coarse() }
    }

    /// Sleeps; fails as soon as the client closes.
    pub(crate) fn sleep(&self, time: Duration) -> Result<()> {
        let closing = lock(&self.closing);
        if *closing || *wait_for(&self.woken, closing, time) {
            return Err(Error::IO);
        }
        Ok(())
    }

    pub(crate) fn is_closing(&self) -> bool {
        *lock(&self.closing)
    }

    /// Ends all sleep. False the second time.
    pub(crate) fn start_closing(&self) -> bool {
        let first = !std::mem::replace(&mut *lock(&self.closing), true);
        self.woken.notify_all();
        first
    }
}

/// Decodes an answer; a malformed one is EIO for the caller and a line in the log.
pub(crate) fn decode<'a, P: proto::Packet<'a> + Wire<'a>>(body: &'a [u8]) -> Result<P> {
    P::decode_whole(body).map_err(|error| {
        tracing::error!(packet = P::NAME, %error, "malformed answer from the master");
        Error::IO
    })
}
