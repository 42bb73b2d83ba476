//! Registration: how a connection becomes part of a session (`spec/wire-client-master.md` 2).

use super::conn::Conn;
use crate::Options;
use proto::Extensions;
use proto::client_master::{
    FuseRegister, FuseRegisterReply, NewMetaSession, NewSession, Register, RegisterReply, Rejoin, SessionTail,
};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, ToSocketAddrs};
use std::time::Duration;
use thiserror::Error;
use types::{Bytes32, OUR_VERSION, SessionId, Status, Version, Wire};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// For each read and write of the exchange. Stock has 1 s; a busy machine deserves more patience.
const REGISTER_TIMEOUT: Duration = Duration::from_secs(5);
const GOODBYE_TIMEOUT: Duration = Duration::from_millis(500);
/// The longest registration reply has 57 bytes, 4.x's.
const MAX_REPLY: u32 = 256;

/// Why there is no connection.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ConnectError {
    #[error("can't resolve master hostname and/or portname ({host}:{port})")]
    Resolve { host: String, port: u16 },
    #[error("can't connect to mfsmaster (\"{host}\":\"{port}\"): {error}")]
    Connect { host: String, port: u16, error: io::Error },
    #[error("mfsmaster register error: {0}")]
    Refused(Status),
    #[error("mfsmaster {0} is too old, 3.0.113 or later is needed")]
    TooOld(Version),
    #[error("mfsmaster does not answer like a master: {0}")]
    Protocol(String),
    #[error("connection to mfsmaster failed: {0}")]
    Io(#[source] io::Error),
}

/// Limits and rights of the session, from the export rule that matched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// 0x01 read only, 0x02 dynamic ip, 0x04 ignore gid, 0x08 admin, 0x10 map all.
    pub flags: u8,
    /// Or-ed into the umask of whatever is created.
    pub umask: u16,
    /// What uid and gid 0 become.
    pub root: (u32, u32),
    /// What all others become, with the map-all flag.
    pub map_all: (u32, u32),
    /// Lowest and highest goal that may be set.
    pub goal: (u8, u8),
    /// Shortest and longest trash time that may be set, seconds.
    pub trash_time_s: (u32, u32),
    /// Bit set of refused operations (`spec/wire-client-master.md` 2.10).
    pub disables: u32,
}

/// The master as the last registration found it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MasterInfo {
    /// Where it is.
    pub addr: SocketAddrV4,
    /// Its version.
    pub version: Version,
    /// Our session there.
    pub session: SessionId,
    /// The id of its metadata.
    pub metaid: u64,
    /// See [`Limits`].
    pub limits: Limits,
    /// What it understands beyond stock's protocol.
    pub extensions: Extensions,
}

/// How an attempt to take up a session again ended.
pub(super) enum Rejoined {
    /// Same session, same parameters (or new ones, after a change of the exports).
    Same(TcpStream, MasterInfo),
    /// A new session; the old one is gone with its open files and locks.
    Replaced(TcpStream, MasterInfo),
}

/// Connects and makes a new session.
pub(super) fn connect_new(options: &Options) -> Result<(TcpStream, MasterInfo), ConnectError> {
    let (stream, addr) = connect(options)?;
    new_session(stream, addr, options, None)
}

/// Connects and resumes the session, makes it anew under today's rules, or makes another (2.6).
pub(super) fn rejoin(options: &Options, old: &MasterInfo) -> Result<Rejoined, ConnectError> {
    let (mut stream, addr) = connect(options)?;
    let request =
        Register::Reconnect { session: old.session, version: OUR_VERSION, metaid: Some(old.metaid) };
    match exchange(&mut stream, request)? {
        RegisterReply::Reconnect(version, Status::OK, taken) => {
            let info = MasterInfo { addr, version, extensions: taken.unwrap_or_default(), ..old.clone() };
            Ok(Rejoined::Same(stream, info))
        }
        RegisterReply::Reconnect(_, Status::EPERM, _) | RegisterReply::Status(Status::EPERM) => {
            let (stream, addr) = connect(options)?;
            let rejoin = Rejoin { session: old.session, metaid: Some(old.metaid) };
            let (stream, info) = new_session(stream, addr, options, Some(rejoin))?;
            Ok(if info.session == old.session {
                Rejoined::Same(stream, info)
            } else {
                Rejoined::Replaced(stream, info)
            })
        }
        RegisterReply::Reconnect(_, status, _) | RegisterReply::Status(status) => {
            tracing::warn!(%status, session = %old.session, "the master has forgotten our session; open files lose their locks");
            let (stream, info) = connect_new(options)?;
            Ok(Rejoined::Replaced(stream, info))
        }
        other => Err(ConnectError::Protocol(format!("{other:?}"))),
    }
}

/// Ends the session, as far as half a second allows.
pub(super) fn say_goodbye(conn: &Conn, info: &MasterInfo) {
    let request = Register::Close { session: info.session, metaid: Some(info.metaid) };
    let mut frame = Vec::with_capacity(96);
    proto::encode_frame(&FuseRegister { request }, &mut frame);
    if conn.write(&frame).is_ok() {
        // The master closes after its answer; what came before it does not matter any more.
        let deadline = super::monotonic_ms() + GOODBYE_TIMEOUT.as_millis() as u64;
        let _ = conn.stream().set_read_timeout(Some(GOODBYE_TIMEOUT));
        let mut sink = [0; 4096];
        while super::monotonic_ms() < deadline {
            match io::Read::read(&mut conn.stream(), &mut sink) {
                Ok(n) if n > 0 => {}
                _ => break,
            }
        }
    }
}

fn connect(options: &Options) -> Result<(TcpStream, SocketAddrV4), ConnectError> {
    let (host, port) = (options.master_host.clone(), options.master_port);
    let addrs = (host.as_str(), port)
        .to_socket_addrs()
        .map_err(|_| ConnectError::Resolve { host: host.clone(), port })?
        .filter_map(|addr| match addr {
            SocketAddr::V4(v4) => Some(v4),
            SocketAddr::V6(_) => None,
        });
    let mut failure = None;
    for addr in addrs {
        match connect_from(options.bind, addr, CONNECT_TIMEOUT).and_then(|stream| {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(REGISTER_TIMEOUT))?;
            stream.set_write_timeout(Some(REGISTER_TIMEOUT))?;
            Ok(stream)
        }) {
            Ok(stream) => return Ok((stream, addr)),
            Err(error) => failure = Some(error),
        }
    }
    Err(match failure {
        Some(error) => ConnectError::Connect { host, port, error },
        None => ConnectError::Resolve { host, port },
    })
}

/// Connects within `timeout`, from the address `bind` if there is one.
pub(crate) fn connect_from(
    bind: Option<Ipv4Addr>,
    to: SocketAddrV4,
    timeout: Duration,
) -> io::Result<TcpStream> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
    let Some(bind) = bind else { return TcpStream::connect_timeout(&to.into(), timeout) };
    let socket =
        rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    rustix::net::bind(&socket, &SocketAddrV4::new(bind, 0))?;
    // On Linux the send timeout bounds connect(2) as well.
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(timeout))?;
    rustix::net::connect(&socket, &to)?;
    Ok(TcpStream::from(socket))
}

fn new_session(
    mut stream: TcpStream,
    addr: SocketAddrV4,
    options: &Options,
    rejoin: Option<Rejoin>,
) -> Result<(TcpStream, MasterInfo), ConnectError> {
    let digest = match options.password {
        None => None,
        Some(password) => match exchange(&mut stream, Register::Challenge)? {
            RegisterReply::Challenge(random) => {
                let mut proof = Vec::with_capacity(48);
                proof.extend_from_slice(&random[..16]);
                proof.extend_from_slice(&password.0);
                proof.extend_from_slice(&random[16..]);
                Some(md5::compute(proof).0)
            }
            other => return Err(ConnectError::Protocol(format!("{other:?} for a challenge"))),
        },
    };
    let tail = SessionTail { rejoin, digest };
    if options.deleted_files {
        let info = Extensions::default().offer(&options.info);
        let request = Register::NewMetaSession { version: OUR_VERSION, info: Bytes32::new(&info), tail };
        return finish(exchange(&mut stream, request)?, stream, addr);
    }
    let info = Extensions::ALL.offer(&options.info);
    let path = format!("{}\0", if options.subfolder.is_empty() { "/" } else { &options.subfolder });
    let request = Register::NewSession {
        version: OUR_VERSION,
        info: Bytes32::new(&info),
        path: Bytes32::new(path.as_bytes()),
        tail,
    };
    finish(exchange(&mut stream, request)?, stream, addr)
}

/// What the master granted.
fn finish(
    reply: RegisterReply,
    stream: TcpStream,
    addr: SocketAddrV4,
) -> Result<(TcpStream, MasterInfo), ConnectError> {
    match reply {
        RegisterReply::NewSession(session, _) if session.version < Version::new(3, 0, 113) => {
            Err(ConnectError::TooOld(session.version))
        }
        RegisterReply::NewSession(session, taken) => {
            Ok((stream, master_info(addr, &session, taken.unwrap_or_default())))
        }
        RegisterReply::NewMetaSession(session) => Ok((stream, meta_info(addr, &session))),
        RegisterReply::Status(status) => Err(ConnectError::Refused(status)),
        other => Err(ConnectError::Protocol(format!("{other:?}"))),
    }
}

fn master_info(addr: SocketAddrV4, session: &NewSession, extensions: Extensions) -> MasterInfo {
    let limits = Limits {
        flags: session.flags,
        umask: session.umask,
        root: (session.root_uid, session.root_gid),
        map_all: (session.mapall_uid, session.mapall_gid),
        goal: (session.limits.min_goal, session.limits.max_goal),
        trash_time_s: (session.limits.min_trash_time, session.limits.max_trash_time),
        disables: session.disables,
    };
    let NewSession { version, session, metaid, .. } = *session;
    MasterInfo { addr, version, session, metaid, limits, extensions }
}

fn meta_info(addr: SocketAddrV4, session: &NewMetaSession) -> MasterInfo {
    let NewMetaSession { version, session: id, metaid, flags, limits } = *session;
    let limits = Limits {
        flags,
        umask: 0,
        root: (0, 0),
        map_all: (0, 0),
        goal: (limits.min_goal, limits.max_goal),
        trash_time_s: (limits.min_trash_time, limits.max_trash_time),
        disables: 0,
    };
    MasterInfo { addr, version, session: id, metaid, limits, extensions: Extensions::default() }
}

fn exchange(stream: &mut TcpStream, request: Register<'_>) -> Result<RegisterReply, ConnectError> {
    net::write_frame(stream, &FuseRegister { request }).map_err(ConnectError::Io)?;
    let mut body = Vec::new();
    let id = net::read_frame(stream, &mut body, MAX_REPLY).map_err(ConnectError::Io)?;
    if id != 401 {
        return Err(ConnectError::Protocol(format!("packet {id}")));
    }
    match FuseRegisterReply::decode_whole(&body) {
        Ok(answer) => Ok(answer.reply),
        Err(error) => Err(ConnectError::Protocol(error.to_string())),
    }
}
