//! Options as getopt reads them: single letters, in bundles, anywhere among the names, until `--`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use thiserror::Error;

/// An option of a tool.
#[derive(Debug)]
pub(crate) struct Opt {
    /// Its letter.
    pub(crate) letter: u8,
    /// What its value is called, if it takes one.
    pub(crate) value: Option<&'static str>,
    /// A line for the help.
    pub(crate) help: &'static str,
}

/// An option without a value.
pub(crate) const fn flag(letter: u8, help: &'static str) -> Opt {
    Opt { letter, value: None, help }
}

/// An option with a value.
pub(crate) const fn value(letter: u8, value: &'static str, help: &'static str) -> Opt {
    Opt { letter, value: Some(value), help }
}

/// The options that say how numbers are shown.
pub(crate) const NUMBERS: &[Opt] = &[
    flag(b'n', "show plain numbers (the default)"),
    flag(b'h', "show numbers with binary prefixes: 1.0Ki is 1024"),
    flag(b'H', "show numbers with decimal prefixes: 1.0k is 1000"),
    flag(b'k', "show numbers divided by 1024"),
    flag(b'm', "show numbers divided by 1024^2"),
    flag(b'g', "show numbers divided by 1024^3"),
];

/// The option for whole trees.
pub(crate) const RECURSIVE: &[Opt] = &[flag(b'r', "everything below the given directories too")];

/// A command line taken apart.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// Letters with their values (empty without one), in order.
    pub(crate) options: Vec<(u8, OsString)>,
    /// The rest, in order.
    pub(crate) names: Vec<OsString>,
}

/// Why a command line could not be taken apart.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum BadOption {
    /// There is no such option.
    #[error("there is no option -{}", .0.escape_ascii())]
    Unknown(u8),
    /// It needs a value, of this name.
    #[error("option -{} needs a value: {}", *.0 as char, .1)]
    NoValue(u8, &'static str),
    /// Not an error: `--help`.
    #[error("--help stands alone")]
    Help,
    /// Not an error: `--version`.
    #[error("--version stands alone")]
    Version,
}

impl Given {
    /// Takes `args` (without the program's name) apart.
    pub(crate) fn parse<'o>(
        options: impl Iterator<Item = &'o Opt> + Clone,
        args: impl IntoIterator<Item = OsString>,
    ) -> Result<Given, BadOption> {
        let mut given = Given::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let bytes = arg.as_bytes();
            match bytes {
                b"--" => {
                    given.names.extend(args);
                    break;
                }
                b"--help" => return Err(BadOption::Help),
                b"--version" => return Err(BadOption::Version),
                [b'-', letters @ ..] if !letters.is_empty() => {
                    given.bundle(options.clone(), letters, &mut args)?;
                }
                _ => given.names.push(arg),
            }
        }
        Ok(given)
    }

    /// Takes nothing apart: the options are an action's, which the tool reads first.
    pub(crate) fn words(args: impl IntoIterator<Item = OsString>) -> Result<Given, BadOption> {
        let names: Vec<OsString> = args.into_iter().collect();
        match names.iter().find_map(|word| word.to_str().filter(|word| word.starts_with("--"))) {
            Some("--help") => Err(BadOption::Help),
            Some("--version") => Err(BadOption::Version),
            _ => Ok(Given { options: Vec::new(), names }),
        }
    }

    fn bundle<'o>(
        &mut self,
        options: impl Iterator<Item = &'o Opt> + Clone,
        letters: &[u8],
        args: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), BadOption> {
        for (i, letter) in letters.iter().enumerate() {
            let option = options.clone().find(|option| option.letter == *letter);
            match option.ok_or(BadOption::Unknown(*letter))?.value {
                None => self.options.push((*letter, OsString::new())),
                Some(name) => {
                    let rest = &letters[i + 1..];
                    let value =
                        if rest.is_empty() { args.next() } else { Some(OsString::from_vec(rest.into())) };
                    self.options.push((*letter, value.ok_or(BadOption::NoValue(*letter, name))?));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Whether the option was given.
    pub(crate) fn has(&self, letter: u8) -> bool {
        self.values(letter).next().is_some()
    }

    /// The values of an option, in order.
    pub(crate) fn values(&self, letter: u8) -> impl Iterator<Item = &OsStr> {
        self.options.iter().filter(move |(given, _)| *given == letter).map(|(_, value)| value.as_os_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &[Opt] = &[flag(b'r', ""), flag(b'h', ""), value(b'f', "attr", "")];

    fn parse(args: &[&str]) -> Result<(String, Vec<OsString>), BadOption> {
        let given = Given::parse(OPTIONS.iter(), args.iter().map(OsString::from))?;
        let shown = given.options.iter().map(|(l, v)| format!("{}{} ", *l as char, v.display())).collect();
        Ok((shown, given.names))
    }

    #[test]
    fn bundles_values_and_names_in_any_order() {
        assert_eq!(parse(&["a", "-rh", "b"]).unwrap(), ("r h ".into(), vec!["a".into(), "b".into()]));
        assert_eq!(parse(&["-rfx", "-f", "-r"]).unwrap(), ("r fx f-r ".into(), vec![]));
        assert_eq!(parse(&["-", "--", "-r"]).unwrap(), (String::new(), vec!["-".into(), "-r".into()]));
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(parse(&["-rz"]), Err(BadOption::Unknown(b'z')));
        assert_eq!(parse(&["--recursive"]), Err(BadOption::Unknown(b'-')));
        assert_eq!(parse(&["-rf"]), Err(BadOption::NoValue(b'f', "attr")));
        assert_eq!(parse(&["x", "--help"]), Err(BadOption::Help));
    }
}
