//! How a value is bytes.

use crate::{DecodeError, Reader, Status};

/// A value with one byte form: fields of packets, records of an image.
///
/// `decode` borrows from the input and checks lengths before it advances; `encode` cannot fail, so whatever
/// limits a form has (a name of 255 bytes at most) are held by the value's type.
pub trait Wire<'a>: Sized {
    /// The fewest bytes a value takes; for types of one size, that size.
    const MIN_SIZE: usize = 0;

    /// Reads the value and moves the reader behind it.
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError>;
    /// Appends the value's bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// Like `decode`, for a value with at least `tail` more bytes behind it in the same packet. Only types that are
    /// told from the length of the packet look at it ([`crate::Gids`]).
    fn decode_before(r: &mut Reader<'a>, tail: usize) -> Result<Self, DecodeError> {
        let _ = tail;
        Self::decode(r)
    }

    /// Bytes that follow the packet's struct in the same frame without being part of it ([`crate::BulkLen`]).
    fn bulk_len(&self) -> u32 {
        0
    }

    /// Decodes a value that must fill `bytes` exactly.
    fn decode_whole(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let value = Self::decode(&mut r)?;
        r.finish()?;
        Ok(value)
    }
}

macro_rules! wire_int {
    ($($int:ty),*) => { $(
        impl<'a> Wire<'a> for $int {
            const MIN_SIZE: usize = size_of::<$int>();
            fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
                r.array().map(<$int>::from_be_bytes)
            }
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }
    )* };
}
wire_int!(u8, u16, u32, u64);

macro_rules! wire_array {
    ($($int:ty),*) => { $(
        impl<'a, const N: usize> Wire<'a> for [$int; N] {
            const MIN_SIZE: usize = N * size_of::<$int>();
            fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
                let mut bytes = Reader::new(r.take(Self::MIN_SIZE)?);
                let mut all = [0; N];
                for one in &mut all {
                    *one = <$int>::decode(&mut bytes)?;
                }
                Ok(all)
            }
            fn encode(&self, out: &mut Vec<u8>) {
                self.iter().for_each(|one| one.encode(out));
            }
        }
    )* };
}
wire_array!(u32, u64);

impl<'a, const N: usize> Wire<'a> for [u8; N] {
    const MIN_SIZE: usize = N;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        r.array()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

/// A value that may be missing at the end of a packet: present exactly when bytes are left.
impl<'a, T: Wire<'a>> Wire<'a> for Option<T> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if r.is_empty() { Ok(None) } else { T::decode(r).map(Some) }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

macro_rules! wire_tuple {
    ($($t:ident $i:tt),*) => {
        /// Fields one after the other.
        impl<'a, $($t: Wire<'a>),*> Wire<'a> for ($($t,)*) {
            const MIN_SIZE: usize = 0 $(+ $t::MIN_SIZE)*;
            fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
                Ok(($($t::decode(r)?,)*))
            }
            fn encode(&self, out: &mut Vec<u8>) {
                $(self.$i.encode(out);)*
            }
        }
    };
}
wire_tuple!(A 0, B 1);
wire_tuple!(A 0, B 1, C 2);
wire_tuple!(A 0, B 1, C 2, D 3);
wire_tuple!(A 0, B 1, C 2, D 3, E 4);

/// An answer: one status byte, or the body of success. The two are told apart by length alone: exactly one byte
/// left is a status (`spec/wire-client-master.md` 3.1.1). Commands without a body always answer with a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<T> {
    /// The status form.
    Status(Status),
    /// The data form.
    Body(T),
}

impl<T> Reply<T> {
    /// The body, or the status as an error. A status of OK in place of a body is an error too.
    pub fn into_result(self) -> Result<T, Status> {
        match self {
            Reply::Status(status) => Err(status),
            Reply::Body(body) => Ok(body),
        }
    }
}

impl<T> From<Result<T, Status>> for Reply<T> {
    fn from(result: Result<T, Status>) -> Self {
        match result {
            Ok(body) => Reply::Body(body),
            Err(status) => Reply::Status(status),
        }
    }
}

impl<'a, T: Wire<'a>> Wire<'a> for Reply<T> {
    const MIN_SIZE: usize = 1;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if r.left() == 1 { Status::decode(r).map(Reply::Status) } else { T::decode(r).map(Reply::Body) }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Reply::Status(status) => status.encode(out),
            Reply::Body(body) => body.encode(out),
        }
    }
}
