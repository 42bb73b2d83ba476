//! Metaloggers: the stream of changes, and downloads of image and changelogs (`spec/metalogger.md`).

mod downloads;
mod history;
mod reader;

use crate::core::Master;
use downloads::Downloads;
use history::{Entry, History};
use net::reactor::{CloseReason, ConnId, Net, Verdict, Waker};
use ondisk::Line;
use proto::metalogger::{self as p, ChangeLogEvent, MetaChangesLog, MlRegister, MlState, MltoMa};
use proto::{Direction, encode_frame};
use reader::{Piece, Reader, Wanted};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use types::{OUR_VERSION, Version};

/// Bytes of the stream that may wait for one metalogger; the rest waits in the history.
const MAX_QUEUED: usize = 8 << 20;
/// Between warnings that nobody keeps a copy of the changelog.
const NOBODY_LOGS: Duration = Duration::from_secs(3600);

struct Link {
    ip: Ipv4Addr,
    version: Option<Version>,
    /// The next entry of the history it gets; none before it registered.
    next: Option<u64>,
    downloads: Downloads,
    /// What it said of itself; none if it is stock's.
    state: Option<MlState>,
}

/// All metaloggers, and what they have not got yet.
pub(crate) struct Metaloggers {
    links: HashMap<ConnId, Link>,
    history: History,
    reader: Reader,
    warned: Instant,
}

impl Metaloggers {
    pub(crate) fn new(preserve: Duration, waker: Waker) -> Self {
        Metaloggers {
            links: HashMap::new(),
            history: History::new(preserve),
            reader: Reader::new(waker),
            warned: Instant::now(),
        }
    }

    pub(crate) fn add(&mut self, conn: ConnId, ip: Ipv4Addr) {
        self.links.insert(
            conn,
            Link { ip, version: None, next: None, downloads: Downloads::default(), state: None },
        );
    }

    pub(crate) fn remove(&mut self, conn: ConnId, reason: &CloseReason) {
        if let Some(link) = self.links.remove(&conn) {
            tracing::info!("metalogger {} disconnected: {reason}", link.ip);
        }
    }

    /// Keeps a line for those who are to get it.
    pub(crate) fn add_line(&mut self, version: u64, line: &Line<'_>) {
        self.history.push_line(version, |out| line.write_entry(out));
    }

    /// Everybody starts a new changelog behind what they got so far.
    pub(crate) fn rotate(&mut self) {
        self.history.push_rotate();
        if self.registered().next().is_none() && self.warned.elapsed() >= NOBODY_LOGS {
            self.warned = Instant::now();
            tracing::warn!("no metaloggers connected !!! - the only copy of the changelog is here");
        }
    }

    /// Registered metaloggers: address and version.
    pub(crate) fn registered(&self) -> impl Iterator<Item = (Ipv4Addr, Version)> {
        self.links.values().filter_map(|link| link.version.map(|v| (link.ip, v)))
    }

    /// Sends what is durable and fits; called every turn.
    pub(crate) fn pump(&mut self, net: &mut Net, durable: u64) {
        self.history.expire();
        while let Some(piece) = self.reader.take() {
            self.send_piece(net, piece);
        }
        let mut frame = Vec::new();
        for (conn, link) in &mut self.links {
            let Some(next) = &mut link.next else { continue };
            while net.pending(*conn) < MAX_QUEUED {
                let event = match self.history.get(*next) {
                    Entry::Line { version, .. } if version > durable => break,
                    Entry::Line { version, text } => ChangeLogEvent::Change { number: version, text },
                    Entry::Rotate => ChangeLogEvent::Rotate,
                    Entry::End => break,
                    Entry::Forgotten => {
                        net.close(*conn, "fell too far behind: it must download the metadata anew");
                        break;
                    }
                };
                frame.clear();
                encode_frame(&MetaChangesLog { event }, &mut frame);
                net.send_bytes(*conn, &frame);
                *next += 1;
            }
        }
    }
}

impl Metaloggers {
    /// Sends a piece, unless it is of a download that is over.
    fn send_piece(&self, net: &mut Net, piece: Piece) {
        let Piece { conn, download, offset, result } = piece;
        if self.links.get(&conn).is_none_or(|link| link.downloads.number() != download) {
            return;
        }
        match result {
            Ok((data, crc)) => {
                net.send(conn, &p::DownloadData { offset, block: p::CrcBlock { crc, data: &data } });
            }
            Err(error) => net.close(conn, format!("download failed: {error}")),
        }
    }

    /// Registered metaloggers: address, and how many of the changes before `version` they have not made durable, or, if
    /// they do not tell, were not handed to their sockets yet.
    pub(crate) fn lags(&self, version: u64) -> impl Iterator<Item = (Ipv4Addr, u64)> {
        let end = self.history.end();
        self.links.values().filter_map(move |link| {
            let next = link.next?;
            let lag = match link.state {
                Some(state) => version.saturating_sub(1).saturating_sub(state.synced),
                None => end.saturating_sub(next),
            };
            Some((link.ip, lag))
        })
    }

    /// Our own metaloggers that could not restore everything, and what they have.
    pub(crate) fn incomplete(&self) -> impl Iterator<Item = (Ipv4Addr, MlState)> {
        self.links.values().filter_map(|link| Some((link.ip, link.state.filter(|state| !state.complete)?)))
    }
}

impl Master {
    /// A frame from the metaloggers' port.
    pub(crate) fn metalogger_frame(&mut self, net: &mut Net, conn: ConnId, id: u32, body: &[u8]) -> Verdict {
        let packet = match MltoMa::decode(id, body) {
            Ok(packet) => packet,
            Err(error) => return Verdict::Close(error.to_string()),
        };
        let Some(link) = self.metaloggers.links.get_mut(&conn) else { return Verdict::Keep };
        match packet {
            MltoMa::MlRegisterPacket(q) if link.version.is_none() => {
                self.register_metalogger(net, conn, q.request)
            }
            MltoMa::DownloadStart(q) => {
                net.send(conn, &p::DownloadInfoPacket { info: link.downloads.start(&*self.storage, q.file) });
                Verdict::Keep
            }
            MltoMa::DownloadRequest(q) => {
                let downloads = &link.downloads;
                let asked = downloads.piece(q.offset, q.length).and_then(|file| {
                    let (offset, length) = (q.offset, q.length);
                    self.metaloggers.reader.ask(Wanted {
                        conn,
                        file,
                        download: downloads.number(),
                        offset,
                        length,
                    })
                });
                match asked {
                    Ok(()) => Verdict::Keep,
                    Err(error) => Verdict::Close(format!("download failed: {error}")),
                }
            }
            MltoMa::MlStatePacket(q) => {
                link.state = Some(q.state);
                Verdict::Keep
            }
            MltoMa::DownloadEnd(_) => {
                link.downloads.end();
                Verdict::Keep
            }
            MltoMa::GetVersion(q) => {
                net.send(conn, &crate::client::version_info(&q));
                Verdict::Keep
            }
            MltoMa::GetConfig(q) => {
                let value = self.config.text_of(&q.option.to_string());
                net.send(conn, &crate::client::config_value(&q, value.as_deref()));
                Verdict::Keep
            }
            MltoMa::MlRegisterPacket(_) => Verdict::Close("second registration".into()),
            _ => Verdict::Keep,
        }
    }

    fn register_metalogger(&mut self, net: &mut Net, conn: ConnId, request: MlRegister) -> Verdict {
        let current = self.fs.version();
        let Some(link) = self.metaloggers.links.get_mut(&conn) else { return Verdict::Keep };
        let MlRegister { version, timeout, first: wanted } = request;
        link.version = Some(version);
        let found = wanted.and_then(|wanted| self.metaloggers.history.position_of(wanted, current));
        link.next = Some(found.unwrap_or_else(|| self.metaloggers.history.end()));
        let timeout = Duration::from_secs(u64::from(timeout.max(3)));
        net.set_limits(conn, |limits| {
            limits.idle_timeout = timeout;
            limits.nop_interval = Some(timeout / 3);
        });
        tracing::info!("metalogger {} registered, version {version} (ours {OUR_VERSION})", link.ip);
        Verdict::Keep
    }
}
