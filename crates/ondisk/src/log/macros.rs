//! The `ops!` macro: one declaration of an operation yields its variant of [`super::Op`], its writer, its parser and
//! the names of its results. Odd arguments are types, not macro syntax; the one exception is `= default` for what
//! old lines leave out at the end.

/// See the module. `"NAME" | "ALIAS" => Variant { arguments } : results maybe results that old lines lack;`
macro_rules! ops {
    (
        $(#[$op_meta:meta])*
        $op:ident<$lt:lifetime> {
            $(
                $(#[doc = $doc:literal])*
                $text:literal $(| $alias:literal)* => $name:ident {
                    $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty $(= $default:expr)? ),* $(,)?
                }
                $( : $($result:ident),+ )? $( maybe $($extra:ident),+ )?;
            )*
        }
    ) => {
        $(#[$op_meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $op<$lt> {
            $(
                $(#[doc = $doc])*
                #[allow(missing_docs, reason = "the spec's field names say it")]
                $name { $( $(#[doc = $fdoc])* $field: $ty, )* },
            )*
        }

        impl<$lt> $op<$lt> {
            /// Names of all operations as lines carry them.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// What `docs/formats/changelog.md` says of them.
            pub const DOCS: &'static [super::OpDoc] = &[$( super::OpDoc {
                name: $text,
                aliases: &[$($alias),*],
                doc: &[$($doc),*],
                args: &[$( super::ArgDoc {
                    name: stringify!($field),
                    ty: stringify!($ty),
                    doc: &[$($fdoc),*],
                    default: ops!(@default $($default)?),
                } ),*],
                results: &[$($(stringify!($result)),+)?],
                extra_results: &[$($(stringify!($extra)),+)?],
            } ),*];

            /// The operation's name as lines carry it.
            pub fn name(&self) -> &'static str {
                match self {
                    $( $op::$name { .. } => $text, )*
                }
            }

            /// What the numbers of the [`super::Outcome`] are, in order.
            pub fn results(&self) -> &'static [&'static str] {
                match self {
                    $( $op::$name { .. } => &[$($(stringify!($result),)+)? $($(stringify!($extra),)+)?], )*
                }
            }

            /// How many of [`Self::results`] even the oldest lines have.
            pub(crate) fn results_required(&self) -> usize {
                match self {
                    $( $op::$name { .. } => <[&str]>::len(&[$($(stringify!($result),)+)?]), )*
                }
            }

            /// Reads the arguments, standing behind `(`; `None` when there is no such operation.
            pub(crate) fn parse_args(
                name: &str,
                scan: &mut super::scan::Scan<$lt>,
            ) -> Result<Option<Self>, super::LineError> {
                Ok(Some(match name {
                    $( $text $(| $alias)* => $op::$name {
                        $( $field: ops!(@parse scan, $ty $(, $default)?), )*
                    }, )*
                    _ => return Ok(None),
                }))
            }

            /// Writes the arguments.
            #[allow(clippy::too_many_lines, reason = "one arm for each operation")]
            pub(crate) fn write_args(&self, out: &mut super::arg::Args<'_>) {
                match self {
                    $( $op::$name { $($field),* } => {
                        $( super::arg::Arg::write($field, out); )*
                    } )*
                }
            }

            /// Any value of the `index`-th operation, for property tests.
            #[cfg(test)]
            #[allow(clippy::too_many_lines, reason = "one arm for each operation")]
            pub(crate) fn any(index: usize, entropy: &mut super::entropy::Entropy<$lt>) -> Self {
                match Self::NAMES[index % Self::NAMES.len()] {
                    $( $text => $op::$name { $( $field: <$ty as super::arg::Arg>::any(entropy), )* }, )*
                    _ => unreachable!(),
                }
            }
        }
    };
    (@default) => { None };
    (@default $default:expr) => { Some(stringify!($default)) };
    (@parse $scan:ident, $ty:ty) => { <$ty as super::arg::Arg>::parse($scan)? };
    (@parse $scan:ident, $ty:ty, $default:expr) => {
        if $scan.more() { <$ty as super::arg::Arg>::parse($scan)? } else { $default }
    };
}

pub(crate) use ops;
