//! Extended attributes.

use super::Fs;
use super::acl::{acl_kind, acl_to_xattr, xattr_to_acl};
use crate::fuse::{Op, Reply, Request};
use client::Acl;
use rustix::io::Errno;

const CREATE: u32 = 1;
const REPLACE: u32 = 2;

impl Fs {
    pub(super) fn xattr(&self, request: &Request<'_>, op: &Op<'_>, reply: Reply) {
        if self.cache.no_xattrs {
            // The kernel does not ask again.
            return reply.error(Errno::NOSYS);
        }
        match *op {
            Op::GetXattr { name, size } => answer(self.get(request, name), size, reply),
            Op::ListXattr { size } => {
                let names = if self.no_xattr.has_none(request.node) {
                    Ok(Vec::new())
                } else {
                    self.client.listxattr(&self.caller(request), request.node)
                };
                answer(names, size, reply);
            }
            Op::SetXattr { name, value, flags } => reply.empty(self.set(request, name, value, flags)),
            Op::RemoveXattr { name } => reply.empty(self.remove(request, name)),
            _ => reply.error(Errno::NOSYS),
        }
    }

    fn get(&self, request: &Request<'_>, name: &[u8]) -> Result<Vec<u8>, Errno> {
        if self.no_xattr.has_none(request.node) {
            return Err(Errno::NODATA);
        }
        match acl_kind(name) {
            Some(kind) => self.client.getfacl(request.node, kind).map(|acl| acl_to_xattr(&acl)),
            None => self.client.getxattr(&self.caller(request), request.node, name),
        }
    }

    fn set(&self, request: &Request<'_>, name: &[u8], value: &[u8], flags: u32) -> Result<(), Errno> {
        self.no_xattr.forget(request.node);
        let caller = self.caller(request);
        match acl_kind(name) {
            Some(kind) => self.client.setfacl(&caller, request.node, kind, &xattr_to_acl(value)?),
            None => {
                let mode = (flags & CREATE != 0, flags & REPLACE != 0);
                self.client.setxattr(&caller, request.node, name, value, mode)
            }
        }
    }

    fn remove(&self, request: &Request<'_>, name: &[u8]) -> Result<(), Errno> {
        let caller = self.caller(request);
        match acl_kind(name) {
            Some(kind) => self.client.setfacl(&caller, request.node, kind, &Acl::default()),
            None => self.client.removexattr(&caller, request.node, name),
        }
    }
}

/// `size` 0 asks for the length only.
fn answer(value: Result<Vec<u8>, Errno>, size: u32, reply: Reply) {
    match value {
        Ok(value) if size == 0 => reply.xattr_size(value.len()),
        Ok(value) if value.len() > size as usize => reply.error(Errno::RANGE),
        Ok(value) => reply.bytes(&value),
        Err(error) => reply.error(error),
    }
}
