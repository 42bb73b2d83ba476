//! Registration: who we are, then our chunks, a list per acknowledgement (`spec/wire-chunkserver.md` 3.2).

use crate::Config;
use crate::server::Server;
use chunkstore::Store;
use proto::cs_master::{CsBegin, CsRegister, CsRegisterPacket, Labels, ListedChunk, Space};
use proto::encode_frame;
use std::net::SocketAddrV4;
use types::{OUR_VERSION, Rest};

/// How far registration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// BEGIN was sent; true: for the second time, with the digest.
    Begun(bool),
    /// Lists are being sent; parts of the store so far.
    Listing(usize),
    /// END was sent.
    Registered,
}

/// The space as the master wants to hear it.
pub(super) fn space(store: &Store) -> Space {
    let s = store.space();
    Space {
        used: s.used,
        total: s.total,
        chunks: s.chunks,
        td_used: s.td_used,
        td_total: s.td_total,
        td_chunks: s.td_chunks,
    }
}

/// BEGIN, with the answer to a challenge if there was one.
pub(super) fn begin(server: &Server, config: &Config, challenge: Option<&[u8; 32]>, out: &mut Vec<u8>) {
    let digest = challenge.map(|random| {
        let (first, second) = random.split_at(16);
        md5::compute([first, config.auth_code.as_bytes(), second].concat()).0
    });
    let begin = CsBegin {
        digest,
        version: OUR_VERSION,
        addr: SocketAddrV4::new(*server.listen.ip(), server.listen.port()),
        timeout: config.master_timeout,
        csid: server.identity.lock().csid,
        space: space(&server.store),
    };
    encode_frame(&CsRegisterPacket { step: CsRegister::Begin(begin) }, out);
}

/// The next list, or END. Returns the phase after it.
pub(super) fn next_list(server: &Server, config: &Config, from: usize, out: &mut Vec<u8>) -> Phase {
    if from == 0 {
        encode_frame(&Labels { mask: config.labels }, out);
        server.store.start_list();
    }
    let mut found = Vec::new();
    let mut part = from;
    while part < Store::LIST_PARTS && found.len() < config.chunks_per_packet {
        server.store.list_part(part, &mut found);
        part += 1;
    }
    if found.is_empty() {
        encode_frame(&CsRegisterPacket { step: CsRegister::End }, out);
        return Phase::Registered;
    }
    let list: Vec<_> = found.into_iter().map(listed).collect();
    encode_frame(&CsRegisterPacket { step: CsRegister::Chunks(Rest::Items(&list)) }, out);
    Phase::Listing(part)
}

/// A chunk as lists and CHUNK_NEW carry it.
pub(super) fn listed(
    (chunk, version, marked_for_removal): (types::ChunkId, types::ChunkVersion, bool),
) -> ListedChunk {
    ListedChunk { chunk, version, marked_for_removal }
}

#[cfg(test)]
mod tests {
    #[test]
    fn digest_as_in_the_spec() {
        // `spec/wire-chunkserver.md` 6.5.
        let random: Vec<u8> = (0..32).collect();
        let text = [&random[..16], b"mfspassword", &random[16..]].concat();
        assert_eq!(format!("{:x}", md5::compute(text)), "c7e6ee262a3c1086e20346b69116e58a");
    }
}
