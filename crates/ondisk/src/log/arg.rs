//! How a value is an argument of an operation.

use super::fine::FineTimes;
use super::text::{decimal, escape};
use super::{LineError, scan::Scan};
use types::{Bytes32, ChunkId, ChunkIndex, ChunkVersion, Inode, MAX_NAME, Name, SessionId, Time};

/// Longest escaped binary a line may carry, bytes: the biggest is an extended attribute's value.
const MAX_BINARY: usize = types::MAX_XATTR_VALUE;

/// One argument, or several that belong together. A shape that is odd is a type with its own `Arg`.
pub(crate) trait Arg<'a>: Sized {
    /// Reads it with the comma before it.
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError>;
    /// Writes it with the comma before it.
    fn write(&self, out: &mut Args<'_>);

    /// Any value, for property tests.
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self;
}

/// Writes arguments with commas between.
pub(crate) struct Args<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
    /// What the line's end must say of the times among them.
    fine: FineTimes,
}

impl<'o> Args<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Args { out, first: true, fine: FineTimes::default() }
    }

    pub(crate) fn fine_times(self) -> FineTimes {
        self.fine
    }

    /// Begins an argument and gives the place to write it to.
    pub(crate) fn begin(&mut self) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        self.out
    }

    pub(crate) fn number(&mut self, value: impl Into<u64>) {
        decimal(value.into(), self.begin());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        escape(bytes, self.begin());
    }
}

macro_rules! int_args {
    ($($int:ident $what:literal),*) => { $(
        impl<'a> Arg<'a> for $int {
            fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
                scan.separator()?;
                scan.number($what)
            }
            fn write(&self, out: &mut Args<'_>) {
                out.number(*self);
            }
            #[cfg(test)]
            fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
                entropy.number() as $int
            }
        }
    )* };
}
int_args!(u8 "a number up to 255", u16 "a number up to 65535", u32 "a 32-bit number", u64 "a 64-bit number");

macro_rules! id_args {
    ($($id:ident $int:ident $what:literal),*) => { $(
        impl<'a> Arg<'a> for $id {
            fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
                scan.separator()?;
                scan.number($what).map($id)
            }
            fn write(&self, out: &mut Args<'_>) {
                out.number(self.0);
            }
            #[cfg(test)]
            fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
                $id(<$int as Arg>::any(entropy))
            }
        }
    )* };
}
id_args!(Inode u32 "an inode", ChunkId u64 "a chunk id", ChunkVersion u32 "a chunk version",
         ChunkIndex u32 "a chunk index", SessionId u32 "a session id");

/// Seconds, as stock has them; the rest of a time stands at the line's end.
impl<'a> Arg<'a> for Time {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        scan.separator()?;
        scan.time("a time in Unix seconds")
    }
    fn write(&self, out: &mut Args<'_>) {
        out.number(self.low());
        out.fine.push(*self);
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        let (low, fine) = (entropy.number() as u32, entropy.number() as u32);
        Time::from_parts(low, fine).unwrap_or(low.into())
    }
}

/// 0 or 1; any other number counts as 1.
impl<'a> Arg<'a> for bool {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        scan.separator()?;
        scan.number::<u32>("0 or 1").map(|n| n != 0)
    }
    fn write(&self, out: &mut Args<'_>) {
        out.number(*self);
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        entropy.number() & 1 == 1
    }
}

/// Present exactly when arguments are left.
impl<'a, T: Arg<'a>> Arg<'a> for Option<T> {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        if scan.more() { T::parse(scan).map(Some) } else { Ok(None) }
    }
    fn write(&self, out: &mut Args<'_>) {
        if let Some(value) = self {
            value.write(out);
        }
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        bool::any(entropy).then(|| T::any(entropy))
    }
}

impl<'a, A: Arg<'a>, B: Arg<'a>> Arg<'a> for (A, B) {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        Ok((A::parse(scan)?, B::parse(scan)?))
    }
    fn write(&self, out: &mut Args<'_>) {
        self.0.write(out);
        self.1.write(out);
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        (A::any(entropy), B::any(entropy))
    }
}

impl<'a> Arg<'a> for Name<'a> {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        scan.separator()?;
        let bytes = scan.bytes(MAX_NAME, "a name of at most 255 bytes")?;
        Ok(Name::new(bytes).expect("bytes() holds the limit"))
    }
    fn write(&self, out: &mut Args<'_>) {
        out.bytes(self.as_bytes());
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        Name::new(entropy.bytes(MAX_NAME)).unwrap()
    }
}

impl<'a> Arg<'a> for Bytes32<'a> {
    fn parse(scan: &mut Scan<'a>) -> Result<Self, LineError> {
        scan.separator()?;
        scan.bytes(MAX_BINARY, "at most 65536 bytes").map(Bytes32::new)
    }
    fn write(&self, out: &mut Args<'_>) {
        out.bytes(self.as_bytes());
    }
    #[cfg(test)]
    fn any(entropy: &mut super::entropy::Entropy<'a>) -> Self {
        Bytes32::new(entropy.bytes(300))
    }
}
