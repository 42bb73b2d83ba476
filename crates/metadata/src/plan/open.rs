//! OPEN (`spec/wire-client-master.md` 3.6.1).

use super::access::{R, W, need};
use super::caller::{Caller, Disable, SessionFlag};
use super::resolve::resolve;
use crate::{Fs, NodeView};
use types::{Inode, NodeType, Status};

/// What OPEN asks for.
#[derive(Clone, Copy, Debug)]
pub struct OpenRequest {
    /// The file, as the session names it.
    pub inode: Inode,
    /// See the constants.
    pub flags: u8,
}

impl OpenRequest {
    /// For reading.
    pub const READ: u8 = 0x01;
    /// For writing.
    pub const WRITE: u8 = 0x02;
    /// The permission was checked already: neither it nor the truncation is done again.
    pub const AFTER_CREATE: u8 = 0x04;
    /// Cut to nothing.
    pub const TRUNCATE: u8 = 0x08;
    /// The client has dropped its cache.
    pub const CACHE_CLEARED: u8 = 0x10;

    /// True when any of the bits is set.
    pub fn has(self, bits: u8) -> bool {
        self.flags & bits != 0
    }

    /// True when the file is to be cut.
    pub fn truncates(self) -> bool {
        self.has(Self::TRUNCATE) && !self.has(Self::AFTER_CREATE)
    }
}

/// Checks the request; answers with the file.
pub fn check_open(fs: &Fs, caller: &Caller<'_>, request: OpenRequest) -> Result<NodeView, Status> {
    type O = OpenRequest;
    if request.has(O::TRUNCATE) && caller.caps.disabled(Disable::Truncate) {
        return Err(Status::EPERM);
    }
    let changes = request.has(O::WRITE) || request.truncates();
    if changes && caller.caps.has(SessionFlag::READ_ONLY) {
        return Err(Status::EROFS);
    }
    let node = resolve(fs, caller.caps, request.inode)?;
    if !matches!(node.kind, NodeType::File | NodeType::Trash | NodeType::Sustained) {
        return Err(Status::EPERM);
    }
    let frozen = node.eattr & NodeView::IMMUTABLE != 0 && request.has(O::WRITE | O::TRUNCATE);
    if frozen || node.eattr & NodeView::APPENDONLY != 0 && request.has(O::TRUNCATE) {
        return Err(Status::EPERM);
    }
    if !request.has(O::AFTER_CREATE) {
        let mut mode = 0;
        mode |= if request.has(O::READ) { R } else { 0 };
        mode |= if request.has(O::WRITE | O::TRUNCATE) { W } else { 0 };
        need(fs, &node, caller, mode)?;
    }
    Ok(node)
}
