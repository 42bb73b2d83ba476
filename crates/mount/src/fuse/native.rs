//! Numbers in the byte order of this machine, which is what the kernel speaks.

#![expect(clippy::host_endian_bytes, reason = "the FUSE device is not a network")]

use rustix::io::Errno;

/// A cursor over the arguments of one request.
pub(crate) struct Args<'a>(&'a [u8]);

impl<'a> Args<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Args(bytes)
    }

    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], Errno> {
        let (head, tail) = self.0.split_at_checked(n).ok_or(Errno::INVAL)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Errno> {
        let bytes = self.take(N)?;
        Ok(std::array::from_fn(|i| bytes[i]))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Errno> {
        self.array().map(u32::from_ne_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Errno> {
        self.array().map(u64::from_ne_bytes)
    }

    /// A NUL-terminated string; the NUL is consumed, not returned.
    pub(crate) fn name(&mut self) -> Result<&'a [u8], Errno> {
        let end = self.0.iter().position(|&b| b == 0).ok_or(Errno::INVAL)?;
        let name = self.take(end)?;
        self.take(1)?;
        Ok(name)
    }
}

/// Builds the body of a reply.
#[derive(Default)]
pub(crate) struct Out(pub(crate) Vec<u8>);

impl Out {
    pub(crate) fn with_capacity(n: usize) -> Self {
        Out(Vec::with_capacity(n))
    }

    pub(crate) fn u16(&mut self, v: u16) -> &mut Self {
        self.0.extend_from_slice(&v.to_ne_bytes());
        self
    }

    pub(crate) fn u32(&mut self, v: u32) -> &mut Self {
        self.0.extend_from_slice(&v.to_ne_bytes());
        self
    }

    pub(crate) fn u64(&mut self, v: u64) -> &mut Self {
        self.0.extend_from_slice(&v.to_ne_bytes());
        self
    }

    pub(crate) fn i64(&mut self, v: i64) -> &mut Self {
        self.0.extend_from_slice(&v.to_ne_bytes());
        self
    }

    pub(crate) fn bytes(&mut self, v: &[u8]) -> &mut Self {
        self.0.extend_from_slice(v);
        self
    }

    /// Zeros up to a multiple of eight.
    pub(crate) fn pad8(&mut self) -> &mut Self {
        self.0.resize(self.0.len().next_multiple_of(8), 0);
        self
    }
}

/// The head of a message to the kernel: whole length, negated errno (or notification code), request id.
pub(crate) fn out_header(body_len: usize, error: i32, unique: u64) -> [u8; 16] {
    let mut head = [0; 16];
    let len = u32::try_from(body_len + 16).expect("replies are bounded by max_pages");
    head[..4].copy_from_slice(&len.to_ne_bytes());
    head[4..8].copy_from_slice(&error.to_ne_bytes());
    head[8..].copy_from_slice(&unique.to_ne_bytes());
    head
}
