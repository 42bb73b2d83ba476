//! The choice for a new chunk (`spec/chunk-placement.md` 2.5, 2.6).

use super::matching::{Candidate, matching};
use crate::meta::has_labels;
use crate::{ClassView, Cluster, HeavyLoad, Mode, Now, Server, ServerId, UniqueMode};
use std::net::Ipv4Addr;
use types::Status;

/// Why there is no server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum NoServer {
    /// They are busy: later.
    Wait,
    /// There is none.
    None,
}

impl Cluster {
    /// Servers for the copies of a new chunk, as many as can be had up to the class's number.
    ///
    /// # Errors
    /// EAGAIN when servers may come, NOSPACE when those there are full, NOCHUNKSERVERS when there is none.
    pub(crate) fn choose_new(
        &mut self,
        now: Now,
        class: &ClassView<'_>,
        client: Ipv4Addr,
    ) -> Result<Vec<ServerId>, Status> {
        match self.candidates(now, class, client) {
            Ok(mut chosen) => {
                chosen.truncate(class.create.len());
                self.count_creation(&chosen);
                Ok(chosen)
            }
            Err(NoServer::Wait) => Err(Status::EAGAIN),
            Err(NoServer::None) if !self.is_complete(now) => Err(Status::EAGAIN),
            Err(NoServer::None) if self.servers.valid_count() > 0 && self.is_stable(now) => {
                Err(Status::NOSPACE)
            }
            Err(NoServer::None) => Err(Status::NOCHUNKSERVERS),
        }
    }

    fn candidates(
        &self,
        now: Now,
        class: &ClassView<'_>,
        client: Ipv4Addr,
    ) -> Result<Vec<ServerId>, NoServer> {
        let (mut list, overloaded) = self.creation_list(now);
        let wanted = class.create.len();
        if list.is_empty() {
            return Err(if overloaded > 0 { NoServer::Wait } else { NoServer::None });
        }
        if list.len() < wanted && list.len() + overloaded >= wanted {
            return Err(NoServer::Wait);
        }
        let limit = self.options.creations_respect_topology;
        if limit > 0 {
            let far = |id: &ServerId| {
                self.servers.get(*id).is_none_or(|s| self.topology.distance(client, s.ip) >= limit)
            };
            list.sort_by_key(far);
        }
        // Unlike stock's, our copies of a class without labels keep to the unique mode too.
        if has_labels(class.create) || self.options.unique_mode != UniqueMode::Server {
            list = self.labelled(class, list, overloaded)?;
        }
        Ok(list)
    }

    /// Servers with room by weight, and how many are only too busy.
    fn creation_list(&self, now: Now) -> (Vec<ServerId>, usize) {
        let (mut standard, mut grace, mut overloaded) = (Vec::new(), Vec::new(), 0);
        for (id, server) in self.servers.iter().filter(|(_, s)| s.is_valid() && s.has_room()) {
            match server.heavy_load(now.at) {
                HeavyLoad::Overloaded => overloaded += 1,
                HeavyLoad::Default | HeavyLoad::Ok if !server.maintained => standard.push(id),
                _ => grace.push(id),
            }
        }
        self.sort_by_weight(&mut standard);
        if grace.len() * 5 > grace.len() + standard.len() {
            self.sort_by_weight(&mut grace);
            standard.append(&mut grace);
        }
        (standard, overloaded)
    }

    /// Servers that match come first, in the order of the terms.
    fn labelled(
        &self,
        class: &ClassView<'_>,
        mut list: Vec<ServerId>,
        overloaded: usize,
    ) -> Result<Vec<ServerId>, NoServer> {
        let wanted = class.create.len();
        list.reverse();
        let candidates: Vec<Candidate> =
            list.iter().filter_map(|id| self.servers.get(*id)).map(|s| self.candidate(s)).collect();
        let mut matched = matching(class.create, &candidates);
        let good = matched.iter().flatten().count();
        if class.mode != Mode::Loose && good < wanted && good + overloaded >= wanted {
            return Err(NoServer::Wait);
        }
        if class.mode == Mode::Strict {
            let chosen: Vec<ServerId> = matched.into_iter().flatten().map(|n| list[n]).collect();
            return if chosen.is_empty() { Err(NoServer::None) } else { Ok(chosen) };
        }
        for term in 0..matched.len() {
            if matched[term].is_none() {
                let free = |n: &usize| !matched.contains(&Some(*n));
                matched[term] = (0..list.len()).rev().find(free);
            }
        }
        let mut front: Vec<ServerId> = matched.iter().flatten().map(|n| list[*n]).collect();
        let rest: Vec<ServerId> = list.iter().rev().filter(|id| !front.contains(id)).copied().collect();
        front.extend(rest);
        Ok(front)
    }

    /// The server for a matching.
    pub(crate) fn candidate(&self, server: &Server) -> Candidate {
        let alone = u64::from(u32::from(server.ip)) << 16 | u64::from(server.port);
        let group = match self.options.unique_mode {
            UniqueMode::Server => alone,
            UniqueMode::Ip => u64::from(u32::from(server.ip)),
            UniqueMode::Rack => match self.topology.rack(server.ip) {
                0 => alone,
                rack => u64::from(rack) | 1 << 63,
            },
        };
        Candidate { labels: server.labels, group }
    }
}
