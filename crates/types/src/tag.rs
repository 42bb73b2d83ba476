//! Integers that must have one value.

use crate::{DecodeError, Reader, Wire};

/// The byte `N`: the version of a form of which we know one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tag<const N: u8>;

impl<'a, const N: u8> Wire<'a> for Tag<N> {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if u8::decode(r)? == N { Ok(Tag) } else { Err(r.bad("version of the form")) }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(N);
    }
}

/// The `u16` `N`: a count that we know only one value of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tag16<const N: u16>;

impl<'a, const N: u16> Wire<'a> for Tag16<N> {
    const MIN_SIZE: usize = 2;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if u16::decode(r)? == N { Ok(Tag16) } else { Err(r.bad("count")) }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        N.encode(out);
    }
}
