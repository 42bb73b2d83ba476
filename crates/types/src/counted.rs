//! Lists with their length in front.

use crate::{DecodeError, ListCount, Reader, Rest, Wire};
use std::fmt::{self, Debug};
use std::marker::PhantomData;

/// `N count | T*`. Elements that the counter cannot count are not sent.
#[derive(Clone, Copy)]
pub struct Counted<'a, N, T> {
    /// The elements.
    pub list: Rest<'a, T>,
    count: PhantomData<N>,
}

impl<'a, N, T> Counted<'a, N, T> {
    /// To be sent.
    pub fn new(items: &'a [T]) -> Self {
        Counted { list: Rest::Items(items), count: PhantomData }
    }
}

impl<'a, N: ListCount, T: Wire<'a> + Clone> Wire<'a> for Counted<'a, N, T> {
    const MIN_SIZE: usize = N::MIN_SIZE;

    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let count = N::decode(r)?.to_len();
        Ok(Counted { list: Rest::decode_n(r, count)?, count: PhantomData })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        let count = N::saturating(self.list.count());
        count.encode(out);
        self.list.iter().take(count.to_len()).for_each(|item| item.encode(out));
    }
}

impl<'a, N, T: Wire<'a> + Clone + PartialEq> PartialEq for Counted<'a, N, T> {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl<'a, N, T: Wire<'a> + Clone + Debug> Debug for Counted<'a, N, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}

/// `u32 bytes | T*`: as many elements as fill that many bytes.
#[derive(Clone, Copy)]
pub struct Sized32<'a, T>(pub Rest<'a, T>);

impl<'a, T: Wire<'a>> Wire<'a> for Sized32<'a, T> {
    const MIN_SIZE: usize = 4;

    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let size = u32::decode(r)?;
        let mut inner = Reader::new(r.take(size as usize)?);
        Rest::decode(&mut inner).map(Sized32).map_err(|_| r.bad("list"))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        let size_at = out.len();
        out.extend_from_slice(&[0; 4]);
        self.0.encode(out);
        let size = u32::try_from(out.len() - size_at - 4).expect("no packet comes near 4 GiB");
        out[size_at..size_at + 4].copy_from_slice(&size.to_be_bytes());
    }
}

impl<'a, T: Wire<'a> + Clone + PartialEq> PartialEq for Sized32<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<'a, T: Wire<'a> + Clone + Debug> Debug for Sized32<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;

    #[test]
    fn both_ways() {
        let names = [Name::new(b"a").unwrap(), Name::new(b"bc").unwrap()];
        let mut bytes = Vec::new();
        Counted::<u16, Name>::new(&names).encode(&mut bytes);
        assert_eq!(bytes, b"\0\x02\x01a\x02bc");
        assert_eq!(Counted::decode_whole(&bytes), Ok(Counted::<u16, Name>::new(&names)));
        assert!((0..bytes.len()).all(|n| Counted::<u16, Name>::decode_whole(&bytes[..n]).is_err()));

        let mut bytes = Vec::new();
        Sized32(Rest::Items(&names)).encode(&mut bytes);
        assert_eq!(bytes, b"\0\0\0\x05\x01a\x02bc");
        assert_eq!(Sized32::decode_whole(&bytes), Ok(Sized32(Rest::Items(&names))));
        assert!((0..bytes.len()).all(|n| Sized32::<Name>::decode_whole(&bytes[..n]).is_err()));
    }

    #[test]
    fn a_huge_count_costs_nothing() {
        assert!(Counted::<u32, u64>::decode_whole(&[0xFF; 12]).is_err());
    }
}
