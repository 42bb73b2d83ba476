//! The two masters side by side: whatever is sent goes to both, and whatever comes back must be the same.

use crate::clients::CLIENTS;
use crate::link::Frame;
use crate::rules::{Difference, differences, show as show_tree};
use crate::show::show;
use crate::side::{Key, Side, reply_key};
use crate::tree::Tree;
use crate::world::World;
use anyhow::{Context, Result, bail};
use harness::Make;
use proto::client_master::{CltoMa, GetVersion, MatoCl, Nop};
use proto::{Direction, HEADER_SIZE, encode_frame};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use types::MsgId;

/// How long one master may be behind the other.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long without anything, requests that neither master has answered are taken to wait for a chunk.
const QUIET: Duration = Duration::from_millis(60);
/// Message ids of the driver's own questions.
pub const OWN: u32 = 0x4000_0000;

/// Where the two masters have parted.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// The command's number.
    pub step: u64,
    /// Who sent it.
    pub client: usize,
    /// The command.
    pub command: String,
    /// What differs.
    pub what: Vec<Difference>,
    /// What stock said.
    pub stock: String,
    /// What ours said.
    pub ours: String,
}

impl Divergence {
    /// Tells kinds of divergence apart.
    pub fn kind(&self) -> String {
        let name = self.command.split([' ', '(', '{']).next().unwrap_or_default();
        let at = self.what.first().map_or("", |d| d.path.as_str());
        let values = self.what.first().map_or(String::new(), |d| {
            let short = |s: &str| s.chars().take_while(|c| !c.is_ascii_digit()).collect::<String>();
            format!("{} {}", short(&d.stock), short(&d.ours))
        });
        format!("{name}{at} {values}")
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let client = &CLIENTS[self.client];
        writeln!(f, "step {}, client {} ({:?}, {})", self.step, self.client, client.kind, client.line)?;
        writeln!(f, "  command {}", self.command)?;
        for one in &self.what {
            writeln!(f, "  field   {}\n    stock {}\n    ours  {}", one.path, one.stock, one.ours)?;
        }
        let short = |text: &str| text.chars().take(1000).collect::<String>();
        writeln!(f, "  stock   {}\n  ours    {}", short(&self.stock), short(&self.ours))
    }
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its number.
    pub step: u64,
    /// Who sent it.
    pub client: usize,
    /// Packet id.
    pub id: u32,
    /// Body.
    pub body: Vec<u8>,
}

/// Both masters.
pub struct Pair {
    /// Stock, ours.
    pub sides: [Side; 2],
    /// What is known.
    pub world: World,
    /// Commands sent.
    pub step: u64,
    /// Where they have parted.
    pub found: Vec<Divergence>,
    /// Print every command from this one on.
    pub show_from: Option<u64>,
    waiting: BTreeMap<u32, Sent>,
    own: u32,
    alive: Instant,
}

impl Pair {
    /// Starts both.
    pub fn start() -> Result<Pair> {
        let sides = std::thread::scope(|scope| {
            let both = [Make::Stock, Make::Ours].map(|make| scope.spawn(move || Side::start(make)));
            both.map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let [stock, ours] = sides;
        Ok(Pair {
            sides: [stock.context("stock")?, ours.context("ours")?],
            world: World::default(),
            step: 0,
            found: Vec::new(),
            show_from: None,
            waiting: BTreeMap::new(),
            own: OWN,
            alive: Instant::now(),
        })
    }

    /// Sends frames as a client to both, and compares what comes back. Requests that both keep waiting are compared
    /// when their answers come.
    pub fn packets(&mut self, client: usize, frames: &[Vec<u8>]) -> Result<()> {
        self.keep_alive();
        away_from_the_edge_of_a_second();
        let mut sent = Vec::new();
        let mut bytes = Vec::new();
        for frame in frames {
            let id = u32::from_be_bytes(*frame.first_chunk().context("a frame has a head")?);
            sent.push(Sent { step: self.step, client, id, body: frame[HEADER_SIZE..].to_vec() });
            self.step += 1;
            bytes.extend_from_slice(frame);
        }
        self.sides.iter_mut().for_each(|side| side.send(client, &bytes));
        let mut keys = Vec::new();
        for one in &sent {
            let key = reply_key(client, one.id, &one.body);
            keys.extend(key);
            if let Some(Key::Message(msgid)) = key {
                self.waiting.insert(msgid, one.clone());
            }
        }
        self.settle(client, &keys)?;
        for one in &sent {
            if let Some(key @ Key::Packet(..)) = reply_key(client, one.id, &one.body) {
                self.compare(one, key);
            }
        }
        self.compare_waiting();
        self.compare_unsolicited();
        if self.show_from.is_some_and(|from| self.step > from) {
            sent.iter().for_each(|one| println!("{} {} {}", one.step, one.client, describe(one)));
        }
        self.after_close(client, &sent)
    }

    /// Waits until both masters have answered the same of `keys`, and everything that can be answered.
    fn settle(&mut self, client: usize, keys: &[Key]) -> Result<()> {
        let barrier = self.own();
        let mut question = Vec::new();
        encode_frame(&GetVersion { msgid: Some(MsgId(barrier)) }, &mut question);
        self.sides.iter_mut().for_each(|side| side.send(client, &question));
        let barrier = Key::Message(barrier);
        let begun = Instant::now();
        let mut moved = begun;
        let mut last = (usize::MAX, usize::MAX);
        loop {
            let past = [&self.sides[0], &self.sides[1]].map(|side| side.has(barrier) || side.closed(client));
            let waits: Vec<Key> = self.waiting.keys().map(|msgid| Key::Message(*msgid)).collect();
            let open = |side: &Side| {
                let all = keys.iter().chain(&waits);
                all.filter(|key| !side.has(**key)).count()
            };
            let uneven =
                waits.iter().chain(keys).any(|key| self.sides[0].has(*key) != self.sides[1].has(*key));
            let uneven = uneven || self.uneven_unsolicited();
            let now = (open(&self.sides[0]), open(&self.sides[1]));
            if now != last {
                (last, moved) = (now, Instant::now());
            }
            let both_closed = self.sides.iter().all(|side| side.closed(client));
            let busy = keys.iter().any(|key| !self.sides[0].has(*key) && !self.may_wait(*key));
            if past == [true, true] && !uneven && (!busy || both_closed || moved.elapsed() > QUIET) {
                break;
            }
            if begun.elapsed() > PATIENCE {
                self.sides.iter_mut().try_for_each(Side::check)?;
                break;
            }
            for side in &mut self.sides {
                let wait =
                    if side.has(barrier) { Duration::from_micros(200) } else { Duration::from_millis(2) };
                side.pump(client, wait);
            }
            self.keep_alive();
        }
        self.sides.iter_mut().for_each(|side| drop(side.reply(barrier)));
        Ok(())
    }

    /// Locks wait for each other; nothing else does without chunks.
    fn may_wait(&self, key: Key) -> bool {
        let Key::Message(msgid) = key else { return false };
        self.waiting.get(&msgid).is_some_and(|sent| matches!(sent.id, 492 | 494))
    }

    /// A message id for a question of the driver.
    pub fn own(&mut self) -> u32 {
        self.own += 1;
        self.own
    }

    /// Asks both something that is not under test; stock's answer.
    pub fn ask(&mut self, client: usize, frame: &[u8], key: Key) -> Result<[Frame; 2]> {
        self.sides.iter_mut().for_each(|side| side.send(client, frame));
        let deadline = Instant::now() + PATIENCE;
        while !self.sides.iter().all(|side| side.has(key)) {
            if Instant::now() > deadline {
                self.sides.iter_mut().try_for_each(Side::check)?;
                bail!("no answer to a question of the driver: {key:?}");
            }
            self.sides.iter_mut().for_each(|side| side.pump(client, Duration::from_millis(2)));
        }
        let [stock, ours] = &mut self.sides;
        let both = (stock.reply(key), ours.reply(key));
        let (Some(stock), Some(ours)) = both else { bail!("a reply has vanished") };
        Ok([stock, ours])
    }

    /// Compares what both said to one request.
    pub fn compare(&mut self, sent: &Sent, key: Key) {
        let [stock, ours] = &mut self.sides;
        match (stock.reply(key), ours.reply(key)) {
            (Some(stock), Some(ours)) => self.compare_frames(sent, &stock, &ours),
            (None, None) => {}
            (stock, ours) => {
                let text = |frame: &Option<Frame>| {
                    frame
                        .as_ref()
                        .map_or("nothing".to_owned(), |frame| show_tree(&Tree::parse(&answer(sent, frame))))
                };
                let (stock, ours) = (text(&stock), text(&ours));
                self.part(sent, Vec::new(), stock, ours);
            }
        }
    }

    fn compare_frames(&mut self, sent: &Sent, stock: &Frame, ours: &Frame) {
        if let Ok(request) = CltoMa::decode(sent.id, &sent.body) {
            self.world.learn(sent.client, &request, stock);
        }
        if stock == ours {
            return;
        }
        let (stock_text, ours_text) = (answer(sent, stock), answer(sent, ours));
        let mut trees = [Tree::parse(&stock_text), Tree::parse(&ours_text)];
        if sent.id == 470 {
            trees.iter_mut().for_each(|tree| self.without_limbo(tree));
        }
        let what = differences(reply_name(stock), &trees[0], &trees[1]);
        if !what.is_empty() {
            let [stock, ours] = trees.map(|tree| show_tree(&tree));
            self.part(sent, what, stock, ours);
        }
    }

    fn without_limbo(&self, tree: &mut Tree) {
        tree.parts.retain(|part| {
            let inodes: Vec<u32> = self.world.limbo.iter().copied().collect();
            !inodes.iter().any(|inode| show_tree(part).contains(&format!("Inode({inode})")))
        });
        tree.parts.iter_mut().for_each(|part| self.without_limbo(part));
    }

    /// Remembers a divergence.
    pub fn part(&mut self, sent: &Sent, what: Vec<Difference>, stock: String, ours: String) {
        let command = describe(sent);
        let (step, client) = (sent.step, sent.client);
        self.found.push(Divergence { step, client, command, what, stock, ours });
    }

    fn compare_waiting(&mut self) {
        let ready = |key| self.sides.iter().any(|side| side.has(key));
        let done: Vec<u32> =
            self.waiting.keys().copied().filter(|msgid| ready(Key::Message(*msgid))).collect();
        for msgid in done {
            if let Some(sent) = self.waiting.remove(&msgid) {
                self.compare(&sent, Key::Message(msgid));
            }
        }
    }

    fn uneven_unsolicited(&self) -> bool {
        let count = |side: &Side| side.unsolicited.values().map(Vec::len).sum::<usize>();
        count(&self.sides[0]) != count(&self.sides[1])
    }

    fn compare_unsolicited(&mut self) {
        if self.uneven_unsolicited() && self.sides.iter().all(|side| side.unsolicited.is_empty()) {
            return;
        }
        let [stock, ours] = [0, 1].map(|side| std::mem::take(&mut self.sides[side].unsolicited));
        let text = |all: &BTreeMap<usize, Vec<Frame>>| {
            let mut lines: Vec<(usize, String)> = Vec::new();
            for (client, frames) in all {
                for frame in frames {
                    let text = match MatoCl::decode(frame.id, &frame.body) {
                        Ok(packet) => format!("{packet:?}"),
                        Err(error) => error.to_string(),
                    };
                    lines.push((*client, text));
                }
            }
            lines.sort();
            lines
        };
        let (stock, ours) = (text(&stock), text(&ours));
        if stock != ours {
            let client = stock.iter().chain(&ours).next().map_or(0, |(client, _)| *client);
            let sent = Sent { step: self.step.saturating_sub(1), client, id: 0, body: Vec::new() };
            let only = |a: &[(usize, String)], b: &[(usize, String)]| {
                format!("{:?}", a.iter().filter(|one| !b.contains(one)).collect::<Vec<_>>())
            };
            let (a, b) = (only(&stock, &ours), only(&ours, &stock));
            self.part(&sent, Vec::new(), format!("unasked {a}"), format!("unasked {b}"));
        }
    }

    /// Both have closed the connection, or one has and that is a divergence; it is opened again.
    fn after_close(&mut self, client: usize, sent: &[Sent]) -> Result<()> {
        let closed = [0, 1].map(|side| self.sides[side].closed(client));
        if closed == [false, false] {
            return Ok(());
        }
        self.sides.iter_mut().try_for_each(Side::check)?;
        if closed != [true, true]
            && let Some(last) = sent.last()
        {
            let text =
                |closed| if closed { "closed the connection" } else { "kept the connection" }.to_owned();
            self.part(last, Vec::new(), text(closed[0]), text(closed[1]));
        }
        self.forget_chunk_requests(client);
        self.come_back(client)
    }

    /// Forgets requests that nobody will answer any more.
    pub fn forget(&mut self, which: impl Fn(&Sent) -> bool) {
        self.waiting.retain(|_, sent| !which(sent));
    }

    /// Every connection must be heard of now and then.
    pub fn keep_alive(&mut self) {
        if self.alive.elapsed() > Duration::from_secs(1) {
            let mut nop = Vec::new();
            encode_frame(&Nop::CLIENT, &mut nop);
            self.sides.iter_mut().for_each(|side| side.send_all(&nop));
            self.alive = Instant::now();
        }
    }
}

/// A reply in full.
fn answer(sent: &Sent, frame: &Frame) -> String {
    let raw = || format!("packet {}: {:02x?}", frame.id, frame.body);
    let Ok(request) = CltoMa::decode(sent.id, &sent.body) else { return raw() };
    show(&request, frame.id, &frame.body).unwrap_or_else(|error| format!("{error}: {}", raw()))
}

fn reply_name(frame: &Frame) -> &'static str {
    MatoCl::decode(frame.id, &frame.body).map_or("", |packet| packet.name())
}

/// A request on one line.
pub fn describe(sent: &Sent) -> String {
    match CltoMa::decode(sent.id, &sent.body) {
        Ok(packet) => {
            let text = format!("{packet:?}");
            text.split_once('(').map_or(text.clone(), |(_, inner)| inner.trim_end_matches(')').to_owned())
        }
        Err(_) => format!("packet {}: {:02x?}", sent.id, sent.body),
    }
}

/// Both masters should see the same second: nothing is sent shortly before the next one begins.
fn away_from_the_edge_of_a_second() {
    const EDGE: Duration = Duration::from_millis(12);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_secs(1).saturating_sub(Duration::from_nanos(since.subsec_nanos().into()));
    if left < EDGE {
        std::thread::sleep(left + Duration::from_millis(3));
    }
}
