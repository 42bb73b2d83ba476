//! Registration (`spec/wire-client-master.md` 2).

use super::links::{Member, Role};
use crate::core::Master;
use crate::exports::{Export, Mount, Selection, checksum};
use metadata::plan::{SessionCaps, SessionFlag};
use net::reactor::{ConnId, Net, Verdict};
use ondisk::{Op, SessionFields};
use proto::Extensions;
use proto::client_master::{
    FuseRegisterReply, NewMetaSession, NewSession, Register, RegisterReply, Rejoin, SessionLimits,
    SessionTail,
};
use std::time::Duration;
use types::{Bytes32, Inode, OUR_VERSION, ROOT, SessionId, Status, Version};

/// From this version on a client understands every form we send.
const FLOOR: Version = Version::new(3, 0, 113);

/// The longest body, bytes, from a client that has registered.
const MEMBER_BODY: u32 = 50_000_000;

/// A wish for a new session.
struct Wish<'a> {
    version: Version,
    info: Bytes32<'a>,
    path: &'a [u8],
    tail: SessionTail,
    meta: bool,
}

impl Master {
    /// A FUSE_REGISTER packet.
    pub(crate) fn register(&mut self, net: &mut Net, conn: ConnId, request: &Register<'_>) -> Verdict {
        let Some(link) = self.clients.get(conn).copied() else { return Verdict::Keep };
        let registered = matches!(link.role, Role::Mount(_));
        let before = self.journal.last();
        let reply = match *request {
            Register::Close { session, metaid } if registered => {
                let status = self.close_session(session, metaid);
                net.send(conn, &FuseRegisterReply { reply: RegisterReply::Status(status) });
                return Verdict::Close("session closed by the client".into());
            }
            _ if registered => return Verdict::Close("registration on a registered connection".into()),
            Register::Close { .. } => return Verdict::Close("close of a session before registration".into()),
            Register::Challenge => {
                let challenge = crate::random::bytes();
                self.clients.set_challenge(conn, challenge);
                RegisterReply::Challenge(challenge)
            }
            Register::NewSession { version, info, path, tail } => {
                if path.as_bytes().last().is_some_and(|b| *b != 0) {
                    return Verdict::Close("path of the registration does not end with NUL".into());
                }
                let wish = Wish { version, info, path: path.without_nul(), tail, meta: false };
                self.new_session(net, conn, &wish).unwrap_or_else(RegisterReply::Status)
            }
            Register::NewMetaSession { version, info, tail } => {
                let wish = Wish { version, info, path: b"", tail, meta: true };
                self.new_session(net, conn, &wish).unwrap_or_else(RegisterReply::Status)
            }
            Register::Reconnect { session, version, metaid } => {
                let status = self.reconnect(net, conn, session, version, metaid);
                let known = self.fs.session(session).filter(|_| status == Status::OK);
                let taken = known.and_then(|session| self.extensions_for(session.fields().info));
                RegisterReply::Reconnect(OUR_VERSION, status, taken)
            }
            Register::Tools { session, version } => {
                RegisterReply::Status(self.register_tools(net, conn, session, version))
            }
        };
        self.answer(net, conn, before, &FuseRegisterReply { reply });
        Verdict::Keep
    }

    fn new_session(&mut self, net: &mut Net, conn: ConnId, wish: &Wish<'_>) -> Result<RegisterReply, Status> {
        if wish.version < FLOOR {
            tracing::warn!("client {conn} of version {} is older than {FLOOR}: refused", wish.version);
            return Err(Status::EACCES);
        }
        let link = *self.clients.get(conn).ok_or(Status::EACCES)?;
        let challenge = match link.role {
            Role::Guest { challenge } => challenge,
            _ => None,
        };
        let mount = Mount {
            ip: link.ip,
            version: wish.version.0,
            meta: wish.meta,
            path: wish.path,
            proof: challenge.zip(wish.tail.digest),
        };
        let export = Selection(&self.exports).select(&mount)?;
        let root = if wish.meta { Inode(0) } else { self.resolve_path(wish.path)? };
        let fields = SessionFields {
            exports_csum: checksum(&self.exports),
            root,
            ip: link.ip.into(),
            info: Bytes32::new(kept_info(wish.info.without_nul())),
            ..fields_of(export)
        };
        let known = wish.tail.rejoin.filter(|r| self.may_rejoin(r)).map(|r| r.session);
        let op = match known {
            Some(session) => Op::SesChanged { session, fields },
            None => Op::SesAdd { fields },
        };
        let outcome = self.run(&op)?;
        let session = known.unwrap_or_else(|| SessionId(outcome.get(0).unwrap_or(0) as u32));
        let caps = self.caps_of(&fields);
        self.admit(net, conn, Member { session, caps, version: wish.version });
        let info = shown_info(fields.info).as_bytes().escape_ascii();
        tracing::info!("session {session}: {} mounted at {info} on {}", wish.shown_path(), link.ip);
        Ok(if wish.meta { self.meta_reply(session, &caps) } else { self.mount_reply(session, &fields) })
    }

    fn may_rejoin(&self, rejoin: &Rejoin) -> bool {
        let same = rejoin.metaid.is_none_or(|id| id == self.fs.meta_id());
        same && rejoin.session.0 != 0 && self.fs.session(rejoin.session).is_some()
    }

    /// Follows a path from the root of everything, whoever may see it: the export line has allowed it.
    fn resolve_path(&self, path: &[u8]) -> Result<Inode, Status> {
        let mut at = ROOT;
        for part in path.split(|b| *b == b'/').filter(|p| !p.is_empty()) {
            let name = types::Name::new(part).filter(types::Name::is_file_name).ok_or(Status::EINVAL)?;
            at = self.fs.lookup(at, name.as_bytes()).ok_or(Status::ENOENT)?;
            if self.fs.get(at).is_none_or(|n| n.kind != types::NodeType::Dir) {
                return Err(Status::ENOTDIR);
            }
        }
        Ok(at)
    }

    fn reconnect(
        &mut self,
        net: &mut Net,
        conn: ConnId,
        session: SessionId,
        version: Version,
        metaid: Option<u64>,
    ) -> Status {
        match self.check_session(conn, session, metaid) {
            Ok(caps) => {
                self.admit(net, conn, Member { session, caps, version });
                Status::OK
            }
            Err(status) => status,
        }
    }

    fn register_tools(
        &mut self,
        net: &mut Net,
        conn: ConnId,
        session: SessionId,
        version: Version,
    ) -> Status {
        match self.check_session(conn, session, None) {
            Ok(caps) => {
                // Tools are stock's, whatever the mount is whose session they use.
                let caps = SessionCaps { fine_times: false, ..caps };
                self.clients.register(conn, Role::Tools(Member { session, caps, version }));
                net.set_limits(conn, |limits| limits.max_body = MEMBER_BODY);
                Status::OK
            }
            Err(status) => status,
        }
    }

    /// May this peer go on with this session? 2.6 of the spec.
    fn check_session(&self, conn: ConnId, id: SessionId, metaid: Option<u64>) -> Result<SessionCaps, Status> {
        if metaid.is_some_and(|m| m != self.fs.meta_id()) {
            return Err(Status::BADSESSIONID);
        }
        let session =
            self.fs.session(id).map(|s| s.fields()).filter(|f| f.ip != 0).ok_or(Status::BADSESSIONID)?;
        let ip = self.clients.get(conn).map_or(0, |link| link.ip.into());
        let moved = session.ip != ip && session.flags & SessionFlag::DYNAMIC_IP == 0;
        if moved || session.exports_csum != checksum(&self.exports) {
            return Err(Status::EPERM);
        }
        Ok(self.caps_of(&session))
    }

    fn admit(&mut self, net: &mut Net, conn: ConnId, member: Member) {
        self.sessions.connected(member.session);
        self.clients.register(conn, Role::Mount(member));
        net.set_limits(conn, |limits| {
            limits.nop_interval = Some(Duration::from_secs(1));
            limits.max_body = MEMBER_BODY;
        });
    }

    /// The client is done with its session; it is removed at the next check.
    fn close_session(&mut self, session: SessionId, metaid: Option<u64>) -> Status {
        if metaid.is_some_and(|m| m != self.fs.meta_id()) {
            return Status::BADSESSIONID;
        }
        if self.clients.of_session(session).len() == 1 {
            self.sessions.close(session);
        }
        Status::OK
    }

    fn mount_reply(&self, session: SessionId, fields: &SessionFields<'_>) -> RegisterReply {
        let caps = self.caps_of(fields);
        let granted = NewSession {
            version: OUR_VERSION,
            session,
            metaid: self.fs.meta_id(),
            flags: caps.flags & 0x1F,
            umask: caps.umask,
            root_uid: caps.root_ids.0,
            root_gid: caps.root_ids.1,
            mapall_uid: caps.mapall_ids.0,
            mapall_gid: caps.mapall_ids.1,
            limits: limits_of(&caps),
            disables: caps.disables,
        };
        RegisterReply::NewSession(granted, self.extensions_for(fields.info))
    }

    /// What a session may do.
    pub(crate) fn caps_of(&self, fields: &SessionFields<'_>) -> SessionCaps {
        let taken = self.extensions_for(fields.info).unwrap_or_default();
        SessionCaps { fine_times: taken.has(Extensions::FINE_TIMES), ..stock_caps_of(fields) }
    }

    /// What we take of the extensions that a session's client offered in its text; `None` when it offered nothing and
    /// must not hear of them.
    fn extensions_for(&self, info: Bytes32<'_>) -> Option<Extensions> {
        let offered = Extensions::split(info.as_bytes()).1;
        let ours = if self.config.subsecond_times { Extensions::ALL } else { Extensions::default() };
        (offered != Extensions::default()).then(|| offered.common(ours))
    }

    fn meta_reply(&self, session: SessionId, caps: &SessionCaps) -> RegisterReply {
        RegisterReply::NewMetaSession(NewMetaSession {
            version: OUR_VERSION,
            session,
            metaid: self.fs.meta_id(),
            flags: caps.flags & 0x1F,
            limits: limits_of(caps),
        })
    }
}

impl Wish<'_> {
    fn shown_path(&self) -> String {
        if self.meta { "the trash".into() } else { format!("'/{}'", self.path.escape_ascii()) }
    }
}

/// What a client says of itself, as much as a line of the changelog may hold.
fn kept_info(info: &[u8]) -> &[u8] {
    const MAX_INFO: usize = 4096;
    &info[..info.len().min(MAX_INFO)]
}

fn limits_of(caps: &SessionCaps) -> SessionLimits {
    SessionLimits {
        min_goal: caps.goals.0,
        max_goal: caps.goals.1,
        min_trash_time: caps.trash_times.0,
        max_trash_time: caps.trash_times.1,
    }
}

/// What an export line makes of a session; checksum, root, address and text are the caller's.
pub(super) fn fields_of(export: &Export) -> SessionFields<'static> {
    let o = &export.options;
    let mut flags = 0;
    let mut set = |flag, when| flags |= if when { flag } else { 0 };
    set(SessionFlag::READ_ONLY, !o.writable);
    set(SessionFlag::DYNAMIC_IP, o.dynamic_ip);
    set(SessionFlag::IGNORE_GID, o.ignore_gid);
    set(SessionFlag::ADMIN, o.admin);
    set(SessionFlag::MAP_ALL, o.mapall.is_some());
    let (mapall_uid, mapall_gid) = o.mapall.unwrap_or(crate::exports::NOBODY);
    SessionFields {
        flags,
        umask: o.umask,
        root_uid: o.root.0,
        root_gid: o.root.1,
        mapall_uid,
        mapall_gid,
        min_goal: o.goals.0,
        max_goal: o.goals.1,
        min_trash: o.trash_times.0,
        max_trash: o.trash_times.1,
        disables: o.disables,
        ..SessionFields::default()
    }
}

/// What a session's text shows to people: without the extensions its client offers.
pub(super) fn shown_info(info: Bytes32<'_>) -> Bytes32<'_> {
    Bytes32::new(Extensions::split(info.as_bytes()).0)
}

/// What a session may do, as far as stock's protocol goes.
fn stock_caps_of(fields: &SessionFields<'_>) -> SessionCaps {
    SessionCaps {
        fine_times: false,
        root: fields.root,
        flags: fields.flags,
        umask: fields.umask,
        disables: fields.disables,
        root_ids: (fields.root_uid, fields.root_gid),
        mapall_ids: (fields.mapall_uid, fields.mapall_gid),
        goals: (fields.min_goal, fields.max_goal),
        trash_times: (fields.min_trash, fields.max_trash),
    }
}
