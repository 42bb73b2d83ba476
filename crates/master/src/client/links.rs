//! The connections of clients: which are registered, as what, for which session.

use crate::exports::Challenge;
use metadata::plan::SessionCaps;
use net::reactor::ConnId;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use types::{SessionId, Version};

/// What a connection has become.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    /// Not registered: it may register, or ask what anybody may ask.
    Guest {
        /// The random bytes it was given.
        challenge: Option<Challenge>,
    },
    /// A mount.
    Mount(Member),
    /// A tool that registered for a mount's session; only tools' commands.
    Tools(Member),
}

/// A registered connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    /// Its session.
    pub(crate) session: SessionId,
    /// What the session may do.
    pub(crate) caps: SessionCaps,
    /// The client's version.
    pub(crate) version: Version,
}

/// One connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// The peer's address.
    pub(crate) ip: Ipv4Addr,
    /// What it has become.
    pub(crate) role: Role,
}

/// All connections of the client port.
#[derive(Default)]
pub(crate) struct ClientLinks {
    links: HashMap<ConnId, Link>,
    of_session: HashMap<SessionId, Vec<ConnId>>,
}

impl ClientLinks {
    /// A peer connected.
    pub(crate) fn add(&mut self, conn: ConnId, ip: Ipv4Addr) {
        self.links.insert(conn, Link { ip, role: Role::Guest { challenge: None } });
    }

    /// The connection, if it is a client's.
    pub(crate) fn get(&self, conn: ConnId) -> Option<&Link> {
        self.links.get(&conn)
    }

    /// A guest was given random bytes.
    pub(crate) fn set_challenge(&mut self, conn: ConnId, challenge: Challenge) {
        if let Some(link) = self.links.get_mut(&conn) {
            link.role = Role::Guest { challenge: Some(challenge) };
        }
    }

    /// A guest registered.
    pub(crate) fn register(&mut self, conn: ConnId, role: Role) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.role = role;
        if let Role::Mount(member) = role {
            self.of_session.entry(member.session).or_default().push(conn);
        }
    }

    /// A peer is gone. Returns the session that has lost its last connection by that.
    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<SessionId> {
        let Role::Mount(member) = self.links.remove(&conn)?.role else { return None };
        let conns = self.of_session.get_mut(&member.session)?;
        conns.retain(|c| *c != conn);
        if !conns.is_empty() {
            return None;
        }
        self.of_session.remove(&member.session);
        Some(member.session)
    }

    /// Mounts' connections of a session.
    pub(crate) fn of_session(&self, session: SessionId) -> &[ConnId] {
        self.of_session.get(&session).map_or(&[], Vec::as_slice)
    }

    /// Who a mount's connection is.
    pub(crate) fn member(&self, conn: ConnId) -> Option<&Member> {
        match &self.links.get(&conn)?.role {
            Role::Mount(member) => Some(member),
            _ => None,
        }
    }

    /// All registered mounts.
    pub(crate) fn mounts(&self) -> impl Iterator<Item = (ConnId, &Member)> {
        self.links.iter().filter_map(|(conn, link)| match &link.role {
            Role::Mount(member) => Some((*conn, member)),
            _ => None,
        })
    }
}
