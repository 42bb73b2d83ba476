//! What chunkservers tell, and how they answer orders (`spec/wire-chunkserver.md` 3.3, 3.4).

use super::Meta;
use super::links::State;
use super::register::space;
use crate::core::Master;
use net::reactor::{CloseReason, ConnId, Net, Verdict};
use placement::{HeavyLoad, OperationKind, ServerId};
use proto::Direction;
use proto::cs_master::CsToMa;
use types::{ChunkId, Status};

impl Master {
    /// A frame from the chunkservers' port.
    pub(crate) fn chunkserver_frame(&mut self, net: &mut Net, conn: ConnId, id: u32, body: &[u8]) -> Verdict {
        let packet = match CsToMa::decode(id, body) {
            Ok(packet) => packet,
            Err(error) => return Verdict::Close(error.to_string()),
        };
        match (&packet, self.chunkservers.get(conn).map(|link| link.state)) {
            (CsToMa::CsRegisterPacket(q), Some(_)) => self.cs_register(net, conn, &q.step),
            (CsToMa::Nop(_), _) => Verdict::Keep,
            (CsToMa::GetVersion(q), _) => {
                net.send(conn, &crate::client::version_info(q));
                Verdict::Keep
            }
            (CsToMa::GetConfig(q), _) => {
                let value = self.config.text_of(&q.option.to_string());
                net.send(conn, &crate::client::config_value(q, value.as_deref()));
                Verdict::Keep
            }
            (_, Some(State::Listing(server) | State::Registered(server))) => {
                let verdict = self.cs_report(server, &packet);
                // A writer whose operation this ended is told the copies that took part, before another report can
                // take one away: that one would come back with the new version and without the data.
                self.settle_chunks(net);
                verdict
            }
            _ => Verdict::Close(format!("{} (packet {id}) before registration", packet.name())),
        }
    }

    fn cs_report(&mut self, server: ServerId, packet: &CsToMa<'_>) -> Verdict {
        let now = self.chunk_time();
        let meta = Meta(&self.fs);
        match packet {
            CsToMa::CsSpace(q) => self.cluster.set_space(server, space(&q.space)),
            CsToMa::Labels(q) => self.cluster.set_labels(server, q.mask),
            CsToMa::CurrentLoad(q) => {
                self.cluster.set_load(now, server, q.load, HeavyLoad::from_wire(q.state))
            }
            CsToMa::ErrorOccurred(_) => self.cluster.disk_error(server),
            CsToMa::ChunkDamaged(q) => self.cluster.chunks_damaged(now, &meta, server, q.chunks.iter()),
            CsToMa::ChunkLost(q) => self.cluster.chunks_lost(now, &meta, server, q.chunks.iter()),
            CsToMa::ChunkNew(q) => self.cs_chunks(server, q.chunks),
            CsToMa::ChunkCreateReply(q) => self.cs_done(server, OperationKind::Create, q.chunk, q.status),
            CsToMa::ChunkSetVersionReply(q) => {
                self.cs_done(server, OperationKind::SetVersion, q.chunk, q.status)
            }
            CsToMa::ChunkDuplicateReply(q) => {
                self.cs_done(server, OperationKind::Duplicate, q.chunk, q.status)
            }
            CsToMa::ChunkTruncateReply(q) => self.cs_done(server, OperationKind::Truncate, q.chunk, q.status),
            CsToMa::ChunkDuptruncReply(q) => self.cs_done(server, OperationKind::DupTrunc, q.chunk, q.status),
            CsToMa::ChunkReplicateReply(q) => {
                self.cluster.replicate_answered(now, &meta, server, q.chunk, q.version, q.status);
            }
            CsToMa::ChunkDeleteReply(q) => {
                self.cluster.delete_answered(now, &meta, server, q.chunk, q.status)
            }
            CsToMa::UnknownCommand(_) | CsToMa::BadCommandSize(_) | CsToMa::ChunkChecksum(_) => {}
            other => return Verdict::Close(format!("{} was not asked for", other.name())),
        }
        self.apply_chunk_events();
        Verdict::Keep
    }

    fn cs_done(&mut self, server: ServerId, kind: OperationKind, chunk: ChunkId, status: Status) {
        if status != Status::OK {
            tracing::warn!(
                "chunkserver {}: {kind:?} of chunk {chunk:016X}: {status}",
                self.server_name(server)
            );
        }
        let now = self.chunk_time();
        self.cluster.operation_answered(now, &Meta(&self.fs), server, kind, chunk, status);
    }

    pub(super) fn server_name(&self, server: ServerId) -> String {
        self.cluster.server(server).map_or_else(|| "?".into(), |s| format!("{}:{}", s.ip, s.port))
    }

    /// A chunkserver's connection is gone.
    pub(crate) fn chunkserver_closed(&mut self, net: &mut Net, conn: ConnId, reason: &CloseReason) {
        let Some(link) = self.chunkservers.get(conn) else { return };
        let Some(server) = self.chunkservers.remove(conn) else {
            tracing::warn!("chunkserver at {} did not get registered: {reason}", link.ip);
            return;
        };
        self.tell_server(server, &format!("disconnected: {reason}"));
        let now = self.chunk_time();
        self.cluster.disconnect(now, &Meta(&self.fs), server);
        self.settle_chunks(net);
    }
}
