//! Single-letter options as getopt reads them: in bundles, anywhere among the names, until `--`.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// One thing on a command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// An option, with its value if it has one.
    Option(u8, Option<OsString>),
    /// Anything else.
    Name(OsString),
    /// An option that does not exist.
    Unknown(u8),
    /// An option whose value is missing.
    NoValue(u8),
}

/// Takes a command line apart. `flags` are letters without a value, `valued` those with one.
pub(crate) fn words(args: impl IntoIterator<Item = OsString>, flags: &[u8], valued: &[u8]) -> Vec<Word> {
    let mut words = Vec::new();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let bytes = arg.as_bytes();
        if bytes == b"--" {
            words.extend(args.map(Word::Name));
            break;
        }
        let Some(letters) = bytes.strip_prefix(b"-").filter(|letters| !letters.is_empty()) else {
            words.push(Word::Name(arg));
            continue;
        };
        for (at, letter) in letters.iter().enumerate() {
            if valued.contains(letter) {
                let rest = &letters[at + 1..];
                let value =
                    if rest.is_empty() { args.next() } else { Some(OsString::from_vec(rest.to_vec())) };
                words.push(value.map_or(Word::NoValue(*letter), |value| Word::Option(*letter, Some(value))));
                break;
            }
            let known = flags.contains(letter);
            words.push(if known { Word::Option(*letter, None) } else { Word::Unknown(*letter) });
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_values_and_names() {
        let line = "-ab x -dDIR -d V -z -- -a".split(' ').map(OsString::from);
        let option = |letter, value: &str| Word::Option(letter, Some(value.into()));
        let name = |name: &str| Word::Name(name.into());
        let expected = [
            Word::Option(b'a', None),
            Word::Option(b'b', None),
            name("x"),
            option(b'd', "DIR"),
            option(b'd', "V"),
            Word::Unknown(b'z'),
            name("-a"),
        ];
        assert_eq!(words(line, b"ab", b"d"), expected);
        assert_eq!(words(["-d".into()], b"", b"d"), [Word::NoValue(b'd')]);
    }
}
