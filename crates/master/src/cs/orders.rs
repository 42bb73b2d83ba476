//! Orders to packets.

use crate::core::Master;
use net::reactor::Net;
use placement::Order;
use proto::cs_master as p;
use std::net::SocketAddrV4;

impl Master {
    /// Sends what placement ordered, as soon as everything it rests upon is durable.
    pub(super) fn send_orders(&mut self, net: &mut Net) {
        let mark = self.journal.last();
        for (server, order) in self.cluster.take_orders() {
            // A server that has just gone answers by its disconnection.
            let Some(conn) = self.chunkservers.conn_of(server) else { continue };
            match order {
                Order::Create { chunk, version } => {
                    net.send_held(conn, mark, &p::ChunkCreate { chunk, version })
                }
                Order::Delete { chunk, version } => {
                    net.send_held(conn, mark, &p::ChunkDelete { chunk, version })
                }
                Order::SetVersion { chunk, new, old } => {
                    let packet = p::ChunkSetVersion { chunk, new_version: new, old_version: old };
                    net.send_held(conn, mark, &packet);
                }
                Order::Duplicate { chunk, version, from, from_version } => {
                    let packet = p::ChunkDuplicate {
                        new_chunk: chunk,
                        new_version: version,
                        old_chunk: from,
                        old_version: from_version,
                    };
                    net.send_held(conn, mark, &packet);
                }
                Order::Truncate { chunk, length, new, old } => {
                    let packet = p::ChunkTruncate { chunk, length, new_version: new, old_version: old };
                    net.send_held(conn, mark, &packet);
                }
                Order::DupTrunc { chunk, version, from, from_version, length } => {
                    let packet = p::ChunkDuptrunc {
                        new_chunk: chunk,
                        new_version: version,
                        old_chunk: from,
                        old_version: from_version,
                        length,
                    };
                    net.send_held(conn, mark, &packet);
                }
                Order::Replicate { chunk, version, ip, port } => {
                    let source = p::ReplicationSource::One(SocketAddrV4::new(ip, port));
                    net.send_held(conn, mark, &p::ChunkReplicate { chunk, version, source });
                }
            }
        }
    }
}
