//! Clients that write, share, cut and remove files, and do not give up.

use crate::server::truncated;
use crate::world::World;
use placement::{Event, Grant, WriteRequest};
use types::{ChunkId, ChunkVersion, Status};

const LOCK_S: u32 = 120;

/// A change under way.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Write {
    /// What it writes; none = it cuts to `length`.
    pub(crate) stamp: Option<u64>,
    pub(crate) length: u32,
    pub(crate) state: State,
    /// What the file had before, to go back to.
    pub(crate) before: Option<ChunkId>,
    /// It has the lock.
    pub(crate) holds: bool,
    /// Where it was told to write: a bit per host, and the version.
    pub(crate) hosts: u32,
    pub(crate) version: ChunkVersion,
}

impl Default for State {
    fn default() -> Self {
        State::Ask(0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    /// Asks for the chunk then.
    Ask(u64),
    /// The operation of its grant runs.
    Granted,
    /// Sends data then.
    Send(u64),
}

impl World {
    pub(crate) fn clients(&mut self) {
        for n in 0..self.files.len() {
            match self.files[n].write {
                None if self.trouble && self.rng.u32(0..1500) == 0 => self.begin(n),
                Some(Write { state: State::Ask(at), .. }) if at <= self.now => self.ask(n),
                Some(Write { state: State::Send(at), .. }) if at <= self.now => self.send(n),
                _ => {}
            }
        }
    }

    fn begin(&mut self, n: usize) {
        match self.rng.u8(0..20) {
            0 => return self.remove(n),
            1 | 2 => return self.share(n),
            _ => {}
        }
        self.stamp += 1;
        let cut = self.rng.u8(0..5) == 0 && self.files[n].chunk.is_some();
        let stamp = (!cut).then_some(self.stamp);
        let length = self.rng.u32(1..1000) * 65536;
        self.files[n].write = Some(Write { stamp, length, state: State::Ask(self.now), ..Write::default() });
    }

    fn remove(&mut self, n: usize) {
        let Some(id) = self.files[n].chunk.take() else { return };
        self.meta.dereference(id);
        self.files[n].class = [1, 2, 2, 2, 3, 10, 11][self.rng.usize(0..7)];
        if self.disks.len() < 5 && self.files[n].class == 11 {
            self.files[n].class = 2;
        }
        self.call(|c, now, meta| c.chunk_changed(now, meta, id));
    }

    /// Another file gets the same chunk, as snapshots do.
    fn share(&mut self, n: usize) {
        let m = self.rng.usize(0..self.files.len());
        let Some(id) = self.files[m].chunk.filter(|_| n != m && self.files[m].write.is_none()) else {
            return;
        };
        self.remove(n);
        self.files[n].chunk = Some(id);
        self.files[n].class = self.files[m].class;
        self.meta.chunks.get_mut(&id).expect("referenced").references += 1;
        self.call(|c, now, meta| c.chunk_changed(now, meta, id));
    }

    fn ask(&mut self, n: usize) {
        let Some(mut write) = self.files[n].write else { return };
        let (chunk, class) = (self.files[n].chunk, self.files[n].class);
        let now = self.clock();
        let result = match (write.stamp, chunk) {
            (None, Some(id)) => self.cluster.truncate_grant(now, &self.meta, id, write.length, class),
            _ => {
                let client = [10, 0, 1, 1].into();
                let request = WriteRequest { chunk, class, client, continue_op: write.holds };
                self.cluster.write_grant(now, &self.meta, request)
            }
        };
        // Events first, then the change of the grant, then everything else.
        let (first, later): (Vec<_>, Vec<_>) =
            self.cluster.take_events().into_iter().partition(|e| matches!(e, Event::SetVersion { .. }));
        assert!(later.is_empty() || result.is_err(), "{later:?}");
        for event in first {
            self.note(format!("{event:?}"));
            self.meta.apply(event, now.unix);
        }
        write.before = chunk;
        match result {
            Ok(Grant::Ready { version, .. }) => {
                let id = chunk.expect("only existing chunks are ready");
                self.meta.granted(chunk, id, version, class, now.unix + LOCK_S);
                write.holds = true;
                self.told(id, &mut write);
            }
            Ok(Grant::Started { chunk: id, version, kind }) => {
                self.note(format!("file {n}: {kind:?} of {id:X}"));
                self.meta.granted(chunk, id, version, class, now.unix + LOCK_S);
                if chunk != Some(id) {
                    let from = chunk.and_then(|c| self.truth.get(&c)).cloned().unwrap_or(vec![0]);
                    self.truth.insert(id, from);
                }
                if write.stamp.is_none() {
                    let truth = self.truth.get_mut(&id).expect("written before");
                    let cut: Vec<u64> = truth.iter().map(|c| truncated(*c, write.length)).collect();
                    truth.extend(cut);
                }
                self.files[n].chunk = Some(id);
                write.holds = true;
                write.state = State::Granted;
            }
            Err(status) => {
                let states = chunk.and_then(|id| self.cluster.replicas(id).map(|r| format!("{r:?}")));
                assert!(status != Status::CHUNKLOST, "chunk lost: {chunk:?} {states:?}");
                write.state = State::Ask(self.now + 500);
            }
        }
        self.files[n].write = Some(write);
        self.settle();
    }

    /// What the client is told: where to write.
    fn told(&mut self, id: ChunkId, write: &mut Write) {
        let now = self.clock();
        let found = self.cluster.locations(now, &self.meta, id, [10, 0, 1, 1].into());
        let found = found.expect("a chunk just granted");
        write.version = found.version;
        write.hosts = found.servers.iter().map(|s| 1 << s.ip.octets()[3]).sum();
        write.state = State::Send(self.now + self.rng.u64(1..500));
    }

    /// The master tells how an operation ended.
    pub(crate) fn operation_done(&mut self, id: ChunkId, status: Status) {
        self.note(format!("operation on {id:X}: {status:?}"));
        let waits = |f: &crate::world::SimFile| {
            f.chunk == Some(id) && f.write.is_some_and(|w| w.state == State::Granted)
        };
        let n = self.files.iter().position(waits).expect("somebody waits for the end of an operation");
        let mut write = self.files[n].write.expect("it waits");
        if status == Status::OK && write.stamp.is_some() {
            self.told(id, &mut write);
            self.files[n].write = Some(write);
            return;
        }
        if status == Status::OK {
            self.settled_content(id, write.length);
            self.files[n].write = None;
        } else {
            self.roll_back(n, &mut write);
            write.state = State::Ask(self.now + 300);
            self.files[n].write = Some(write);
        }
        self.meta.lock(id, 0);
        let now = self.clock();
        self.cluster.unlocked(now, &self.meta, id);
    }

    /// A truncation was acknowledged: all copies must be cut.
    fn settled_content(&mut self, id: ChunkId, length: u32) {
        let truth = self.truth.get_mut(&id).expect("it was written");
        let half = truth.len() / 2;
        truth.drain(..half);
        let _ = length;
    }

    fn roll_back(&mut self, n: usize, write: &mut Write) {
        write.holds = false;
        let id = self.files[n].chunk.expect("granted");
        if write.before != Some(id) {
            self.meta.dereference(id);
            if let Some(before) = write.before {
                self.meta.chunks.get_mut(&before).expect("not removed while it may come back").references +=
                    1;
            }
            self.files[n].chunk = write.before;
        }
    }

    fn send(&mut self, n: usize) {
        let Some(mut write) = self.files[n].write else { return };
        let (id, stamp) = (self.files[n].chunk.expect("granted"), write.stamp.expect("writes"));
        let hosts: Vec<u8> = (0..32).filter(|h| write.hosts & 1 << h != 0).collect();
        let version = write.version;
        let mut ok = !hosts.is_empty();
        for host in &hosts {
            let broken = self.trouble && self.rng.u8(..) < 3;
            let disk = self.disks.iter_mut().find(|d| d.host == *host).expect("a known server");
            let file = disk.files.get_mut(&id).filter(|f| disk.alive && f.version == version && !broken);
            match file {
                Some(file) => file.content = stamp,
                None => ok = false,
            }
        }
        self.note(format!("file {n}: writes {stamp} to {id:X} on {hosts:?}: {ok}"));
        if ok {
            self.truth.insert(id, vec![stamp]);
            self.files[n].write = None;
            self.meta.lock(id, 0);
            self.call(|c, now, meta| c.unlocked(now, meta, id));
        } else {
            self.truth.entry(id).or_default().push(stamp);
            write.state = State::Ask(self.now + 200);
            self.files[n].write = Some(write);
        }
    }

    /// The master lost its memory of what runs: it rolls back what no server may have done, and clients ask again.
    pub(crate) fn abandon_operations(&mut self) {
        let at = self.now + 1000;
        for n in 0..self.files.len() {
            let Some(mut write) = self.files[n].write else { continue };
            if write.state == State::Granted && write.before != self.files[n].chunk {
                let id = self.files[n].chunk.expect("granted");
                self.roll_back(n, &mut write);
                self.meta.lock(id, 0);
            }
            write.state = State::Ask(at);
            self.files[n].write = Some(write);
        }
    }
}
