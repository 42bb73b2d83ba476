//! Maintenance mode, and what operators order (`spec/chunk-placement.md` 2.9).

use super::registry::{Known, Servers};
use crate::{Event, Instant, Now, Options, RegistryChange};
use std::net::Ipv4Addr;
use types::Status;

/// Whether an absent server is missed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Maintenance {
    /// Yes.
    Off = 0,
    /// No: an operator said so.
    On = 1,
    /// No: it announced that it stops for a while.
    Temporary = 2,
}

/// Operator commands of packet 524.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// Forget a disconnected server.
    Remove,
    /// End its heavy-load grace.
    BackToWork,
    /// Maintenance on.
    MaintenanceOn,
    /// Maintenance off.
    MaintenanceOff,
    /// Maintenance on for a short stop.
    MaintenanceTemporary,
}

fn deadline(now: Now, seconds: u32) -> u32 {
    if seconds == 0 { 0 } else { now.unix.saturating_add(seconds) }
}

impl Servers {
    pub(crate) fn command(
        &mut self,
        now: Now,
        (ip, port): (Ipv4Addr, u16),
        command: Command,
        options: &Options,
        out: &mut Vec<Event>,
    ) -> Status {
        let Some(n) = self.known.iter().position(|k| k.ip == ip && k.port == port) else {
            return Status::NOTFOUND;
        };
        match command {
            Command::Remove if self.known[n].connected.is_some() => return Status::ACTIVE,
            Command::Remove => self.forget(n, out),
            Command::BackToWork => {
                if let Some(server) = self.known[n].connected.and_then(|id| self.get_mut(id)) {
                    server.grace_until = Instant::default();
                }
            }
            Command::MaintenanceOn => {
                self.set_maintenance(n, Maintenance::On, deadline(now, options.maintenance_timeout_s), out);
            }
            Command::MaintenanceTemporary => {
                let until = deadline(now, options.temp_maintenance_timeout_s);
                self.set_maintenance(n, Maintenance::Temporary, until, out);
            }
            Command::MaintenanceOff => self.set_maintenance(n, Maintenance::Off, 0, out),
        }
        self.recount();
        Status::OK
    }

    /// The server said that it stops for a while.
    pub(crate) fn announced_stop(
        &mut self,
        now: Now,
        id: super::ServerId,
        options: &Options,
        out: &mut Vec<Event>,
    ) {
        let Some(n) = self.known.iter().position(|k| k.connected == Some(id)) else { return };
        if self.known[n].maintenance == Maintenance::Off {
            let until = deadline(now, options.temp_maintenance_timeout_s);
            self.set_maintenance(n, Maintenance::Temporary, until, out);
        }
    }

    pub(super) fn set_maintenance(&mut self, n: usize, to: Maintenance, until: u32, out: &mut Vec<Event>) {
        let known = &mut self.known[n];
        if known.maintenance == Maintenance::Off && to == Maintenance::Off {
            return;
        }
        (known.maintenance, known.maintenance_until) = (to, until);
        let (ip, port, connected) = (known.ip, known.port, known.connected);
        let op = match to {
            Maintenance::On => 4,
            Maintenance::Off => 5,
            Maintenance::Temporary => 6,
        };
        out.push(Event::Registry(RegistryChange { op, ip, port, arg: until }));
        if let Some(server) = connected.and_then(|id| self.get_mut(id)) {
            server.maintained = to != Maintenance::Off;
        }
    }

    /// Once a second: ends what has ended.
    pub(crate) fn check_maintenance(&mut self, now: Now, out: &mut Vec<Event>) {
        for n in 0..self.known.len() {
            let Known { maintenance, maintenance_until: until, ref connected, .. } = self.known[n];
            let over = until != 0 && until < now.unix;
            let back = maintenance == Maintenance::Temporary && connected.is_some();
            if maintenance != Maintenance::Off && (over || back) {
                self.set_maintenance(n, Maintenance::Off, 0, out);
            }
        }
        self.recount();
    }
}
