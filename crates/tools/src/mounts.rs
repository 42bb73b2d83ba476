//! From a path to the master: through the port of the mount that has the path (`spec/tools.md` 2.3).

use crate::failure::{Failure, describe};
use crate::realpath::{Unresolved, realpath};
use proto::Packet;
use proto::client_master::{FuseRegister, FuseRegisterReply, Register, RegisterReply};
use rustix::fs::{StatVfsMountFlags, statvfs};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use types::{Inode, OUR_VERSION, Reply, SessionId, Status, Version, Wire};

/// The inode of `.masterinfo`, which no file can have.
const MASTERINFO_INODE: u64 = 0x7FFF_FFFF;
/// Longest answer a mount passes on, with room to spare.
const MAX_ANSWER: u32 = 5_000_000;
const TIMEOUT: Duration = Duration::from_secs(20);
/// A busy mount may not accept at once; a dead one refuses at once.
const CONNECT: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(5)];

/// What a tool wants to do with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Look.
    Read,
    /// Change something, so the mount must not be read-only.
    Write,
}

/// An object in a mount.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Its inode.
    pub(crate) inode: Inode,
    /// What the mount says of it.
    pub(crate) meta: Metadata,
}

/// What `.masterinfo` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct MasterInfo {
    port: SocketAddrV4,
    session: SessionId,
}

/// Connections to mounts: the last one is kept, as objects of one command mostly are in one mount.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    open: Option<(MasterInfo, TcpStream)>,
    body: Vec<u8>,
}

impl Mounts {
    /// Finds an object and connects to its mount, for the requests that follow.
    pub(crate) fn open(&mut self, name: &OsStr, access: Access) -> Result<Target, Failure> {
        let path = realpath(name).map_err(|unresolved| {
            let Unresolved { error, reached } = &unresolved;
            let where_ = [b"realpath error on (", reached.as_os_str().as_bytes(), b"): "].concat();
            Failure::of(name, [&where_, describe(error).as_bytes()].concat())
        })?;
        self.open_resolved(name, path, access)
    }

    /// Connects to the mount of the current directory.
    pub(crate) fn open_here(&mut self) -> Result<Target, Failure> {
        let here =
            std::env::current_dir().map_err(|error| Failure::call(OsStr::new("."), "getcwd", &error))?;
        self.open(here.as_os_str(), Access::Read)
    }

    /// The same for a path that is known to be without links.
    pub(crate) fn open_resolved(
        &mut self,
        name: &OsStr,
        path: PathBuf,
        access: Access,
    ) -> Result<Target, Failure> {
        let within = |call: &str, error: io::Error| {
            let path = path.as_os_str().as_bytes();
            let text =
                [b"(", path, b") ", call.as_bytes(), b" error: ", describe(&error).as_bytes()].concat();
            Failure::of(name, text)
        };
        if access == Access::Write {
            let fs = statvfs(&path).map_err(|errno| within("statvfs", errno.into()))?;
            if fs.f_flag.contains(StatVfsMountFlags::RDONLY) {
                let text = [b"(", path.as_os_str().as_bytes(), b") Read-only file system"].concat();
                return Err(Failure::of(name, text));
            }
        }
        let meta = path.symlink_metadata().map_err(|error| within("lstat", error))?;
        let info = Self::find(&path, &meta).map_err(|text| Failure::of(name, text))?;
        if self.open.as_ref().is_none_or(|(open, _)| *open != info) {
            self.open = None;
            self.open = Some((info, connect(info).map_err(|text| Failure::of(name, text))?));
        }
        let inode = u32::try_from(meta.ino()).map_err(|_| Failure::of(name, "not MFS object"))?;
        Ok(Target { inode: Inode(inode), meta })
    }

    /// `.masterinfo` of the mount that has `path`.
    fn find(path: &Path, meta: &Metadata) -> Result<MasterInfo, &'static str> {
        let start = if meta.is_dir() { Some(path) } else { path.parent() };
        for dir in start.into_iter().flat_map(Path::ancestors) {
            let file = dir.join(".masterinfo");
            if file.symlink_metadata().is_ok_and(|meta| is_masterinfo(&meta)) {
                let bytes = std::fs::read(file).map_err(|_| "can't read '.masterinfo'")?;
                return parse(&bytes).ok_or("incorrect '.masterinfo'");
            }
        }
        Err("not MFS object")
    }

    /// Asks the master behind the mount that was opened last. A refusal is an error as well as a lost connection.
    pub(crate) fn ask<'q, 'a, Q: Packet<'q>, A: Packet<'a>>(&'a mut self, request: &Q) -> Result<A, Trouble> {
        let Some((_, stream)) = &mut self.open else { return Err(Trouble::Link("send error")) };
        let answered = net::write_frame(stream, request)
            .map_err(|_| "send error")
            .and_then(|()| net::read_frame(stream, &mut self.body, MAX_ANSWER).map_err(|_| "receive error"));
        match answered {
            Ok(id) if id == A::ID => A::decode_whole(&self.body).map_err(|_| Trouble::Malformed),
            Ok(_) => {
                self.open = None;
                Err(Trouble::Link("unexpected answer"))
            }
            Err(text) => {
                // The mount closes a connection after an error; the next object gets a new one.
                self.open = None;
                Err(Trouble::Link(text))
            }
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection.
    Link(&'static str),
    /// What came is no answer to the question.
    Malformed,
    /// The master refuses.
    Refused(Status),
}

impl Trouble {
    /// As a line about an object.
    pub(crate) fn about(self, name: &OsStr) -> Failure {
        Failure::of(name, self.text())
    }

    /// In stock's words.
    pub(crate) fn text(self) -> String {
        match self {
            Trouble::Link(text) => format!("master query: {text}"),
            Trouble::Malformed => "master query: wrong answer (leng)".into(),
            Trouble::Refused(status) => status.text().into(),
        }
    }
}

/// The body of a reply, or its status as a trouble.
pub(crate) fn body<T>(reply: Reply<T>) -> Result<T, Trouble> {
    reply
        .into_result()
        .map_err(|status| if status == Status::OK { Trouble::Malformed } else { Trouble::Refused(status) })
}

/// A status as a result.
pub(crate) fn done(status: Status) -> Result<(), Trouble> {
    status.ok().map_err(Trouble::Refused)
}

fn is_masterinfo(meta: &Metadata) -> bool {
    let owned = meta.uid() == 0 && meta.gid() == 0 && meta.nlink() == 1;
    // 10 bytes lack the version; 4.x adds the mount's process id.
    meta.ino() == MASTERINFO_INODE && owned && meta.is_file() && matches!(meta.len(), 10 | 14 | 22)
}

fn parse(bytes: &[u8]) -> Option<MasterInfo> {
    let mut reader = types::Reader::new(bytes);
    let (port, session) = <(SocketAddrV4, SessionId)>::decode(&mut reader).ok()?;
    let _version = Option::<Version>::decode(&mut reader).ok()?;
    Some(MasterInfo { port, session })
}

/// Connects and registers as a tool.
fn connect(info: MasterInfo) -> Result<TcpStream, String> {
    let mut connected = Err(io::ErrorKind::TimedOut.into());
    for timeout in CONNECT {
        connected = TcpStream::connect_timeout(&SocketAddr::V4(info.port), timeout);
        if !matches!(&connected, Err(error) if error.kind() == io::ErrorKind::TimedOut) {
            break;
        }
    }
    let mut stream = connected
        .map_err(|error: io::Error| format!("can't connect to master (.masterinfo): {}", describe(&error)))?;
    let register = FuseRegister { request: Register::Tools { session: info.session, version: OUR_VERSION } };
    let mut body = Vec::new();
    let answer = stream
        .set_nodelay(true)
        .and_then(|()| stream.set_read_timeout(Some(TIMEOUT)))
        .and_then(|()| stream.set_write_timeout(Some(TIMEOUT)))
        .and_then(|()| net::write_frame(&mut stream, &register))
        .map_err(|_| "register to master: send error")
        .and_then(|()| {
            net::read_frame(&mut stream, &mut body, MAX_ANSWER)
                .map_err(|_| "register to master: receive error")
        })?;
    if answer != FuseRegisterReply::ID {
        return Err("register to master: wrong answer (type)".into());
    }
    match FuseRegisterReply::decode_whole(&body).map(|reply| reply.reply) {
        Ok(RegisterReply::Status(Status::OK)) => Ok(stream),
        Ok(RegisterReply::Status(status)) => Err(format!("register to master: {}", status.text())),
        _ => Err("register to master: wrong answer (length)".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_masterinfo() {
        let bytes = [127, 0, 0, 1, 0x80, 0, 0, 0, 0, 7, 0, 3, 0, 0xEA, 0, 0, 0, 0, 0, 0, 0, 9];
        let want = Some(MasterInfo { port: "127.0.0.1:32768".parse().unwrap(), session: SessionId(7) });
        for length in [10, 14, 22] {
            assert_eq!(parse(&bytes[..length]), want);
        }
        for length in [0, 9, 12] {
            assert_eq!(parse(&bytes[..length]), None);
        }
    }
}
