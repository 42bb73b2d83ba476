//! Connections of chunkservers.

use crate::config::Config;
use net::reactor::ConnId;
use placement::ServerId;
use std::collections::HashMap;
use std::net::Ipv4Addr;

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It has not said who it is. With an AUTH_CODE it was asked to prove that it belongs here.
    Guest {
        /// The random bytes it was given.
        challenge: Option<[u8; 32]>,
    },
    /// It lists its chunks.
    Listing(ServerId),
    /// All of them are known.
    Registered(ServerId),
}

/// One connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// The peer's address.
    pub(crate) ip: Ipv4Addr,
    /// How far it has come.
    pub(crate) state: State,
}

/// All of them.
#[derive(Default)]
pub(crate) struct CsLinks {
    links: HashMap<ConnId, Link>,
    by_server: HashMap<ServerId, ConnId>,
    /// What a chunkserver must know, if anything.
    pub(crate) auth_code: Option<String>,
}

impl CsLinks {
    pub(crate) fn new(config: &Config) -> Self {
        CsLinks { auth_code: config.auth_code.clone(), ..CsLinks::default() }
    }

    pub(crate) fn add(&mut self, conn: ConnId, ip: Ipv4Addr) {
        self.links.insert(conn, Link { ip, state: State::Guest { challenge: None } });
    }

    pub(crate) fn has(&self, conn: ConnId) -> bool {
        self.links.contains_key(&conn)
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<Link> {
        self.links.get(&conn).copied()
    }

    pub(crate) fn set(&mut self, conn: ConnId, state: State) {
        if let Some(link) = self.links.get_mut(&conn) {
            link.state = state;
            if let State::Listing(server) = state {
                self.by_server.insert(server, conn);
            }
        }
    }

    /// Forgets a connection; the server it was, if it had become one.
    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<ServerId> {
        match self.links.remove(&conn)?.state {
            State::Guest { .. } => None,
            State::Listing(server) | State::Registered(server) => {
                self.by_server.remove(&server);
                Some(server)
            }
        }
    }

    /// The connection of a server.
    pub(crate) fn conn_of(&self, server: ServerId) -> Option<ConnId> {
        self.by_server.get(&server).copied()
    }
}
