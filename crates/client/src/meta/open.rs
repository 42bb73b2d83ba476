//! Opening and creating (`spec/wire-client-master.md` 3.6, 7.3).

use super::name;
use crate::core::decode;
use crate::error::errno;
use crate::file::moment;
use crate::handle::{Handle, Opening};
use crate::lookups::Seen;
use crate::sync::lock;
use crate::{Caller, Client, Result};
use proto::client_master::{FuseCreate, FuseCreateReply, FuseOpen, FuseOpenReply, LookupFlags};
use std::sync::{Arc, PoisonError};
use types::{Attr, ChunkIndex, Inode};

mod flag {
    pub(super) const READ: u8 = 0x01;
    pub(super) const WRITE: u8 = 0x02;
    pub(super) const AFTER_CREATE: u8 = 0x04;
    pub(super) const TRUNCATE: u8 = 0x08;
    pub(super) const CACHE_CLEARED: u8 = 0x10;
    pub(super) const KEEP_CACHE: u8 = 0x01;
    pub(super) const DIRECT: u8 = 0x02;
    pub(super) const APPEND_ONLY: u8 = 0x04;
}

/// How to open a file.
#[derive(Clone, Copy, Default, Debug)]
pub struct OpenMode {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Each write goes to the end of the file, wherever other clients have moved it.
    pub append: bool,
    /// Cut to nothing.
    pub truncate: bool,
}

/// What copies of the file's data, such as a kernel's page cache, are worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CacheHint {
    /// Nobody else has changed the file since.
    Keep,
    /// They may be old: drop them.
    Drop,
    /// Keep none.
    Direct,
}

/// An open file.
#[derive(Debug)]
pub struct Opened {
    /// For reading and writing.
    pub handle: Handle,
    /// Attributes.
    pub attr: Attr,
    /// See [`CacheHint`].
    pub cache: CacheHint,
}

impl Client {
    /// Opens a file. Right after the same caller's lookup the master is told, but not waited for.
    pub fn open(&self, caller: &Caller, inode: Inode, mode: OpenMode) -> Result<Opened> {
        if let Some(seen) = self.core.lookups.take(inode, caller).filter(|seen| grants(seen, mode)) {
            return self.open_seen(caller, inode, mode, seen);
        }
        let mut flags = access_flags(mode);
        if mode.truncate {
            flags |= flag::TRUNCATE;
            if let Some(file) = self.core.local.files.get(inode) {
                self.core.flush(&file, crate::write::Flush::All)?;
            }
            self.core.times.forget(inode, false, true);
        }
        let file = self.core.local.files.open(inode);
        let asked = moment();
        // From here on the handle's end closes the file.
        let handle = Handle::new(self.core.clone(), file.clone(), mode, caller, Opening::done());
        let cred = caller.cred();
        let body = self.core.link.call(|msgid| FuseOpen { msgid, inode, cred, flags })?;
        let (granted, attr) = decode::<FuseOpenReply>(&body)?.reply.into_result().map_err(errno)?;
        if mode.truncate {
            lock(&file.inner).cut(0);
        }
        let attr = self.show(inode, attr, (!mode.truncate).then_some(asked));
        Ok(self.opened(handle, attr, granted, mode))
    }

    /// Makes a file and opens it. Fails with `EXIST` when the name is taken.
    pub fn create(
        &self,
        caller: &Caller,
        parent: Inode,
        child: &[u8],
        (mode, umask): (u16, u16),
        how: OpenMode,
    ) -> Result<(Inode, Opened)> {
        let child = name(child)?;
        let creating = self.core.creating.read().unwrap_or_else(PoisonError::into_inner);
        let cred = caller.cred();
        let body =
            self.core.link.call(|msgid| FuseCreate { msgid, parent, name: child, mode, umask, cred })?;
        let (granted, inode, attr) = decode::<FuseCreateReply>(&body)?.reply.into_result().map_err(errno)?;
        let file = self.core.local.files.open(inode);
        drop(creating);
        let handle = Handle::new(self.core.clone(), file, how, caller, Opening::done());
        let attr = self.show(inode, attr, None);
        Ok((inode, self.opened(handle, attr, granted, how)))
    }

    fn open_seen(&self, caller: &Caller, inode: Inode, mode: OpenMode, seen: Seen) -> Result<Opened> {
        let keep = seen.flags.has(LookupFlags::KEEP_CACHE);
        let mut flags = access_flags(mode) | flag::AFTER_CREATE;
        if !keep {
            flags |= flag::CACHE_CLEARED;
        }
        let fresh = self.core.local.files.get(inode).is_none();
        let file = self.core.local.files.open(inode);
        if fresh {
            let mut inner = lock(&file.inner);
            inner.learn_length(seen.attr.length, seen.asked);
            if let Some(place) = &seen.place {
                inner.set_place(ChunkIndex(0), place.clone());
            }
        }
        let opening = Arc::new(Opening::default());
        let handle = Handle::new(self.core.clone(), file, mode, caller, opening.clone());
        let cred = caller.primary_only();
        let done = move |answer: Result<Vec<u8>>| {
            let result = answer.and_then(|body| {
                decode::<FuseOpenReply>(&body)?.reply.into_result().map(drop).map_err(errno)
            });
            opening.finish(result);
        };
        self.core.link.call_async(|msgid| FuseOpen { msgid, inode, cred, flags }, done)?;
        let mut granted = if keep { flag::KEEP_CACHE } else { 0 };
        if seen.flags.has(LookupFlags::DIRECT) {
            granted |= flag::DIRECT;
        }
        if seen.flags.has(LookupFlags::APPEND_ONLY) {
            granted |= flag::APPEND_ONLY;
        }
        let attr = self.show(inode, seen.attr, Some(seen.asked));
        Ok(self.opened(handle, attr, granted, mode))
    }

    fn opened(&self, mut handle: Handle, attr: Attr, granted: u8, mode: OpenMode) -> Opened {
        let append = mode.append || granted & flag::APPEND_ONLY != 0;
        handle.set_append(append);
        let cache = match granted {
            g if append || g & flag::DIRECT != 0 => CacheHint::Direct,
            g if g & flag::KEEP_CACHE != 0 => CacheHint::Keep,
            _ => CacheHint::Drop,
        };
        Opened { handle, attr, cache }
    }
}

fn access_flags(mode: OpenMode) -> u8 {
    let read = if mode.read { flag::READ } else { 0 };
    let write = if mode.write { flag::WRITE } else { 0 };
    read | write
}

/// True when the lookup allows the open without further question.
fn grants(seen: &Seen, mode: OpenMode) -> bool {
    let wanted = if mode.read { 4 } else { 0 } | if mode.write { 2 } else { 0 };
    let refused = LookupFlags::READ_ONLY | LookupFlags::IMMUTABLE;
    !mode.truncate && seen.flags.0 & 1 << wanted != 0 && !(mode.write && seen.flags.0 & refused != 0)
}
