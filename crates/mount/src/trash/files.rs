//! Open files: what is read is the path a file had, what is written its new one.

use super::nodes::Node;
use super::{Trash, locked};
use crate::fuse::{Reply, open_flags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::Mutex;
use types::{Inode, MAX_TRASH_PATH};

/// A file that is open.
struct Open {
    inode: Inode,
    content: Vec<u8>,
    /// Something was written that the master does not know yet.
    changed: bool,
}

/// By handle.
#[derive(Default)]
pub(super) struct OpenFiles(Mutex<HashMap<u64, Open>>);

impl OpenFiles {
    pub(super) fn read(&self, fh: u64, offset: u64, size: usize) -> Result<Vec<u8>, Errno> {
        let files = locked(&self.0);
        let content = &files.get(&fh).ok_or(Errno::BADF)?.content;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        Ok(content[start..start.saturating_add(size).min(content.len())].to_vec())
    }

    pub(super) fn write(&self, fh: u64, offset: u64, data: &[u8]) -> Result<(), Errno> {
        let mut files = locked(&self.0);
        let open = files.get_mut(&fh).ok_or(Errno::BADF)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(data.len());
        // A newline may follow the path.
        if end > MAX_TRASH_PATH + 1 {
            return Err(Errno::NAMETOOLONG);
        }
        if open.content.len() < end {
            open.content.resize(end, 0);
        }
        open.content[start..end].copy_from_slice(data);
        open.changed = true;
        Ok(())
    }

    pub(super) fn forget(&self, fh: u64) {
        locked(&self.0).remove(&fh);
    }

    /// The new path, once.
    fn take_path(&self, fh: u64) -> Result<Option<(Inode, Vec<u8>)>, Errno> {
        let mut files = locked(&self.0);
        let open = files.get_mut(&fh).ok_or(Errno::BADF)?;
        if !std::mem::take(&mut open.changed) {
            return Ok(None);
        }
        let path = open.content.strip_suffix(b"\n").unwrap_or(&open.content);
        Ok(Some((open.inode, path.to_vec())))
    }
}

impl Trash {
    pub(super) fn open(&self, node: Node, flags: u32, reply: Reply) {
        const ACCESS: u32 = 3;
        const TRUNCATE: u32 = 0o1000;
        let content = match node {
            Node::MasterInfo if flags & ACCESS == 0 => Ok(self.masterinfo.clone()),
            // A sustained file is none of the trash, and the master says so.
            Node::File(inode) => self.client.trash_path(inode).map(|mut path| {
                path.push(b'\n');
                if flags & TRUNCATE != 0 { Vec::new() } else { path }
            }),
            _ => Err(Errno::ACCESS),
        };
        match content {
            Ok(content) => {
                let fh = self.new_fh();
                let open = Open { inode: node.inode(), content, changed: false };
                locked(&self.files.0).insert(fh, open);
                // The kernel would go by the size, which is that of the deleted file.
                reply.opened(fh, open_flags::DIRECT_IO);
            }
            Err(error) => reply.error(error),
        }
    }

    /// Tells the master a new path, so that close(2) can say what became of it.
    pub(super) fn close(&self, fh: u64) -> Result<(), Errno> {
        match self.files.take_path(fh)? {
            Some((inode, path)) => self.client.set_trash_path(inode, &path),
            None => Ok(()),
        }
    }
}
