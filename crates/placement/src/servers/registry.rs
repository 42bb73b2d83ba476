//! The database of servers: who is who, and who is connected (`spec/wire-chunkserver.md` 3.5).

use super::{HeavyLoad, Maintenance, RemovalState, Server, ServerId, Space};
use crate::{Event, Instant, Now, Options, RegistryChange};
use std::net::Ipv4Addr;
use thiserror::Error;
use types::Version;

/// Connected servers at most.
const MAX_CONNECTED: usize = 10_000;

/// What a chunkserver says of itself when it connects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registration {
    /// Where clients reach it (never 0.0.0.0 here).
    pub ip: Ipv4Addr,
    /// Its data port.
    pub port: u16,
    /// The id it remembers; 0 = none.
    pub csid: u16,
    /// Its program's version.
    pub version: Version,
    /// Its space so far; disks may still be scanned.
    pub space: Space,
}

/// Why a chunkserver is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Rejected {
    /// Its address belongs to a connected server.
    #[error("a server with this address is connected already")]
    AlreadyConnected,
    /// There is no place for more.
    #[error("too many servers are connected")]
    TooMany,
}

/// A line of the server list for operators.
#[derive(Clone, Copy, Debug)]
pub struct ServerReport<'a> {
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its port.
    pub port: u16,
    /// Its id.
    pub csid: u16,
    /// Its maintenance mode.
    pub maintenance: Maintenance,
    /// Unix second when maintenance ends; 0 = never.
    pub maintenance_until: u32,
    /// What a connected one says, with its connection.
    pub connected: Option<(ServerId, &'a Server)>,
}

#[derive(Debug)]
pub(super) struct Known {
    pub(super) ip: Ipv4Addr,
    pub(super) port: u16,
    pub(super) csid: u16,
    pub(super) maintenance: Maintenance,
    pub(super) maintenance_until: u32,
    pub(super) connected: Option<ServerId>,
    pub(super) gone_since: Instant,
}

#[derive(Debug)]
enum Place {
    Free,
    Live(Box<Server>),
    /// Disconnected; copies may still name it.
    Dying,
}

/// See the module.
#[derive(Default, Debug)]
pub(crate) struct Servers {
    places: Vec<Place>,
    pub(super) known: Vec<Known>,
    live: usize,
    registering: usize,
    absent: usize,
    absent_missed: usize,
}

impl Servers {
    /// Puts a server of the metadata image into the database.
    pub(crate) fn restore(&mut self, now: Now, change: RegistryChange, maintenance: Maintenance, until: u32) {
        let csid = change.arg as u16;
        self.known.push(Known {
            ip: change.ip,
            port: change.port,
            csid,
            maintenance,
            maintenance_until: until,
            connected: None,
            gone_since: now.at,
        });
        self.recount();
    }

    pub(crate) fn register(
        &mut self,
        now: Now,
        reg: &Registration,
        out: &mut Vec<Event>,
    ) -> Result<ServerId, Rejected> {
        let n = self.identify(now, reg, out)?;
        let id = self.free_place().ok_or(Rejected::TooMany)?;
        if self.known[n].csid == 0 {
            self.known[n].csid = self.lowest_free_csid();
            out.push(self.change(3, n));
        }
        let known = &mut self.known[n];
        known.connected = Some(id);
        let server = Server {
            ip: reg.ip,
            port: reg.port,
            csid: known.csid,
            version: reg.version,
            labels: 0,
            space: reg.space,
            load: 0,
            errors: 0,
            registering: true,
            maintained: known.maintenance != Maintenance::Off,
            reported: HeavyLoad::Default,
            grace_until: Instant::default(),
            writes: 0,
            incoming: 0,
            outgoing: 0,
            deletions: 0,
            removal: RemovalState::UnknownHard,
            distance: 0,
            first: true,
            correction: 0.0,
        };
        self.places[usize::from(id.0)] = Place::Live(Box::new(server));
        self.recount();
        Ok(id)
    }

    /// Finds or makes the entry for a server that registers.
    fn identify(&mut self, now: Now, reg: &Registration, out: &mut Vec<Event>) -> Result<usize, Rejected> {
        let by_address = self.known.iter().position(|k| k.ip == reg.ip && k.port == reg.port);
        let by_csid = self.known.iter().position(|k| reg.csid != 0 && k.csid == reg.csid);
        if let Some(n) = by_address {
            return match self.known[n].connected {
                Some(_) => Err(Rejected::AlreadyConnected),
                None => Ok(n),
            };
        }
        if let Some(n) = by_csid.filter(|n| self.known[*n].connected.is_none()) {
            (self.known[n].ip, self.known[n].port) = (reg.ip, reg.port);
            out.push(self.change(2, n));
            return Ok(n);
        }
        if self.live >= MAX_CONNECTED {
            return Err(Rejected::TooMany);
        }
        let csid = if by_csid.is_none() { reg.csid } else { 0 };
        self.known.push(Known {
            ip: reg.ip,
            port: reg.port,
            csid,
            maintenance: Maintenance::Off,
            maintenance_until: 0,
            connected: None,
            gone_since: now.at,
        });
        let n = self.known.len() - 1;
        out.push(self.change(0, n));
        Ok(n)
    }

    fn change(&self, op: u8, n: usize) -> Event {
        let known = &self.known[n];
        Event::Registry(RegistryChange { op, ip: known.ip, port: known.port, arg: u32::from(known.csid) })
    }

    fn lowest_free_csid(&self) -> u16 {
        let mut used: Vec<u16> = self.known.iter().map(|k| k.csid).filter(|id| *id != 0).collect();
        used.sort_unstable();
        used.dedup();
        let gap = (1..).zip(&used).find(|(want, have)| want != *have);
        gap.map_or(used.len() as u16 + 1, |(want, _)| want)
    }

    fn free_place(&mut self) -> Option<ServerId> {
        if self.live >= MAX_CONNECTED {
            return None;
        }
        let n = match self.places.iter().position(|p| matches!(p, Place::Free)) {
            Some(n) => n,
            None => {
                self.places.push(Place::Free);
                self.places.len() - 1
            }
        };
        u16::try_from(n).ok().filter(|n| *n != u16::MAX).map(ServerId)
    }

    /// The connection ended. Copies may name the id until [`Servers::bury`].
    pub(crate) fn disconnect(&mut self, now: Now, id: ServerId) -> Option<Box<Server>> {
        let place = self.places.get_mut(usize::from(id.0)).filter(|p| matches!(p, Place::Live(_)))?;
        let Place::Live(server) = std::mem::replace(place, Place::Dying) else { return None };
        if let Some(known) = self.known.iter_mut().find(|k| k.connected == Some(id)) {
            known.connected = None;
            known.gone_since = now.at;
        }
        for other in self.iter_mut() {
            other.1.removal = RemovalState::UnknownHard;
        }
        self.recount();
        Some(server)
    }

    /// No copy names the id any more: it may be given to another connection.
    pub(crate) fn bury(&mut self, id: ServerId) {
        if let Some(place @ Place::Dying) = self.places.get_mut(usize::from(id.0)) {
            *place = Place::Free;
        }
    }

    pub(super) fn forget(&mut self, n: usize, out: &mut Vec<Event>) {
        let known = self.known.remove(n);
        out.push(Event::Registry(RegistryChange { op: 1, ip: known.ip, port: known.port, arg: 0 }));
    }

    /// Every ten minutes: drops servers that were away for too long.
    pub(crate) fn forget_unused(&mut self, now: Now, options: &Options, out: &mut Vec<Event>) {
        let limit_ms = u64::from(options.days_to_remove_unused) * 86_400_000;
        if limit_ms == 0 {
            return;
        }
        while let Some(n) =
            self.known.iter().position(|k| k.connected.is_none() && now.at.since_ms(k.gone_since) > limit_ms)
        {
            self.forget(n, out);
        }
        self.recount();
    }

    pub(super) fn recount(&mut self) {
        let absent = |k: &&Known| k.connected.is_none();
        self.absent = self.known.iter().filter(absent).count();
        self.absent_missed =
            self.known.iter().filter(absent).filter(|k| k.maintenance == Maintenance::Off).count();
        self.live = self.known.len() - self.absent;
        self.registering = self.iter().filter(|(_, s)| s.registering).count();
    }

    /// The server's list is complete. True when it was the last that registered.
    pub(crate) fn registered(&mut self, id: ServerId) -> bool {
        let Some(server) = self.get_mut(id) else { return false };
        let was = std::mem::replace(&mut server.registering, false);
        self.recount();
        was && self.registering == 0
    }

    pub(crate) fn get(&self, id: ServerId) -> Option<&Server> {
        match self.places.get(usize::from(id.0)) {
            Some(Place::Live(server)) => Some(server),
            _ => None,
        }
    }

    pub(crate) fn get_mut(&mut self, id: ServerId) -> Option<&mut Server> {
        match self.places.get_mut(usize::from(id.0)) {
            Some(Place::Live(server)) => Some(server),
            _ => None,
        }
    }

    /// Connected servers in order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ServerId, &Server)> {
        (0..).zip(&self.places).filter_map(|(n, place)| match place {
            Place::Live(server) => Some((ServerId(n), &**server)),
            _ => None,
        })
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (ServerId, &mut Server)> {
        (0..).zip(&mut self.places).filter_map(|(n, place)| match place {
            Place::Live(server) => Some((ServerId(n), &mut **server)),
            _ => None,
        })
    }

    /// All of the database.
    pub(crate) fn report(&self) -> impl Iterator<Item = ServerReport<'_>> {
        self.known.iter().map(|k| ServerReport {
            ip: k.ip,
            port: k.port,
            csid: k.csid,
            maintenance: k.maintenance,
            maintenance_until: k.maintenance_until,
            connected: k.connected.and_then(|id| Some((id, self.get(id)?))),
        })
    }

    /// Every known server is connected.
    pub(crate) fn all_present(&self) -> bool {
        self.absent == 0
    }

    /// Some servers are absent, and none of them is missed.
    pub(crate) fn only_maintained_absent(&self) -> bool {
        self.absent > 0 && self.absent_missed == 0
    }

    pub(crate) fn registering(&self) -> bool {
        self.registering > 0
    }

    pub(crate) fn valid_count(&self) -> usize {
        self.iter().filter(|(_, s)| s.is_valid()).count()
    }
}
