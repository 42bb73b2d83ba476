//! Big buffers used again, so that the kernel need not clear new pages for each.

use crate::sync::lock;
use std::sync::Mutex;

/// Most buffers kept.
const MAX: usize = 32;

/// See the module.
#[derive(Default)]
pub(crate) struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    /// A buffer of exactly `len` bytes with any content.
    pub(crate) fn take(&self, len: usize) -> Vec<u8> {
        let mut buffer = lock(&self.0).pop().unwrap_or_default();
        buffer.resize(len, 0);
        buffer
    }

    /// Gives one back.
    pub(crate) fn put(&self, buffer: Vec<u8>) {
        let mut kept = lock(&self.0);
        if kept.len() < MAX {
            kept.push(buffer);
        }
    }
}
