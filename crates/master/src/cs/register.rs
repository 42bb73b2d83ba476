//! A chunkserver introduces itself (`spec/wire-chunkserver.md` 3.2).

use super::Meta;
use super::links::State;
use crate::core::Master;
use net::reactor::{ConnId, Net, Verdict};
use placement::{Registration, ServerId};
use proto::cs_master::{Ack, CsBegin, CsRegister, ListedChunk, MasterAck, Space};
use std::net::Ipv4Addr;
use std::time::Duration;
use types::{OUR_VERSION, Rest};

impl Master {
    /// A CSTOMA_REGISTER packet.
    pub(super) fn cs_register(&mut self, net: &mut Net, conn: ConnId, step: &CsRegister<'_>) -> Verdict {
        let Some(link) = self.chunkservers.get(conn) else { return Verdict::Keep };
        match (step, link.state) {
            (CsRegister::Begin(begin), State::Guest { challenge }) => {
                self.cs_begin(net, conn, begin, challenge)
            }
            (CsRegister::Chunks(chunks), State::Listing(server)) => {
                self.cs_chunks(server, *chunks);
                net.send(conn, &MasterAck { ack: Ack::Next });
                Verdict::Keep
            }
            (CsRegister::End, State::Listing(server)) => {
                self.chunkservers.set(conn, State::Registered(server));
                self.cluster.registered(server);
                self.tell_server(server, "registered all of its chunks");
                Verdict::Keep
            }
            (CsRegister::Disconnect, State::Registered(server)) => {
                let now = self.chunk_time();
                self.cluster.announced_stop(now, server);
                Verdict::Close("the chunkserver stops".into())
            }
            (CsRegister::OldBegin(..) | CsRegister::OldChunks(_) | CsRegister::OldEnd(_), _) => {
                Verdict::Close("registration in the form of versions before 1.6.28 is not supported".into())
            }
            _ => Verdict::Close("registration step out of order".into()),
        }
    }

    fn cs_begin(
        &mut self,
        net: &mut Net,
        conn: ConnId,
        begin: &CsBegin,
        challenge: Option<[u8; 32]>,
    ) -> Verdict {
        if let Some(code) = &self.chunkservers.auth_code {
            match (challenge, begin.digest) {
                (Some(random), Some(digest)) if digest == answer_to(&random, code) => {}
                (None, _) => {
                    let random = crate::random::bytes();
                    self.chunkservers.set(conn, State::Guest { challenge: Some(random) });
                    net.send(conn, &MasterAck { ack: Ack::Challenge(random) });
                    return Verdict::Keep;
                }
                _ => return Verdict::Close("wrong AUTH_CODE".into()),
            }
        }
        if matches!(begin.timeout, 1..=9) {
            return Verdict::Close(format!("timeout of {} s is too short: use 10 or more", begin.timeout));
        }
        let peer = self.chunkservers.get(conn).map_or(Ipv4Addr::UNSPECIFIED, |link| link.ip);
        let told = *begin.addr.ip();
        let ip = if told.is_unspecified() { peer } else { told };
        let registration = Registration {
            ip: self.config.remap.map_or(ip, |remap| remap.apply(ip)),
            port: begin.addr.port(),
            csid: begin.csid,
            version: begin.version,
            space: space(&begin.space),
        };
        let now = self.chunk_time();
        let registered = self.cluster.register(now, &registration);
        self.apply_chunk_events();
        let server = match registered {
            Ok(server) => server,
            Err(rejected) => {
                return Verdict::Close(format!("{}:{}: {rejected}", registration.ip, registration.port));
            }
        };
        self.chunkservers.set(conn, State::Listing(server));
        self.accept_chunkserver(net, conn, server, begin.timeout);
        Verdict::Keep
    }

    fn accept_chunkserver(&mut self, net: &mut Net, conn: ConnId, server: ServerId, wanted: u16) {
        let default = u16::try_from(self.config.chunkserver_timeout.as_secs()).unwrap_or(u16::MAX);
        let timeout = if wanted == 0 { default } else { wanted };
        let limit = Duration::from_secs(timeout.into());
        net.set_limits(conn, |limits| {
            limits.idle_timeout = limit;
            limits.nop_interval = Some(limit / 3);
        });
        let ack = Ack::Accepted {
            version: OUR_VERSION,
            timeout,
            csid: self.cluster.server(server).map_or(0, |s| s.csid),
            metaid: self.fs.meta_id(),
        };
        // The server's id is metadata: it is told once it is durable.
        net.send_held(conn, self.journal.last(), &MasterAck { ack });
        self.tell_server(server, "connected");
    }

    pub(super) fn cs_chunks(&mut self, server: ServerId, chunks: Rest<'_, ListedChunk>) {
        let now = self.chunk_time();
        let found = chunks.iter().map(|c| (c.chunk, c.version.0 | u32::from(c.marked_for_removal) << 31));
        self.cluster.chunks_found(now, &Meta(&self.fs), server, found);
        self.apply_chunk_events();
    }

    pub(super) fn tell_server(&self, server: ServerId, what: &str) {
        if let Some(s) = self.cluster.server(server) {
            tracing::info!(
                "chunkserver {}:{} (id {}, version {}, {} chunks, {:.2}/{:.2} GiB used) {what}",
                s.ip,
                s.port,
                s.csid,
                s.version,
                s.space.chunks,
                gib(s.space.used),
                gib(s.space.total)
            );
        }
    }
}

fn gib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

/// MD5( challenge[0..16] | AUTH_CODE | challenge[16..32] ).
fn answer_to(challenge: &[u8; 32], code: &str) -> [u8; 16] {
    md5::compute([&challenge[..16], code.as_bytes(), &challenge[16..]].concat()).0
}

/// Space as placement has it.
pub(super) fn space(s: &Space) -> placement::Space {
    placement::Space {
        used: s.used,
        total: s.total,
        chunks: s.chunks,
        removal_used: s.td_used,
        removal_total: s.td_total,
        removal_chunks: s.td_chunks,
    }
}
