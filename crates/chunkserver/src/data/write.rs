//! WRITE: one server of a chain (`spec/wire-chunkserver.md` 1.3).
//!
//! The thread of the connection reads a block into a buffer, sends the same buffer on, writes it to disk, and passes
//! acknowledgements back. A write is acknowledged when it is in our file and the next server has acknowledged it;
//! the newest one received only when all so far is durable. A session that ends well has had its last write
//! acknowledged, so everything in it is durable then, at the price of one sync whenever the sender pauses
//! (`docs/decisions/2026-11-25-chunk-durability.md`).

mod chain;
mod session;

use super::conn::{Conn, End, packet_deadline};
use crate::counters::add;
use chain::Next;
use proto::cs_data::{Write, WriteStatus};
use session::Session;
use std::io;
use types::Status;

/// Serves one write session to its end.
pub(crate) fn serve(conn: &mut Conn, request: &Write<'_>) -> io::Result<End> {
    let nops = request.protover.wants_nops();
    let failed = |status| WriteStatus { chunk: request.chunk, write_id: 0, status };
    let server = conn.server.clone();
    add(&server.traffic.writes, 1);
    // The next server is told before our own file is opened: that is the order of the protocol.
    let next = {
        let _busy = conn.pulse.busy(nops);
        Next::connect(&server, request)
    };
    let next = match next {
        Ok(next) => next,
        Err(error) => {
            tracing::info!("chunk {:016X}: cannot reach the next server: {error}", request.chunk);
            return conn.send(&failed(Status::CANTCONNECT));
        }
    };
    let opened = {
        let _busy = conn.pulse.busy(nops);
        server.store.open(request.chunk, request.version)
    };
    let handle = match opened {
        Ok(handle) => handle,
        Err(status) => return conn.send(&failed(status)),
    };
    let is_last = next.is_none();
    if is_last {
        conn.send(&failed(Status::OK))?;
    }
    Session::new(conn, request, next, handle).run()
}
