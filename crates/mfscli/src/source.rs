//! Where data sets come from: the master, the chunkservers it names, and the names of hosts.

use admin::{AskError, Connection};
use proto::Packet;
use proto::info::{InfoReply, MasterInfo, SessionList, SessionListReply};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use types::{SessionId, Tag};

/// The master that answers for the cluster, and all that were asked.
#[derive(Debug)]
pub(crate) struct Source {
    master: Connection,
    /// Every address of the master's name, with what it said.
    pub(crate) masters: Vec<(Ipv4Addr, Option<MasterInfo>)>,
    resolve: bool,
    names: HashMap<Ipv4Addr, String>,
}

/// Why there is no source.
#[derive(Debug)]
pub(crate) enum NoSource {
    /// The name has no address.
    NoAddress,
    /// Nobody answers; these were asked.
    NoAnswer(Vec<(Ipv4Addr, AskError)>),
}

impl Source {
    /// Asks every master that `hosts` names; the first that answers is the source.
    pub(crate) fn find(hosts: &str, port: u16, resolve: bool) -> Result<Source, NoSource> {
        let (mut masters, mut failures, mut source) = (Vec::new(), Vec::new(), None);
        for ip in admin::addresses(hosts) {
            let mut connection = Connection::new(SocketAddrV4::new(ip, port));
            match connection.ask::<_, InfoReply>(&proto::info::Info {}) {
                Ok(reply) => {
                    masters.push((ip, Some(reply.info)));
                    source.get_or_insert(connection);
                }
                Err(error) => {
                    masters.push((ip, None));
                    failures.push((ip, error));
                }
            }
        }
        match source {
            Some(master) => Ok(Source { master, masters, resolve, names: HashMap::new() }),
            None if masters.is_empty() => Err(NoSource::NoAddress),
            None => Err(NoSource::NoAnswer(failures)),
        }
    }

    /// Asks the master.
    pub(crate) fn ask<'q, 'a, Q: Packet<'q>, A: Packet<'a>>(
        &'a mut self,
        question: &Q,
    ) -> Result<A, AskError> {
        self.master.ask(question)
    }

    /// The master that answers.
    pub(crate) fn leader(&self) -> SocketAddrV4 {
        self.master.addr()
    }

    /// What the master said of itself.
    pub(crate) fn info(&self) -> Option<MasterInfo> {
        let leader = *self.leader().ip();
        self.masters.iter().find(|(ip, _)| *ip == leader).and_then(|(_, info)| *info)
    }

    /// The name of a host, or its address.
    pub(crate) fn host(&mut self, ip: Ipv4Addr) -> String {
        let resolve = self.resolve;
        let name = || resolve.then(|| crate::reverse::name(ip)).flatten().unwrap_or_else(|| ip.to_string());
        self.names.entry(ip).or_insert_with(name).clone()
    }

    /// Address and mount point of every session.
    pub(crate) fn sessions(&mut self) -> Result<HashMap<SessionId, (Ipv4Addr, String)>, AskError> {
        let reply: SessionListReply<'_> = self.ask(&SessionList { form: Tag })?;
        let line = |s: proto::info::SessionInfo<'_>| (s.session, (s.ip, text(s.info.without_nul())));
        Ok(reply.sessions.iter().map(line).collect())
    }
}

/// Bytes that are text for most.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
