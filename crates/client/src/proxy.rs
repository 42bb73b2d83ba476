//! The tools' way to the master: a local port that takes their requests and passes them on over our session
//! (`spec/wire-client-master.md` 6.3).

use crate::Client;
use proto::client_master::{FuseRegister, FuseRegisterReply, Register, RegisterReply};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use types::{Status, Wire};

const REGISTER: u32 = 400;
const TIMEOUT: Duration = Duration::from_secs(20);
/// Longest request, and longest answer.
const MAX_REQUEST: u32 = 50_000;
const MAX_ANSWER: usize = 4_000_000;
/// Most tools at a time.
const MAX_TOOLS: usize = 64;

impl Client {
    /// Listens on `ip` and serves tools for as long as the process lives. Returns where.
    pub fn start_proxy(&self, ip: Ipv4Addr) -> io::Result<SocketAddrV4> {
        let listener = TcpListener::bind((ip, 0))?;
        let SocketAddr::V4(addr) = listener.local_addr()? else {
            return Err(io::Error::other("not an IPv4 address"));
        };
        let client = self.clone();
        let tools = Arc::new(AtomicUsize::new(0));
        std::thread::Builder::new().name("proxy".into()).spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if tools.fetch_add(1, Ordering::Relaxed) >= MAX_TOOLS {
                    tools.fetch_sub(1, Ordering::Relaxed);
                    continue;
                }
                let (client, served) = (client.clone(), tools.clone());
                let made = std::thread::Builder::new().name("tool".into()).spawn(move || {
                    if let Err(error) = client.serve_tool(stream) {
                        tracing::debug!(%error, "tool");
                    }
                    served.fetch_sub(1, Ordering::Relaxed);
                });
                if made.is_err() {
                    tools.fetch_sub(1, Ordering::Relaxed);
                }
            }
        })?;
        Ok(addr)
    }

    /// What `.masterinfo` holds: where the proxy is, the session, the master's version.
    pub fn masterinfo(&self, proxy: SocketAddrV4) -> Vec<u8> {
        let master = self.master();
        let mut bytes = Vec::with_capacity(14);
        (proxy, master.session, master.version).encode(&mut bytes);
        bytes
    }

    /// Until the tool closes its end.
    fn serve_tool(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_string());
        let mut body = Vec::new();
        loop {
            let id = match net::read_frame(&mut stream, &mut body, MAX_REQUEST) {
                Ok(id) => id,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            };
            if id == REGISTER {
                let request = FuseRegister::decode_whole(&body).map_err(|_| bad("malformed registration"))?;
                let Register::Tools { session, .. } = request.request else { return Err(bad("not a tool")) };
                let known = session == self.master().session;
                let status = if known { Status::OK } else { Status::BADSESSIONID };
                net::write_frame(&mut stream, &FuseRegisterReply { reply: RegisterReply::Status(status) })?;
                continue;
            }
            let (_msgid, rest) = body.split_first_chunk::<4>().ok_or_else(|| bad("no message id"))?;
            let (id, answer) = self.forward(id, rest).map_err(io::Error::from)?;
            if answer.len() > MAX_ANSWER {
                return Err(bad("answer too long"));
            }
            let mut frame = Vec::with_capacity(answer.len() + 12);
            (id, answer.len() as u32 + 4, 0_u32).encode(&mut frame);
            frame.extend_from_slice(&answer);
            stream.write_all(&frame)?;
        }
    }
}
