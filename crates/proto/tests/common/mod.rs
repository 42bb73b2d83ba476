//! Every direction as plain functions, so that tests can go over all of them.

// Each test binary uses its own part of this.
#![allow(dead_code, reason = "shared by several test binaries")]

use proto::{Direction, PacketDoc, PacketError};

/// From id and body to name and frame.
type Again = fn(u32, &[u8]) -> Result<(&'static str, Vec<u8>), PacketError>;

/// One direction.
pub(crate) struct Way {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its packets.
    pub(crate) packets: &'static [PacketDoc],
    /// Decodes a body and gives the packet's name and its frame encoded again.
    pub(crate) again: Again,
    /// Decodes a body and gives its `Debug` form.
    pub(crate) show: fn(u32, &[u8]) -> Result<String, PacketError>,
}

macro_rules! way {
    ($dir:ty) => {
        Way {
            name: <$dir as Direction>::NAME,
            packets: <$dir as Direction>::PACKETS,
            again: |id, body| {
                let packet = <$dir as Direction>::decode(id, body)?;
                let mut frame = Vec::new();
                packet.encode_frame(&mut frame);
                Ok((packet.name(), frame))
            },
            show: |id, body| <$dir as Direction>::decode(id, body).map(|packet| format!("{packet:?}")),
        }
    };
}

/// All directions.
pub(crate) fn ways() -> [Way; 8] {
    [
        way!(proto::client_master::CltoMa),
        way!(proto::client_master::MatoCl),
        way!(proto::cs_data::CltoCs),
        way!(proto::cs_data::CsToCl),
        way!(proto::cs_master::CsToMa),
        way!(proto::cs_master::MatoCs),
        way!(proto::metalogger::MltoMa),
        way!(proto::metalogger::MatoMl),
    ]
}
