//! The connection to the next server of a write session.

use crate::server::Server;
use net::bulk::BulkSocket;
use proto::cs_data::Write;
use proto::encode_frame;
use std::io;
use std::net::SocketAddrV4;
use types::Rest;

/// The next server.
pub(super) struct Next {
    pub(super) addr: SocketAddrV4,
    pub(super) socket: BulkSocket,
}

impl Next {
    /// Connects to the first server of the request's list and sends it the request without that entry. `None` at the
    /// end of the chain.
    pub(super) fn connect(server: &Server, request: &Write<'_>) -> io::Result<Option<Next>> {
        let mut chain = request.chain.iter();
        let Some(addr) = chain.next() else { return Ok(None) };
        let rest: Vec<_> = chain.collect();
        let hello = Write { chain: Rest::Items(&rest), ..request.clone() };
        let mut frame = Vec::with_capacity(64);
        encode_frame(&hello, &mut frame);
        let socket = server.successors.connect(addr, &frame)?;
        Ok(Some(Next { addr, socket }))
    }
}
