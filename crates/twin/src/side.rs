//! One of the two clusters with the connections to it, and what came over them.

use crate::clients::{CLIENTS, exports};
use crate::link::{Frame, Link};
use crate::servers::Servers;
use anyhow::{Context, Result};
use harness::{Cluster, ClusterSpec, Make, Role};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// By what a reply is found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    /// It repeats this message id.
    Message(u32),
    /// It has this packet id and no message id; such replies come in the order of their requests.
    Packet(usize, u32),
}

/// Packets that nobody asked for.
const UNSOLICITED: [u32; 3] = [702, 703, 706];

/// The key of the reply to a request, none when there is none.
pub fn reply_key(client: usize, id: u32, body: &[u8]) -> Option<Key> {
    match id {
        0 | 1 | 2 | 700 | 701 => None,
        400 | 500..=545 => Some(Key::Packet(client, id + 1)),
        _ => body.first_chunk().map(|bytes| Key::Message(u32::from_be_bytes(*bytes))),
    }
}

/// One cluster.
#[derive(Debug)]
pub struct Side {
    /// Whose.
    pub make: Make,
    /// Before the cluster: they end before it does.
    servers: Option<Servers>,
    links: BTreeMap<usize, Link>,
    replies: HashMap<Key, VecDeque<Frame>>,
    /// Packets that came unasked, for each client.
    pub unsolicited: BTreeMap<usize, Vec<Frame>>,
    cluster: Cluster,
}

/// Where guests come from that are turned away.
pub const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 77);

/// Nothing that happens by itself may happen during a run, as far as a master can be told so.
const MASTER_CFG: &[&str] =
    &["REPLICATIONS_DELAY_INIT = 7200", "CHUNKS_LOOP_MIN_TIME = 7200", "LOCK_MEMORY = 0"];

impl Side {
    /// Starts a master with nothing in it and the chunkservers.
    pub fn start(make: Make) -> Result<Side> {
        let mut addresses: Vec<Ipv4Addr> = CLIENTS.iter().map(crate::clients::Client::address).collect();
        addresses.extend((0..crate::servers::LABELS.len()).map(crate::servers::address));
        addresses.push(STRANGER);
        addresses.sort();
        addresses.dedup();
        let cluster = Cluster::start(&ClusterSpec {
            tmpfs: true,
            private_mounts: false,
            metalogger: None,
            mounts: Vec::new(),
            exports: exports(),
            addresses,
            master_cfg: MASTER_CFG.iter().map(|line| (*line).to_owned()).collect(),
            ..ClusterSpec::all(make, 0)
        })?;
        let servers = Some(Servers::start(&cluster)?);
        Ok(Side {
            make,
            servers,
            links: BTreeMap::new(),
            replies: HashMap::new(),
            unsolicited: BTreeMap::new(),
            cluster,
        })
    }

    /// A new connection in place of the client's.
    pub fn connect(&mut self, client: usize, from: Ipv4Addr) -> Result<()> {
        let link = Link::new(self.cluster.connect(from, Role::Mount)?)?;
        self.links.insert(client, link);
        Ok(())
    }

    /// Ends the client's connection.
    pub fn disconnect(&mut self, client: usize) {
        self.links.remove(&client);
    }

    /// True when the master has closed the client's connection.
    pub fn closed(&self, client: usize) -> bool {
        self.links.get(&client).is_some_and(Link::closed)
    }

    /// Sends frames as a client.
    pub fn send(&mut self, client: usize, bytes: &[u8]) {
        if let Some(link) = self.links.get_mut(&client) {
            link.send(bytes);
        }
    }

    /// Sends the same on all connections.
    pub fn send_all(&mut self, bytes: &[u8]) {
        self.links.values_mut().for_each(|link| link.send(bytes));
    }

    /// Takes in what has come, waiting so long for something on the client's connection.
    pub fn pump(&mut self, client: usize, wait: Duration) {
        let deadline = Instant::now() + wait;
        if let Some(link) = self.links.get_mut(&client)
            && let Some(frame) = link.receive(deadline)
        {
            self.take(client, frame);
        }
        self.pump_all();
    }

    fn pump_all(&mut self) {
        let now = Instant::now();
        let mut came = Vec::new();
        for (client, link) in &mut self.links {
            while let Some(frame) = link.receive(now) {
                came.push((*client, frame));
            }
        }
        for (client, frame) in came {
            self.take(client, frame);
        }
    }

    fn take(&mut self, client: usize, frame: Frame) {
        if UNSOLICITED.contains(&frame.id) {
            return self.unsolicited.entry(client).or_default().push(frame);
        }
        let key = match frame.id {
            401 | 501..=545 => Key::Packet(client, frame.id),
            _ => Key::Message(frame.msgid().unwrap_or(0)),
        };
        self.replies.entry(key).or_default().push_back(frame);
    }

    /// True when the reply is there.
    pub fn has(&self, key: Key) -> bool {
        self.replies.get(&key).is_some_and(|frames| !frames.is_empty())
    }

    /// Takes a reply out.
    pub fn reply(&mut self, key: Key) -> Option<Frame> {
        let frames = self.replies.get_mut(&key)?;
        let frame = frames.pop_front();
        if frames.is_empty() {
            self.replies.remove(&key);
        }
        frame
    }

    /// Puts a reply back that was only looked at.
    pub fn put_back(&mut self, key: Key, frame: Frame) {
        self.replies.entry(key).or_default().push_front(frame);
    }

    /// An error when a process of it has ended.
    pub fn check(&mut self) -> Result<()> {
        self.cluster.check()?;
        self.servers.as_ref().map_or(Ok(()), Servers::check)
    }

    /// Ends all connections, stops the master, and gives the image it wrote.
    pub fn stop(&mut self) -> Result<Vec<u8>> {
        self.links.clear();
        self.servers = None;
        // A master that sees all clients go and is stopped in the same turn writes sessions that are still connected.
        std::thread::sleep(Duration::from_millis(500));
        self.cluster.master().stop()?;
        let path = self.cluster.master_data().join("metadata.mfs");
        std::fs::read(&path).with_context(|| format!("read {}", path.display()))
    }

    /// The last lines of the master's log.
    pub fn log(&mut self) -> String {
        let log = self.cluster.master().log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }
}
