//! The client: connecting, background work, closing.

use crate::core::Core;
use crate::link::{ConnectError, Link, MasterInfo, monotonic_ms};
use crate::local::{Listener, Local};
use crate::sync::lock;
use crate::{Caller, Options, Result, StatFs};
use proto::client_master::FuseSustainedInodes;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use types::{Attr, ROOT, Rest};

/// Pause of the background thread.
const TICK: Duration = Duration::from_millis(500);
/// Pieces that are not full are written after this long at the latest.
const MAX_WAIT_MS: u64 = 500;
/// How often the master gets the list of what we hold.
const HELD_INTERVAL_MS: u64 = 60_000;

/// A mounted file system without the mount. Cheap to clone; all clones are the same session.
#[derive(Clone)]
pub struct Client {
    pub(crate) core: Arc<Core>,
    /// The root and the space as they were last seen. They answer for the master while it is away, so that umount(8)
    /// and df(1) do not hang.
    pub(crate) last_seen: Arc<Mutex<(Option<Attr>, Option<StatFs>)>>,
    background: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Client {
    /// Connects to the master and opens a session.
    pub fn connect(options: Options) -> std::result::Result<Client, ConnectError> {
        let local = Arc::new(Local::default());
        let link = Link::connect(options.clone(), local.clone())?;
        let core = Core::new(options, link, local);
        let client = Client::of(core.clone());
        let thread = std::thread::Builder::new().name("background".into()).spawn(move || background(&core));
        *lock(&client.background) = Some(thread.map_err(ConnectError::Io)?);
        // To be remembered; without it, whoever looks at the root finds out what is wrong.
        let _ = (client.getattr(&Caller::root(), ROOT), client.statfs());
        Ok(client)
    }

    pub(crate) fn of(core: Arc<Core>) -> Client {
        Client { core, last_seen: Arc::default(), background: Arc::default() }
    }

    /// Who shall hear of changes that others make.
    pub fn set_listener(&self, listener: impl Listener + 'static) {
        self.core.local.listen(Box::new(listener));
    }

    /// The master and the session, as of the last registration.
    pub fn master(&self) -> MasterInfo {
        self.core.link.info()
    }

    /// False while the master is away. Calls wait for it.
    pub fn is_connected(&self) -> bool {
        self.core.link.is_connected()
    }

    /// Sends a request as a tool made it (`body` without the message id) and returns the answer's id and body. For
    /// the proxy that the command line tools talk to.
    pub fn forward(&self, id: u32, body: &[u8]) -> Result<(u32, Vec<u8>)> {
        // It may change anything.
        self.core.lookups.clear();
        self.core.link.call_raw(id, body)
    }

    /// Writes what waits, tells the master what is left to tell, and ends the session. Calls that still run fail.
    /// `patience` bounds the wait for chunkservers and master.
    pub fn close(&self, patience: Duration) {
        let deadline = monotonic_ms() + u64::try_from(patience.as_millis()).unwrap_or(u64::MAX / 2);
        self.core.start_writers(u64::MAX);
        while monotonic_ms() < deadline
            && self.core.local.files.all().iter().any(|file| !lock(&file.inner).dirty.is_clean())
        {
            std::thread::sleep(Duration::from_millis(10));
        }
        if !self.core.start_closing() {
            return;
        }
        if let Some(thread) = lock(&self.background).take() {
            // It ends as soon as it sees the flag; a panic in it was reported when it happened.
            let _ = thread.join();
        }
        if self.core.link.is_connected() {
            send_times(&self.core);
            send_held(&self.core);
        }
        self.core.link.close();
    }
}

fn background(core: &Arc<Core>) {
    let mut next_held = monotonic_ms() + HELD_INTERVAL_MS;
    let mut second = false;
    while core.sleep(TICK).is_ok() {
        core.start_writers(monotonic_ms().saturating_sub(MAX_WAIT_MS));
        second = !second;
        if second {
            core.pool.tick();
            send_times(core);
        }
        let due = monotonic_ms() >= next_held || core.local.announce.load(Ordering::Relaxed);
        if due && core.link.is_connected() && send_held(core) {
            core.local.announce.store(false, Ordering::Relaxed);
            next_held = monotonic_ms() + HELD_INTERVAL_MS;
        }
    }
}

fn send_times(core: &Core) {
    if !core.link.is_connected() {
        return;
    }
    let times = core.times.next_round();
    if !times.is_empty() {
        core.link.tell_times(&times);
    }
}

/// Sends the list of inodes we hold, unless a CREATE is on its way: its file would not be on the list.
fn send_held(core: &Core) -> bool {
    for _ in 0..50 {
        if let Ok(_nobody_creates) = core.creating.try_write() {
            let inodes = core.local.files.held();
            core.link.tell(&FuseSustainedInodes { inodes: Rest::Items(&inodes) });
            return true;
        }
        if core.sleep(Duration::from_millis(2)).is_err() {
            return false;
        }
    }
    false
}
