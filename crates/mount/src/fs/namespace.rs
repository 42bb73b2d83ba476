//! Names.

use super::Fs;
use super::attr::file_attr;
use super::file::open_mode;
use super::special::is_reserved;
use crate::fuse::{Op, Reply, Request};
use client::{Found, NewNode};
use rustix::io::Errno;
use types::{Inode, NodeType};

impl Fs {
    pub(super) fn lookup(
        &self,
        request: &Request<'_>,
        name: &[u8],
        reply: Reply,
    ) -> Result<(), (Errno, Reply)> {
        let caller = self.caller(request);
        let mut reply = reply;
        if is_reserved(request.node, name) {
            match self.special_lookup(request.node, name, reply) {
                Some(unanswered) => reply = unanswered,
                None => return Ok(()),
            }
        }
        if let Some(found) = self.listed.find(request.node, &caller, name) {
            self.entry(&found, reply);
            return Ok(());
        }
        match self.client.lookup(&caller, request.node, name) {
            Ok(Ok(found)) => self.entry(&found, reply),
            Ok(Err(cacheable)) => match self.special_lookup(request.node, name, reply) {
                None => {}
                Some(reply) if cacheable && !self.cache.negative.is_zero() => {
                    reply.negative(self.cache.negative)
                }
                Some(reply) => return Err((Errno::NOENT, reply)),
            },
            Err(error) => return Err((error, reply)),
        }
        Ok(())
    }

    pub(super) fn readlink(&self, node: Inode, reply: Reply) -> Result<(), (Errno, Reply)> {
        match self.client.readlink(node) {
            Ok(target) => reply.bytes(&target),
            Err(error) => return Err((error, reply)),
        }
        Ok(())
    }

    /// The operations that change names; an error comes back with the duty to report it.
    pub(super) fn namespace(
        &self,
        request: &Request<'_>,
        op: &Op<'_>,
        reply: Reply,
    ) -> Result<(), (Errno, Reply)> {
        let (client, node) = (&self.client, request.node);
        if touches_reserved(node, op) {
            return Err((Errno::ACCESS, reply));
        }
        let caller = || self.caller(request);
        let result = match *op {
            Op::Symlink { name, target } => client.symlink(&caller(), node, name, target),
            Op::MkNod { name, mode, umask, rdev } => match node_type(mode) {
                Some(kind) => {
                    let new = NewNode { kind, mode: (mode & 0o7777) as u16, umask: umask as u16, rdev };
                    client.mknod(&caller(), node, name, new)
                }
                None => Err(Errno::PERM),
            },
            Op::MkDir { name, mode, umask } => {
                client.mkdir(&caller(), node, name, (mode & 0o7777) as u16, umask as u16)
            }
            Op::Link { node: existing, name } => client.link(&caller(), existing, node, name),
            Op::Create { name, flags, mode, umask } => {
                return self.create(request, name, flags, (mode, umask), reply);
            }
            Op::Open { flags } => {
                self.open(request, flags, reply);
                return Ok(());
            }
            _ => return self.removal(request, op, reply),
        };
        match result {
            Ok(found) => {
                self.entry(&found, reply);
                Ok(())
            }
            Err(error) => Err((error, reply)),
        }
    }

    fn removal(&self, request: &Request<'_>, op: &Op<'_>, reply: Reply) -> Result<(), (Errno, Reply)> {
        let (caller, node) = (self.caller(request), request.node);
        let result = match *op {
            Op::Unlink { name } => self.client.unlink(&caller, node, name).map(drop),
            Op::RmDir { name } => self.client.rmdir(&caller, node, name).map(drop),
            // A 3.0.117 master cannot exchange names, nor refuse to replace one.
            Op::Rename { flags, .. } if flags != 0 => Err(Errno::INVAL),
            Op::Rename { name, newdir, newname, .. } => {
                self.client.rename(&caller, (node, name), (newdir, newname))
            }
            _ => Err(Errno::NOSYS),
        };
        match result {
            Ok(()) => {
                reply.ok();
                Ok(())
            }
            Err(error) => Err((error, reply)),
        }
    }

    fn create(
        &self,
        request: &Request<'_>,
        name: &[u8],
        flags: u32,
        (mode, umask): (u32, u32),
        reply: Reply,
    ) -> Result<(), (Errno, Reply)> {
        let modes = ((mode & 0o7777) as u16, umask as u16);
        match self.client.create(&self.caller(request), request.node, name, modes, open_mode(flags)) {
            Ok((inode, opened)) => {
                let attr = opened.attr;
                let found = Found { inode, attr };
                self.no_xattr.saw(inode, &attr);
                let (fh, open_flags) = self.register(opened);
                reply.created(&file_attr(found.inode, &attr), self.ttl(&attr), fh, open_flags);
                Ok(())
            }
            Err(error) => Err((error, reply)),
        }
    }
}

/// True for operations that would make, move or remove a special file.
fn touches_reserved(node: Inode, op: &Op<'_>) -> bool {
    match *op {
        Op::Symlink { name, .. }
        | Op::MkNod { name, .. }
        | Op::MkDir { name, .. }
        | Op::Unlink { name }
        | Op::RmDir { name }
        | Op::Create { name, .. }
        | Op::Link { name, .. } => is_reserved(node, name),
        Op::Rename { name, newdir, newname, .. } => is_reserved(node, name) || is_reserved(newdir, newname),
        _ => false,
    }
}

fn node_type(mode: u32) -> Option<NodeType> {
    Some(match mode & 0o170_000 {
        0 | 0o100_000 => NodeType::File,
        0o010_000 => NodeType::Fifo,
        0o060_000 => NodeType::BlockDev,
        0o020_000 => NodeType::CharDev,
        0o140_000 => NodeType::Socket,
        _ => return None,
    })
}
