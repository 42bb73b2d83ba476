//! New connections, and what to do when there can be no more.

use super::conn::{Conn, ConnId};
use super::core::{LISTENER_BASE, ListenerId, Reactor};
use super::handler::Handler;
use super::input::Input;
use super::outbox::Outbox;
use rustix::event::epoll;
use rustix::io::Errno;

/// Connections taken from one listener in one turn.
const ACCEPTS_PER_TURN: usize = 64;
/// The most connections at once; more are refused at once.
const MAX_CONNS: usize = 60_000;

impl Reactor {
    pub(super) fn accept(&mut self, handler: &mut impl Handler, which: usize) {
        for _ in 0..ACCEPTS_PER_TURN {
            let (listener, limits) = &self.listeners[which];
            let (stream, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) => {
                    let full = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
                    if full.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error())) {
                        self.pause(which);
                    }
                    return;
                }
            };
            if self.net.conns.len() - self.net.free.len() >= MAX_CONNS
                || stream.set_nonblocking(true).is_err()
                || stream.set_nodelay(true).is_err()
            {
                continue;
            }
            let net = &mut self.net;
            let slot = net.free.pop().unwrap_or_else(|| {
                net.conns.push(None);
                u32::try_from(net.conns.len() - 1).expect("MAX_CONNS fits")
            });
            let data = epoll::EventData::new_u64(slot.into());
            if epoll::add(&net.epoll, &stream, data, epoll::EventFlags::IN).is_err() {
                net.free.push(slot);
                continue;
            }
            let id = ConnId { slot, serial: net.next_serial };
            net.next_serial += 1;
            net.conns[slot as usize] = Some(Conn {
                serial: id.serial,
                listener: ListenerId(which),
                stream,
                peer,
                limits: *limits,
                input: Input::default(),
                outbox: Outbox::default(),
                counted_input: 0,
                last_read: net.now,
                frame_since: None,
                last_write: net.now,
                closing: None,
                watching: (true, false),
                dirty: false,
                backlog: false,
            });
            handler.accepted(net, id, ListenerId(which), peer);
        }
    }

    /// Without a descriptor for it a connection stays in the kernel's queue, and its listener would be ready for ever.
    fn pause(&mut self, which: usize) {
        if !self.paused.contains(&which) {
            tracing::warn!("no file descriptor is left for new connections; they wait");
            self.paused.push(which);
            self.watch_listener(which, epoll::EventFlags::empty());
        }
    }

    /// Looks again whether there is room.
    pub(super) fn resume_listeners(&mut self) {
        for which in std::mem::take(&mut self.paused) {
            self.watch_listener(which, epoll::EventFlags::IN);
        }
    }

    fn watch_listener(&self, which: usize, flags: epoll::EventFlags) {
        let data = epoll::EventData::new_u64(LISTENER_BASE + which as u64);
        // Cannot fail: both descriptors are open and the listener was added before.
        let _ = epoll::modify(&self.net.epoll, &self.listeners[which].0, data, flags);
    }
}
