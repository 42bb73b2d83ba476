//! Requests on their way.

use crate::Result;
use crate::sync::{lock, wait};
use proto::Extensions;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use types::{MsgId, Wire};

/// A request that has no answer yet.
pub(super) struct Pending {
    /// The whole frame to be sent again after a reconnect.
    pub(super) frame: Arc<[u8]>,
    /// The frame for a master that does not know the extension which the other is of.
    pub(super) plain: Option<Arc<[u8]>>,
    /// The id the answer must have; `None` takes any, and delivers it in the place of the message id.
    pub(super) answer: Option<u32>,
    pub(super) to: Deliver,
}

impl Pending {
    /// What to send to a master that understands these.
    pub(super) fn frame_for(&self, extensions: Extensions) -> Arc<[u8]> {
        match &self.plain {
            Some(plain) if !extensions.has(Extensions::FINE_TIMES) => plain.clone(),
            _ => self.frame.clone(),
        }
    }

    pub(super) fn waiter(&self) -> Option<Arc<Waiter>> {
        match &self.to {
            Deliver::Waiter(waiter) => Some(waiter.clone()),
            Deliver::Callback(_) => None,
        }
    }
}

/// Who gets the answer.
pub(super) enum Deliver {
    /// A thread that waits, and may be asked to read the socket while it does.
    Waiter(Arc<Waiter>),
    /// A function, run by the leader.
    Callback(Box<dyn FnOnce(Result<Vec<u8>>) + Send>),
}

impl Deliver {
    pub(super) fn deliver(self, result: Result<Vec<u8>>) {
        match self {
            Deliver::Waiter(waiter) => {
                let mut slot = lock(&waiter.slot);
                slot.result = Some(result);
                waiter.wake(slot);
            }
            Deliver::Callback(done) => done(result),
        }
    }
}

/// Where a waiting thread sleeps.
#[derive(Default)]
pub(super) struct Waiter {
    pub(super) slot: Mutex<Slot>,
    cond: Condvar,
}

#[derive(Default)]
pub(super) struct Slot {
    pub(super) result: Option<Result<Vec<u8>>>,
    /// It shall read the socket now.
    pub(super) promoted: bool,
    /// It needs to be woken; who leads does not, and a wake-up is a system call.
    asleep: bool,
}

impl Waiter {
    pub(super) fn promote(&self) {
        let mut slot = lock(&self.slot);
        slot.promoted = true;
        self.wake(slot);
    }

    /// Sleeps until there is a result or the lead.
    pub(super) fn sleep(&self) -> MutexGuard<'_, Slot> {
        let mut slot = lock(&self.slot);
        while slot.result.is_none() && !slot.promoted {
            slot.asleep = true;
            slot = wait(&self.cond, slot);
        }
        slot.asleep = false;
        slot
    }

    fn wake(&self, slot: MutexGuard<'_, Slot>) {
        let asleep = slot.asleep;
        drop(slot);
        if asleep {
            self.cond.notify_one();
        }
    }
}

/// A request as a tool made it.
pub(super) struct RawPacket<'a> {
    pub(super) id: u32,
    /// Behind the message id.
    pub(super) body: &'a [u8],
}

impl RawPacket<'_> {
    pub(super) fn frame(&self, msgid: MsgId) -> Vec<u8> {
        let mut frame = Vec::with_capacity(self.body.len() + 12);
        self.id.encode(&mut frame);
        u32::try_from(self.body.len() + 4).expect("the proxy bounds it").encode(&mut frame);
        msgid.encode(&mut frame);
        frame.extend_from_slice(self.body);
        frame
    }
}
