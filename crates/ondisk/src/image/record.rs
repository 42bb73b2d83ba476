//! The `record!` macro: records that are nothing but their fields in order.

/// Declares the struct and its [`types::Wire`].
macro_rules! record {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs, reason = "the names say it")]
        pub struct $name { $( $(#[doc = $fdoc])* pub $field: $ty, )* }

        impl<'a> types::Wire<'a> for $name {
            fn decode(r: &mut types::Reader<'a>) -> Result<Self, types::DecodeError> {
                Ok($name { $( $field: <$ty as types::Wire>::decode(r)?, )* })
            }
            fn encode(&self, out: &mut Vec<u8>) {
                $( <$ty as types::Wire>::encode(&self.$field, out); )*
            }
        }
    };
}

pub(crate) use record;
