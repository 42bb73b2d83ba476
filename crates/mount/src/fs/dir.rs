//! Directories: read whole at the first request of a handle, and again after each rewind.

use super::attr::{file_attr, type_bits};
use super::{Fs, locked};
use crate::fuse::{DirReply, Reply, Request};
use rustix::io::Errno;
use std::sync::{Arc, Mutex};

const READ: u8 = 4;

impl Fs {
    pub(super) fn opendir(&self, request: &Request<'_>, reply: Reply) {
        if let Err(error) = self.client.access(&self.caller(request), request.node, READ) {
            return reply.error(error);
        }
        let fh = self.new_fh();
        locked(&self.dirs).insert(fh, Arc::new(Mutex::new(None)));
        reply.opened(fh, 0);
    }

    pub(super) fn readdir(
        &self,
        request: &Request<'_>,
        (fh, offset): (u64, u64),
        size: u32,
        plus: bool,
        reply: Reply,
    ) {
        let Some(dir) = locked(&self.dirs).get(&fh).cloned() else { return reply.error(Errno::BADF) };
        let mut dir = locked(&dir);
        if offset == 0 || dir.is_none() {
            let (caller, epoch) = (self.caller(request), self.listed.epoch());
            match self.client.readdir(&caller, request.node, true) {
                Ok(read) => {
                    let read = Arc::new(read);
                    self.listed.remember(request.node, &caller, &read, epoch);
                    *dir = Some(read);
                }
                Err(error) => return reply.error(error),
            }
        }
        let mut out = DirReply::new(size);
        let entries = dir.as_ref().map_or(&[][..], |dir| &dir.entries[..]);
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        for (i, entry) in entries.iter().enumerate().skip(skip) {
            let attr = entry.attr.as_ref().map(|attr| (file_attr(entry.inode, attr), self.ttl(attr)));
            let kind = type_bits(entry.kind) >> 12;
            if !out.add((entry.inode, kind), i as u64 + 1, &entry.name, plus.then_some(attr)) {
                break;
            }
        }
        out.send(reply);
    }
}
