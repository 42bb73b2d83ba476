//! Bytes that are text, and addresses.

use std::fmt;
use std::io::{self, Write};

/// The bytes as they are, or with dots for what is not ASCII text (DEL passes, as it does in stock).
pub(super) fn text(bytes: &[u8], dots: bool, out: &mut impl Write) -> io::Result<()> {
    if !dots {
        return out.write_all(bytes);
    }
    let shown: Vec<u8> = bytes.iter().map(|&b| if (0x20..0x80).contains(&b) { b } else { b'.' }).collect();
    out.write_all(&shown)
}

/// An IPv4 address with three digits in each place.
pub(super) struct Ip(pub(super) u32);

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.to_be_bytes();
        write!(f, "{a:03}.{b:03}.{c:03}.{d:03}")
    }
}

/// Things with a separator between.
pub(super) struct Joined<'a, T>(pub(super) &'a [T]);

impl<T: fmt::Display> fmt::Display for Joined<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if i > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}
