//! The `record!` macro: fields one after the other, for the parts of packets. Borrows nothing from `packets!` but the
//! way to write it down; the tables in `docs/protocol.md` come from here, too.

use crate::FieldDoc;

/// What `docs/protocol.md` says of a part of packets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordDoc {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its documentation, a line each.
    pub(crate) doc: &'static [&'static str],
    /// The fewest bytes of it.
    pub(crate) min_size: usize,
    /// Fields in order.
    pub(crate) fields: &'static [FieldDoc],
}

/// Declares structs whose bytes are their fields' in order. `RECORDS` lists what was declared in the file.
macro_rules! record {
    (
        <$lt:lifetime> {
            $(
                $(#[doc = $doc:literal])*
                $(#[derive($($derive:ident),*)])?
                $name:ident $(<$slt:lifetime>)? { $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty ),* $(,)? }
            )*
        }
    ) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug, PartialEq $($(, $derive)*)?)]
            pub struct $name $(<$slt>)? { $( $(#[doc = $fdoc])* pub $field: $ty, )* }

            impl<$lt> types::Wire<$lt> for $name $(<$slt>)? {
                const MIN_SIZE: usize = 0 $(+ <$ty as types::Wire<$lt>>::MIN_SIZE)*;
                fn decode(r: &mut types::Reader<$lt>) -> Result<Self, types::DecodeError> {
                    Ok($name { $( $field: <$ty as types::Wire<$lt>>::decode(r)?, )* })
                }
                fn encode(&self, out: &mut Vec<u8>) {
                    $( <$ty as types::Wire<$lt>>::encode(&self.$field, out); )*
                }
            }
        )*

        /// Field tables of the records declared in this file.
        pub(crate) const RECORDS: &[$crate::record::RecordDoc] = &[$(
            $crate::record::RecordDoc {
                name: stringify!($name),
                doc: &[$($doc),*],
                min_size: <$name as types::Wire<'static>>::MIN_SIZE,
                fields: &[$( $crate::FieldDoc {
                    name: stringify!($field),
                    ty: stringify!($ty),
                    doc: &[$($fdoc),*],
                } ),*],
            }
        ),*];
    };
}
