//! The requests and replies of registration, told by request code and length.

use crate::Extensions;
use types::{Bytes32, DecodeError, Reader, SessionId, Status, Version, Wire};

record! { <'a> {
    /// Limits that the export rule sets for a session, at the end of both success replies.
    #[derive(Eq)]
    SessionLimits {
        /// The lowest goal the session may set.
        min_goal: u8,
        /// The highest goal the session may set.
        max_goal: u8,
        /// The shortest trash time the session may set, seconds.
        min_trash_time: u32,
        /// The longest trash time the session may set, seconds.
        max_trash_time: u32,
    }

    /// A new session: what the client may do in it.
    #[derive(Eq)]
    NewSession {
        /// The master's version.
        version: Version,
        /// The session.
        session: SessionId,
        /// The metadata's id.
        metaid: u64,
        /// 0x01 read only, 0x02 dynamic ip, 0x04 ignore gid, 0x08 admin, 0x10 map all.
        flags: u8,
        /// Or-ed into the umask of whatever is created.
        umask: u16,
        /// What uid 0 becomes.
        root_uid: u32,
        /// What gid 0 becomes.
        root_gid: u32,
        /// What all other users become, with the map-all flag.
        mapall_uid: u32,
        /// What all other groups become, with the map-all flag.
        mapall_gid: u32,
        /// Limits.
        limits: SessionLimits,
        /// Bit set of refused operations (`spec/wire-client-master.md` 2.10).
        disables: u32,
    }

    /// A new session for trash and sustained files.
    #[derive(Eq)]
    NewMetaSession {
        /// The master's version.
        version: Version,
        /// The session.
        session: SessionId,
        /// The metadata's id.
        metaid: u64,
        /// As in [`NewSession`].
        flags: u8,
        /// Limits.
        limits: SessionLimits,
    }
} }

/// What every registration begins with.
const BLOB: &[u8; 64] = b"DjI1GAQDULI5d2YjA26ypc3ovkhjvhciTQVx3CS4nYgtBoUcsljiVpsErJENHaw0";

/// A session to take over, with the id of the metadata it belongs to when the client knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rejoin {
    /// The session.
    pub session: SessionId,
    /// The metadata's id.
    pub metaid: Option<u64>,
}

/// The optional end of a request for a session: `[u32 session | [u64 metaid]] | [16 B digest]`. No two combinations
/// have the same length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SessionTail {
    /// The session to re-register.
    pub rejoin: Option<Rejoin>,
    /// `MD5(random[..16] | MD5(password) | random[16..])` for the challenge given on this connection.
    pub digest: Option<[u8; 16]>,
}

impl<'a> Wire<'a> for SessionTail {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (has_session, has_metaid, has_digest) = match r.left() {
            0 => (false, false, false),
            4 => (true, false, false),
            12 => (true, true, false),
            16 => (false, false, true),
            20 => (true, false, true),
            28 => (true, true, true),
            _ => return Err(r.bad("length of the register packet")),
        };
        let session = if has_session { Some(SessionId::decode(r)?) } else { None };
        let metaid = if has_metaid { Some(u64::decode(r)?) } else { None };
        let digest = if has_digest { Some(r.array()?) } else { None };
        Ok(SessionTail { rejoin: session.map(|session| Rejoin { session, metaid }), digest })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        if let Some(Rejoin { session, metaid }) = self.rejoin {
            session.encode(out);
            metaid.encode(out);
        }
        self.digest.encode(out);
    }
}

/// A registration request: `64 B blob | u8 code | …`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Register<'a> {
    /// 1: send me random bytes to prove a password with.
    Challenge,
    /// 2: a new session, or an old one under today's export rules.
    NewSession {
        /// The client's version.
        version: Version,
        /// Shown in session lists: the mount point, with a NUL at the end.
        info: Bytes32<'a>,
        /// The directory to use as root, with a NUL at the end unless empty.
        path: Bytes32<'a>,
        /// The optional end.
        tail: SessionTail,
    },
    /// 3: the same session again, after a lost connection.
    Reconnect {
        /// The session.
        session: SessionId,
        /// The client's version.
        version: Version,
        /// The id of the metadata the session belongs to.
        metaid: Option<u64>,
    },
    /// 4: a command line tool on behalf of a session.
    Tools {
        /// The mount's session.
        session: SessionId,
        /// The tool's version.
        version: Version,
    },
    /// 5: a new session for trash and sustained files.
    NewMetaSession {
        /// The client's version.
        version: Version,
        /// As in `NewSession`.
        info: Bytes32<'a>,
        /// The optional end.
        tail: SessionTail,
    },
    /// 6: end the session.
    Close {
        /// The session.
        session: SessionId,
        /// The id of the metadata the session belongs to.
        metaid: Option<u64>,
    },
}

impl<'a> Wire<'a> for Register<'a> {
    const MIN_SIZE: usize = 65;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if r.take(BLOB.len())? != BLOB {
            return Err(r.bad("register blob"));
        }
        Ok(match u8::decode(r)? {
            1 => Register::Challenge,
            2 => {
                let (version, info, path, tail) = Wire::decode(r)?;
                Register::NewSession { version, info, path, tail }
            }
            3 => {
                let (session, version, metaid) = Wire::decode(r)?;
                Register::Reconnect { session, version, metaid }
            }
            4 => {
                let (session, version) = Wire::decode(r)?;
                Register::Tools { session, version }
            }
            5 => {
                let (version, info, tail) = Wire::decode(r)?;
                Register::NewMetaSession { version, info, tail }
            }
            6 => {
                let (session, metaid) = Wire::decode(r)?;
                Register::Close { session, metaid }
            }
            _ => return Err(r.bad("register code")),
        })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        BLOB.encode(out);
        match *self {
            Register::Challenge => out.push(1),
            Register::NewSession { version, info, path, tail } => {
                out.push(2);
                (version, info, path, tail).encode(out);
            }
            Register::Reconnect { session, version, metaid } => {
                out.push(3);
                (session, version, metaid).encode(out);
            }
            Register::Tools { session, version } => (4_u8, session, version).encode(out),
            Register::NewMetaSession { version, info, tail } => (5_u8, version, info, tail).encode(out),
            Register::Close { session, metaid } => (6_u8, session, metaid).encode(out),
        }
    }
}

/// An answer to registration; each form has a length of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegisterReply {
    /// 1 byte: refused; or for tools and close, the outcome.
    Status(Status),
    /// 5 bytes: the outcome of a reconnect; 9 bytes with extensions, for a session that offered some.
    Reconnect(Version, Status, Option<Extensions>),
    /// 27 bytes.
    NewMetaSession(NewMetaSession),
    /// 32 bytes: random bytes.
    Challenge([u8; 32]),
    /// 49 bytes; 53 bytes with extensions, for a client that offered some.
    NewSession(NewSession, Option<Extensions>),
}

impl<'a> Wire<'a> for RegisterReply {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match r.left() {
            1 => Status::decode(r).map(RegisterReply::Status),
            5 | 9 => {
                let (version, status, extensions) = Wire::decode(r)?;
                Ok(RegisterReply::Reconnect(version, status, extensions))
            }
            27 => NewMetaSession::decode(r).map(RegisterReply::NewMetaSession),
            32 => r.array().map(RegisterReply::Challenge),
            49 | 53 => {
                let (session, extensions) = Wire::decode(r)?;
                Ok(RegisterReply::NewSession(session, extensions))
            }
            _ => Err(r.bad("length of the register reply")),
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            RegisterReply::Status(status) => status.encode(out),
            RegisterReply::Reconnect(version, status, more) => (*version, *status, *more).encode(out),
            RegisterReply::NewMetaSession(session) => session.encode(out),
            RegisterReply::Challenge(random) => random.encode(out),
            RegisterReply::NewSession(session, more) => (*session, *more).encode(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tails() {
        let session = SessionId(7);
        let rejoins =
            [None, Some(Rejoin { session, metaid: None }), Some(Rejoin { session, metaid: Some(9) })];
        for rejoin in rejoins {
            for digest in [None, Some([3; 16])] {
                let tail = SessionTail { rejoin, digest };
                let mut bytes = Vec::new();
                let (version, info) = (types::OUR_VERSION, Bytes32::new(b"/mnt/mfs\0"));
                let request = Register::NewSession { version, info, path: Bytes32::new(b"/\0"), tail };
                request.encode(&mut bytes);
                assert_eq!(Register::decode_whole(&bytes), Ok(request));
            }
        }
    }

    #[test]
    fn the_blob_matters() {
        let mut bytes = Vec::new();
        Register::Challenge.encode(&mut bytes);
        assert_eq!(bytes.len(), 65);
        bytes[63] ^= 1;
        assert!(Register::decode_whole(&bytes).is_err());
    }
}
