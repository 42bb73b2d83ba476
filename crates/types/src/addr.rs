//! Addresses are IPv4 on every link.

use crate::{DecodeError, Reader, Wire};
use std::net::{Ipv4Addr, SocketAddrV4};

impl<'a> Wire<'a> for Ipv4Addr {
    const MIN_SIZE: usize = 4;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        u32::decode(r).map(Ipv4Addr::from_bits)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.to_bits().encode(out);
    }
}

/// `u32 ip | u16 port`.
impl<'a> Wire<'a> for SocketAddrV4 {
    const MIN_SIZE: usize = 6;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(SocketAddrV4::new(Ipv4Addr::decode(r)?, u16::decode(r)?))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.ip().encode(out);
        self.port().encode(out);
    }
}
