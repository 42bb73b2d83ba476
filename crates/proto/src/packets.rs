//! The `packets!` and `direction!` macros: one declaration yields the structs, their codecs, the direction's enum with
//! `decode` and `encode_frame`, and the field tables that `docs/protocol.md` is made from. Odd shapes are types, not
//! macro syntax.

use crate::PacketError;
use types::Wire;

/// A packet: a body with an id.
pub trait Packet<'a>: Wire<'a> {
    /// Which packet it is on the wire.
    const ID: u32;
    /// Its name, for messages.
    const NAME: &'static str;
    /// What `docs/protocol.md` says of it.
    const DOC: PacketDoc;
}

/// All packets that travel one way on one link.
pub trait Direction<'a>: Sized {
    /// The direction's name.
    const NAME: &'static str;
    /// Its documentation, a line each.
    const DOC: &'static [&'static str];
    /// For documentation and dumps.
    const PACKETS: &'static [PacketDoc];
    /// Decodes a body that must be exactly one packet of this direction (for a data packet: its head).
    fn decode(id: u32, body: &'a [u8]) -> Result<Self, PacketError>;
    /// Appends the packet as a frame (a data packet without its block, which must follow).
    fn encode_frame(&self, out: &mut Vec<u8>);
    /// The packet's name.
    fn name(&self) -> &'static str;
}

/// What `docs/protocol.md` says of a packet.
#[derive(Debug, Clone, Copy)]
pub struct PacketDoc {
    /// Packet id.
    pub id: u32,
    /// Packet name.
    pub name: &'static str,
    /// Its documentation, a line each.
    pub doc: &'static [&'static str],
    /// The fewest bytes of a body.
    pub min_size: usize,
    /// Fields in order.
    pub fields: &'static [FieldDoc],
}

/// A field of a packet.
#[derive(Debug, Clone, Copy)]
pub struct FieldDoc {
    /// Its name.
    pub name: &'static str,
    /// Its Rust type, which says how it is bytes.
    pub ty: &'static str,
    /// Its documentation, a line each.
    pub doc: &'static [&'static str],
}

/// Declares packets; see the module. A packet writes its lifetime (`<'a>`) only when a field borrows. `direction!` says
/// which of them travel on a link; some do on several.
macro_rules! packets {
    (
        <$lt:lifetime> {
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
                const MIN_SIZE: usize = 0 $(+ <$ty as types::Wire<$lt>>::MIN_SIZE)*;

                #[allow(unused_variables, unused_mut, unused_assignments, reason = "a packet may have no fields")]
                fn decode(r: &mut types::Reader<$lt>) -> Result<Self, types::DecodeError> {
                    let mut tail = Self::MIN_SIZE;
                    $(
                        tail -= <$ty as types::Wire<$lt>>::MIN_SIZE;
                        let $field = <$ty as types::Wire<$lt>>::decode_before(r, tail)?;
                    )*
                    Ok($name { $( $field, )* })
                }
                #[allow(unused_variables, reason = "a packet may have no fields")]
                fn encode(&self, out: &mut Vec<u8>) {
                    $( <$ty as types::Wire<$lt>>::encode(&self.$field, out); )*
                }
                fn bulk_len(&self) -> u32 {
                    0 $(+ <$ty as types::Wire<$lt>>::bulk_len(&self.$field))*
                }
            }

            impl<$lt> $crate::Packet<$lt> for $name $(<$slt>)? {
                const ID: u32 = $id;
                const NAME: &'static str = stringify!($name);
                const DOC: $crate::PacketDoc = $crate::PacketDoc {
                    id: $id,
                    name: stringify!($name),
                    doc: &[$($doc),*],
                    min_size: <Self as types::Wire<$lt>>::MIN_SIZE,
                    fields: &[$( $crate::FieldDoc {
                        name: stringify!($field),
                        ty: stringify!($ty),
                        doc: &[$($fdoc),*],
                    } ),*],
                };
            }
        )*

        /// Field tables of the packets declared in this file.
        pub(crate) const PACKETS: &[$crate::PacketDoc] = &[$(<$name as $crate::Packet<'static>>::DOC),*];
    };
}

/// Makes the enum of all packets that travel one way on one link, from packets in scope.
macro_rules! direction {
    (
        $(#[doc = $doc:literal])*
        $dir:ident<$lt:lifetime> {
            $( $name:ident $(<$slt:lifetime>)? ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "each variant holds the documented struct of the same name")]
        pub enum $dir<$lt> {
            $( $name($name $(<$slt>)?), )*
        }

        impl<$lt> $crate::Direction<$lt> for $dir<$lt> {
            const NAME: &'static str = stringify!($dir);
            const DOC: &'static [&'static str] = &[$($doc),*];
            const PACKETS: &'static [$crate::PacketDoc] = &[
                $( <$name $(<$slt>)? as $crate::Packet<$lt>>::DOC, )*
            ];

            #[allow(clippy::too_many_lines, reason = "a line for each packet of the link")]
            fn decode(id: u32, body: &$lt [u8]) -> Result<Self, $crate::PacketError> {
                $(
                    if id == <$name as $crate::Packet<$lt>>::ID {
                        return $crate::packets::decode_body(body).map($dir::$name);
                    }
                )*
                Err($crate::PacketError::Unknown(id))
            }

            #[allow(clippy::too_many_lines, reason = "a line for each packet of the link")]
            fn encode_frame(&self, out: &mut Vec<u8>) {
                match self {
                    $( $dir::$name(packet) => $crate::encode_frame(packet, out), )*
                }
            }

            #[allow(clippy::too_many_lines, reason = "a line for each packet of the link")]
            fn name(&self) -> &'static str {
                match self {
                    $( $dir::$name(_) => stringify!($name), )*
                }
            }
        }
    };
}

pub(crate) fn decode_body<'a, P: Packet<'a>>(body: &'a [u8]) -> Result<P, PacketError> {
    P::decode_whole(body).map_err(|error| PacketError::Malformed { id: P::ID, name: P::NAME, error })
}
