//! A data connection to a chunkserver, as a client has it.

use anyhow::{Result, bail, ensure};
use net::bulk::BulkSocket;
use proto::cs_data::{ReadData, ReadStatus, WriteStatus};
use proto::{Packet, encode_frame};
use std::net::{SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};
use types::{Status, Wire};

/// Longer than anything may take.
pub(super) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

pub(super) struct Link(BulkSocket);

impl Link {
    pub(super) fn connect(addr: SocketAddrV4) -> Result<Link> {
        Ok(Link(BulkSocket::new(TcpStream::connect(addr)?)?))
    }

    pub(super) fn send<'a>(&self, packet: &impl Packet<'a>) -> Result<()> {
        self.send_with(packet, &[])
    }

    /// A packet and the data behind it.
    pub(super) fn send_with<'a>(&self, packet: &impl Packet<'a>, data: &[u8]) -> Result<()> {
        let mut frame = Vec::with_capacity(64);
        encode_frame(packet, &mut frame);
        Ok(self.0.write(&[&frame, data], soon())?)
    }

    /// Waits for one acknowledgement.
    pub(super) fn acknowledged(&mut self) -> Result<()> {
        loop {
            let head = self.0.head(soon())?;
            if head.id == 0 {
                continue;
            }
            ensure!(head.id == WriteStatus::ID && head.len == 13, "packet {} in a write session", head.id);
            let mut body = [0; 13];
            self.0.read(&mut [&mut body], soon())?;
            let status = WriteStatus::decode_whole(&body)?;
            ensure!(status.status == Status::OK, "write {}: {}", status.write_id, status.status);
            return Ok(());
        }
    }

    /// Receives the answer to a READ; its data ends up in `block`, piece upon piece. Returns the bytes received.
    pub(super) fn receive(&mut self, block: &mut [u8]) -> Result<usize> {
        let mut bytes = 0;
        loop {
            let head = self.0.head(soon())?;
            match head.id {
                0 => {}
                ReadData::ID => {
                    let mut body = [0; 20];
                    let size = (head.len as usize).checked_sub(20).filter(|size| *size <= block.len());
                    let Some(size) = size else { bail!("READ_DATA of {} bytes", head.len) };
                    self.0.read(&mut [&mut body, &mut block[..size]], soon())?;
                    bytes += size;
                }
                ReadStatus::ID if head.len == 9 => {
                    let mut body = [0; 9];
                    self.0.read(&mut [&mut body], soon())?;
                    ensure!(body[8] == 0, "READ: {}", Status(body[8]));
                    return Ok(bytes);
                }
                id => bail!("packet {id} in the answer to READ"),
            }
        }
    }
}
