//! Version numbers as peers announce them.

use crate::{DecodeError, Reader, Wire};
use std::fmt;

/// `u16 major | u8 mid | u8 minor*2` (`spec/wire-client-master.md` 2.1). Compares as peers compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

impl Version {
    /// The number for `major.mid.minor`; from major 2 on the last byte is doubled.
    pub const fn new(major: u16, mid: u8, minor: u8) -> Self {
        let low = if major > 1 { minor as u32 * 2 } else { minor as u32 };
        Version((major as u32) << 16 | (mid as u32) << 8 | low)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, mid, low) = (self.0 >> 16, self.0 >> 8 & 255, self.0 & 255);
        write!(f, "{major}.{mid}.{}", if major > 1 { low >> 1 } else { low })
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'a> Wire<'a> for Version {
    const MIN_SIZE: usize = 4;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        u32::decode(r).map(Version)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_versions() {
        assert_eq!(Version::new(3, 0, 117).0, 0x0003_00EA);
        assert_eq!(Version::new(1, 6, 24).0, 0x0001_0618);
        assert_eq!(Version::new(3, 0, 117).to_string(), "3.0.117");
    }
}
