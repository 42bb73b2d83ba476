//! The `packets!` macro: one declaration yields the structs, their codecs, the direction's enum with `decode` and
//! `encode_frame`, and the field tables that `docs/protocol.md` is made from. Odd shapes are types, not macro syntax.

use crate::PacketError;
use types::Wire;

/// A packet: a body with an id.
pub trait Packet<'a>: Wire<'a> {
    /// Which packet it is on the wire.
    const ID: u32;
    /// Its name, for messages.
    const NAME: &'static str;
}

/// All packets that travel one way on one link.
pub trait Direction<'a>: Sized {
    /// For documentation and dumps.
    const PACKETS: &'static [PacketDoc];
    /// Decodes a body that must be exactly one packet of this direction.
    fn decode(id: u32, body: &'a [u8]) -> Result<Self, PacketError>;
    /// Appends the packet as a frame.
    fn encode_frame(&self, out: &mut Vec<u8>);
    /// The packet's name.
    fn name(&self) -> &'static str;
}

/// What `docs/protocol.md` says of a packet.
#[derive(Debug)]
pub struct PacketDoc {
    /// Packet id.
    pub id: u32,
    /// Packet name.
    pub name: &'static str,
    /// Its documentation, a line each.
    pub doc: &'static [&'static str],
    /// Field names and types in order.
    pub fields: &'static [(&'static str, &'static str)],
}

/// See the module. Every packet of a direction writes its lifetime (`<'a>`) only when a field borrows.
macro_rules! packets {
    (
        $(#[$dir_meta:meta])*
        $dir:ident<$lt:lifetime> {
            $(
                $(#[doc = $doc:literal])*
                $id:literal $name:ident $(<$slt:lifetime>)? {
                    $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty ),* $(,)?
                }
            )*
        }
    ) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Debug, PartialEq)]
            pub struct $name $(<$slt>)? {
                $( $(#[doc = $fdoc])* #[allow(missing_docs, reason = "the spec's field names say it")] pub $field: $ty, )*
            }

            impl<$lt> types::Wire<$lt> for $name $(<$slt>)? {
                #[allow(unused_variables, reason = "a packet may have no fields")]
                fn decode(r: &mut types::Reader<$lt>) -> Result<Self, types::DecodeError> {
                    $( let $field = <$ty as types::Wire<$lt>>::decode(r)?; )*
                    Ok($name { $( $field, )* })
                }
                #[allow(unused_variables, reason = "a packet may have no fields")]
                fn encode(&self, out: &mut Vec<u8>) {
                    $( <$ty as types::Wire<$lt>>::encode(&self.$field, out); )*
                }
            }

            impl<$lt> $crate::Packet<$lt> for $name $(<$slt>)? {
                const ID: u32 = $id;
                const NAME: &'static str = stringify!($name);
            }
        )*

        $(#[$dir_meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "each variant holds the documented struct of the same name")]
        pub enum $dir<$lt> {
            $( $name($name $(<$slt>)?), )*
            #[doc(hidden)]
            __Uninhabited(std::convert::Infallible, std::marker::PhantomData<&$lt ()>),
        }

        impl<$lt> $crate::Direction<$lt> for $dir<$lt> {
            const PACKETS: &'static [$crate::PacketDoc] = &[
                $( $crate::PacketDoc {
                    id: $id,
                    name: stringify!($name),
                    doc: &[$($doc),*],
                    fields: &[$( (stringify!($field), stringify!($ty)) ),*],
                }, )*
            ];

            fn decode(id: u32, body: &$lt [u8]) -> Result<Self, $crate::PacketError> {
                match id {
                    $( $id => $crate::packets::decode_body(body).map($dir::$name), )*
                    _ => Err($crate::PacketError::Unknown(id)),
                }
            }

            fn encode_frame(&self, out: &mut Vec<u8>) {
                match self {
                    $( $dir::$name(packet) => $crate::encode_frame(packet, out), )*
                    $dir::__Uninhabited(never, _) => match *never {},
                }
            }

            fn name(&self) -> &'static str {
                match self {
                    $( $dir::$name(_) => stringify!($name), )*
                    $dir::__Uninhabited(never, _) => match *never {},
                }
            }
        }
    };
}

pub(crate) fn decode_body<'a, P: Packet<'a>>(body: &'a [u8]) -> Result<P, PacketError> {
    P::decode_whole(body).map_err(|error| PacketError::Malformed { id: P::ID, name: P::NAME, error })
}
