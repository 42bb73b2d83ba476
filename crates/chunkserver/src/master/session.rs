//! One connection to the master, from BEGIN to its end.

use super::outbox::{Bell, Outbox};
use super::register::{Phase, begin, listed, next_list, space};
use super::{Wanted, orders};
use crate::Config;
use crate::counters::add;
use crate::server::Server;
use anyhow::{Context, Result, bail, ensure};
use chunkstore::MoveLoad;
use proto::cs_master::{
    Ack, ChunkDamaged, ChunkLost, ChunkNew, CsRegister, CsRegisterPacket, CsSpace, CurrentLoad,
    ErrorOccurred, MatoCs, Nop, Space,
};
use proto::{Direction, FrameHeader, HEADER_SIZE, encode_frame};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use std::net::{SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use types::{Rest, Wire};

/// The longest body a master may send.
const MAX_BODY: u32 = 10_000;
/// Silence of ours after which we send a NOP.
const NOP_AFTER: Duration = Duration::from_secs(1);
const SPACE_EVERY: Duration = Duration::from_secs(1);
const LOAD_EVERY: Duration = Duration::from_secs(5);
/// Silence that ends the link until the master says otherwise.
const DEFAULT_TIMEOUT: u16 = 10;
/// Input taken in one turn.
const READ_AT_ONCE: usize = 64 << 10;
/// Reports wait while so much output does.
const MUCH_OUTPUT: usize = 4 << 20;
/// Disk errors told at once; each is a packet.
const MAX_ERRORS: u32 = 100;
/// Time to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

const FINE: u8 = 1;
const OVERLOADED: u8 = 2;
const REBALANCE: u8 = 3;

/// How a connection ended well.
pub(super) enum End {
    /// We are to stop, or to connect anew with another configuration.
    Wanted,
}

pub(super) struct Session<'a> {
    server: &'a Arc<Server>,
    config: Arc<Config>,
    wanted: &'a Wanted,
    bell: Arc<Bell>,
    addr: SocketAddrV4,
    stream: TcpStream,
    outbox: Arc<Outbox>,
    phase: Phase,
    input: Vec<u8>,
    output: Vec<u8>,
    timeout: Duration,
    heard: Instant,
    sent: Instant,
    space_checked: Instant,
    space_told: Option<Space>,
    load_told: Instant,
    overloaded: bool,
    state_told: u8,
    /// A master was really there: it answered.
    pub(super) answered: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        server: &'a Arc<Server>,
        wanted: &'a Wanted,
        bell: &Arc<Bell>,
        addr: SocketAddrV4,
        stream: TcpStream,
    ) -> Session<'a> {
        let config = server.config();
        let now = Instant::now();
        let mut output = Vec::new();
        begin(server, &config, None, &mut output);
        let seconds = if config.master_timeout > 0 { config.master_timeout } else { DEFAULT_TIMEOUT };
        Session {
            server,
            config,
            wanted,
            bell: bell.clone(),
            addr,
            stream,
            outbox: Outbox::new(bell),
            phase: Phase::Begun(false),
            input: Vec::new(),
            output,
            timeout: Duration::from_secs(seconds.into()),
            heard: now,
            sent: now,
            space_checked: now,
            space_told: None,
            load_told: now,
            overloaded: false,
            state_told: FINE,
            answered: false,
        }
    }

    /// Serves the master until the connection ends.
    pub(super) fn run(&mut self) -> Result<End> {
        let result = self.serve();
        *self.server.master.lock() = None;
        result
    }

    fn serve(&mut self) -> Result<End> {
        loop {
            if self.wanted.change() {
                self.goodbye();
                return Ok(End::Wanted);
            }
            if self.wanted.take_new_labels() && self.phase != Phase::Begun(false) {
                self.config = self.server.config();
                encode_frame(&proto::cs_master::Labels { mask: self.config.labels }, &mut self.output);
            }
            self.outbox.drain(&mut self.output);
            self.tell();
            self.write()?;
            self.wait()?;
            self.read()?;
            ensure!(self.heard.elapsed() < self.timeout, "silent for {} s", self.timeout.as_secs());
        }
    }

    fn wait(&mut self) -> Result<()> {
        let time = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
        let out = if self.output.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        let mut fds =
            [PollFd::new(&self.stream, PollFlags::IN | out), PollFd::new(&*self.bell, PollFlags::IN)];
        match poll(&mut fds, Some(&time)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("poll"),
        }
        if !fds[1].revents().is_empty() {
            self.bell.silence();
        }
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let mut done = 0;
        while done < self.output.len() {
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match rustix::net::send(&self.stream, &self.output[done..], flags) {
                Ok(n) => done += n,
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error).context("send"),
            }
        }
        if done > 0 {
            self.sent = Instant::now();
            add(&self.server.traffic.master_out, done as u64);
            self.output.drain(..done);
        }
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        let start = self.input.len();
        self.input.resize(start + READ_AT_ONCE, 0);
        let result = rustix::net::recv(&self.stream, &mut self.input[start..], RecvFlags::DONTWAIT);
        let got = match result {
            Ok((_, 0)) => bail!("closed by the master"),
            Ok((_, n)) => n,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(error) => return Err(error).context("receive"),
        };
        self.input.truncate(start + got);
        if got > 0 {
            add(&self.server.traffic.master_in, got as u64);
            self.heard = Instant::now();
        }
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        while let Some((head, behind)) = rest.split_at_checked(HEADER_SIZE) {
            let head = FrameHeader::decode_whole(head).expect("eight bytes");
            ensure!(head.len <= MAX_BODY, "packet {} of {} bytes from the master", head.id, head.len);
            let Some((body, behind)) = behind.split_at_checked(head.len as usize) else { break };
            self.packet(head.id, body)?;
            rest = behind;
        }
        self.input = rest.to_vec();
        Ok(())
    }

    fn packet(&mut self, id: u32, body: &[u8]) -> Result<()> {
        match MatoCs::decode(id, body)? {
            MatoCs::Nop(_) | MatoCs::UnknownCommand(_) | MatoCs::BadCommandSize(_) => {}
            MatoCs::MasterAck(packet) => self.ack(packet.ack)?,
            order => {
                let name = order.name();
                ensure!(orders::start(self.server, &self.outbox, order), "unexpected {name} from the master");
            }
        }
        Ok(())
    }

    fn ack(&mut self, ack: Ack) -> Result<()> {
        match (ack, self.phase) {
            (Ack::Challenge(random), Phase::Begun(false)) => {
                ensure!(!self.config.auth_code.is_empty(), "the master wants an AUTH_CODE and we have none");
                begin(self.server, &self.config, Some(&random), &mut self.output);
                self.phase = Phase::Begun(true);
            }
            (Ack::Accepted { version, timeout, csid, metaid }, Phase::Begun(_)) => {
                self.learn(csid, metaid)?;
                if self.config.master_timeout == 0 && timeout > 0 {
                    self.timeout = Duration::from_secs(timeout.into());
                }
                tracing::info!("connected to master {} (version {version}), our id is {csid}", self.addr);
                self.answered = true;
                self.list(0);
            }
            (Ack::Next, Phase::Listing(part)) => self.list(part),
            (ack, phase) => bail!("unexpected acknowledgement {ack:?} in phase {phase:?}"),
        }
        Ok(())
    }

    /// Takes what the master says we are. Belonging to another instance is fatal: serving it would mean that its
    /// master deletes our chunks as unknown.
    fn learn(&mut self, csid: u16, metaid: u64) -> Result<()> {
        let mut identity = self.server.identity.lock();
        let known = if identity.metaid != 0 { Some(identity.metaid) } else { self.server.store.metaid() };
        if metaid != 0
            && let Some(known) = known
            && known != metaid
        {
            let text = format!(
                "master {} belongs to instance {metaid:016X}, our disks to {known:016X}; MASTER_HOST is wrong, or \
                 chunkserverid.mfs and the .metaid files are those of another cluster",
                self.addr
            );
            self.wanted.fail(text.clone());
            bail!(text);
        }
        identity.learn(csid, metaid)?;
        drop(identity);
        if metaid != 0 {
            self.server.store.set_metaid(metaid);
        }
        Ok(())
    }

    fn list(&mut self, from: usize) {
        self.phase = next_list(self.server, &self.config, from, &mut self.output);
        if self.phase == Phase::Registered {
            tracing::info!("registered with master {}", self.addr);
            *self.server.master.lock() = Some(self.addr);
        }
    }

    /// Reports, space, load and signs of life, as far as they are due.
    fn tell(&mut self) {
        if !matches!(self.phase, Phase::Begun(_)) && self.space_checked.elapsed() >= SPACE_EVERY {
            self.space_checked = Instant::now();
            let now = space(&self.server.store);
            if self.space_told != Some(now) {
                self.space_told = Some(now);
                encode_frame(&CsSpace { space: now }, &mut self.output);
            }
        }
        if self.phase == Phase::Registered {
            if self.output.len() < MUCH_OUTPUT {
                self.report();
            }
            self.tell_load();
        }
        if self.output.is_empty() && self.sent.elapsed() >= NOP_AFTER {
            encode_frame(&Nop::EMPTY, &mut self.output);
        }
    }

    fn report(&mut self) {
        let reports = self.server.store.take_reports();
        let out = &mut self.output;
        for _ in 0..reports.errors.min(MAX_ERRORS) {
            encode_frame(&ErrorOccurred {}, out);
        }
        if !reports.damaged.is_empty() {
            encode_frame(&ChunkDamaged { chunks: Rest::Items(&reports.damaged) }, out);
        }
        if !reports.lost.is_empty() {
            encode_frame(&ChunkLost { chunks: Rest::Items(&reports.lost) }, out);
        }
        if !reports.new.is_empty() {
            let list: Vec<_> = reports.new.into_iter().map(listed).collect();
            encode_frame(&ChunkNew { chunks: Rest::Items(&list) }, out);
        }
    }

    /// Overloaded above three quarters of the workers, until below half of them, and while chunks move fast between disks.
    fn tell_load(&mut self) {
        let (load, max) = (self.server.load(), self.config.workers_max);
        self.overloaded = if self.overloaded { load >= max / 2 } else { load > max / 4 * 3 };
        let state = match self.server.store.move_load() {
            MoveLoad::Fast => OVERLOADED,
            _ if self.overloaded => OVERLOADED,
            MoveLoad::Slow => REBALANCE,
            MoveLoad::None => FINE,
        };
        if state != self.state_told || self.load_told.elapsed() >= LOAD_EVERY {
            self.state_told = state;
            self.load_told = Instant::now();
            encode_frame(&CurrentLoad { load, state }, &mut self.output);
        }
    }

    /// Tells the master that we go on purpose, so that it does not start to replicate at once.
    fn goodbye(&mut self) {
        if self.phase != Phase::Registered {
            return;
        }
        encode_frame(&CsRegisterPacket { step: CsRegister::Disconnect }, &mut self.output);
        let deadline = Instant::now() + GOODBYE;
        while !self.output.is_empty() && Instant::now() < deadline && self.write().is_ok() {
            let _ = net::bulk::wait_for(&self.stream, PollFlags::OUT, deadline);
        }
    }
}
