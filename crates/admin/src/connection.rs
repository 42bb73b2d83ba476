//! A connection to a server, for questions of any monitor.

use proto::{Packet, PacketError};
use std::io;
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;
use thiserror::Error;

/// Longest answer: lists of all open files and missing chunks are long.
const MAX_ANSWER: u32 = 256 << 20;
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(20);

/// A connection that is opened when it is needed. Servers close idle ones after some seconds; then it is opened anew.
#[derive(Debug)]
pub struct Connection {
    addr: SocketAddrV4,
    stream: Option<TcpStream>,
    body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// The server cannot be reached, or closed the connection: it refuses what it does not know that way.
    #[error("{addr} does not answer: {error}")]
    Link {
        /// Where.
        addr: SocketAddrV4,
        /// What happened.
        error: io::Error,
    },
    /// What came was not the answer.
    #[error("answer from {addr}: {error}")]
    Malformed {
        /// From where.
        addr: SocketAddrV4,
        /// What was wrong.
        error: PacketError,
    },
}

impl Connection {
    /// To the client port of a master or chunkserver; nothing is sent yet.
    pub fn new(addr: SocketAddrV4) -> Connection {
        Connection { addr, stream: None, body: Vec::new() }
    }

    /// Where it goes.
    pub fn addr(&self) -> SocketAddrV4 {
        self.addr
    }

    /// Asks, and waits for the answer. A connection that turns out to be closed is opened anew, once.
    pub fn ask<'q, 'a, Q: Packet<'q>, A: Packet<'a>>(&'a mut self, question: &Q) -> Result<A, AskError> {
        let addr = self.addr;
        let reused = self.stream.is_some();
        let mut answered = self.exchange(question);
        if answered.is_err() && reused {
            answered = self.exchange(question);
        }
        match answered {
            Err(error) => Err(AskError::Link { addr, error }),
            Ok(id) if id == A::ID => A::decode_whole(&self.body).map_err(|error| {
                let error = PacketError::Malformed { id, name: A::NAME, error };
                AskError::Malformed { addr, error }
            }),
            Ok(id) => {
                self.stream = None;
                Err(AskError::Malformed { addr, error: PacketError::Unknown(id) })
            }
        }
    }

    fn exchange<'q, Q: Packet<'q>>(&mut self, question: &Q) -> io::Result<u32> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect_timeout(&SocketAddr::V4(self.addr), CONNECT)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(ANSWER))?;
                stream.set_write_timeout(Some(ANSWER))?;
                stream
            }
        };
        net::write_frame(&mut stream, question)?;
        let id = net::read_frame(&mut stream, &mut self.body, MAX_ANSWER)?;
        self.stream = Some(stream);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::info::{MlogList, MlogListReply};
    use std::net::TcpListener;
    use types::Rest;

    #[test]
    fn a_closed_connection_is_opened_anew() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let SocketAddr::V4(addr) = listener.local_addr().unwrap() else { unreachable!("bound to IPv4") };
        let server = std::thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                assert_eq!(net::read_frame(&mut stream, &mut Vec::new(), 10).unwrap(), MlogList::ID);
                net::write_frame(&mut stream, &MlogListReply { metaloggers: Rest::Items(&[]) }).unwrap();
            }
        });
        let mut connection = Connection::new(addr);
        for _ in 0..2 {
            let answer: MlogListReply<'_> = connection.ask(&MlogList {}).unwrap();
            assert!(answer.metaloggers.is_empty());
        }
        server.join().unwrap();
        assert!(matches!(connection.ask::<_, MlogListReply<'_>>(&MlogList {}), Err(AskError::Link { .. })));
    }
}
