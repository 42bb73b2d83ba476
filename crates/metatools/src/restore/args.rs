//! The command line.

use crate::getopt::{Word, words};
use recovery::Rules;
use std::ffi::OsString;
use std::path::PathBuf;

pub(super) const USAGE: &str = "restore metadata:
\tmfsmetarestore [-f] [-b] [-i] [-x [-x]] -m <meta data file> -o <restored meta data file> [ <change log file> ... ]
dump metadata:
\tmfsmetarestore -m <meta data file>
autorestore:
\tmfsmetarestore [-f] [-b] [-i] [-x [-x]] -a [-d <data path>]
print version:
\tmfsmetarestore -v

-a : use the newest image and all changelogs in the data path, the master's and the metalogger's
-d data path : where these are (default: DATA_PATH of mfsmaster.cfg)
-m file : begin with this image
-o file : write the result here
-b : if there is any error in change logs then save the best possible metadata file
-i : ignore some metadata structure errors too
-f : force loading all changelogs
-x : produce more verbose output
-xx : even more verbose output

exit status: 0 all restored, 1 nothing written, 2 written, but not everything (-b, -i)
";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// `-a`.
    Auto {
        /// `-d`.
        dir: Option<PathBuf>,
        rules: Rules,
    },
    /// `-m` and `-o`.
    Merge { image: PathBuf, out: PathBuf, logs: Vec<PathBuf>, rules: Rules },
    /// `-m` alone.
    Dump { image: PathBuf },
}

/// What a command line comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    Run(Task),
    Version,
    /// With what is wrong, unless usage was asked for.
    Usage(Option<String>),
}

fn mistake(text: impl Into<String>) -> Parsed {
    Parsed::Usage(Some(text.into()))
}

pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Parsed {
    let mut rules = Rules { recover: true, ..Rules::default() };
    let (mut auto, mut dir, mut image, mut out) = (false, None, None, None);
    let mut logs = Vec::new();
    for word in words(args, b"abfivxh?", b"dmo") {
        match word {
            Word::Name(name) => logs.push(PathBuf::from(name)),
            Word::Option(letter, value) => match (letter, value) {
                (b'd', value) => dir = value.map(PathBuf::from),
                (b'm', value) => image = value.map(PathBuf::from),
                (b'o', value) => out = value.map(PathBuf::from),
                (b'a', _) => auto = true,
                (b'b', _) => rules.best = true,
                (b'f', _) => rules.every_log = true,
                (b'i', _) => rules.ignore_errors = true,
                (b'x', _) => rules.verbose = rules.verbose.saturating_add(1),
                (b'v', _) => return Parsed::Version,
                _ => return Parsed::Usage(None),
            },
            Word::Unknown(letter) => return mistake(format!("unknown option -{}", char::from(letter))),
            Word::NoValue(letter) => return mistake(format!("option -{} needs a value", char::from(letter))),
        }
    }
    match (auto, image, out) {
        (true, None, None) if logs.is_empty() => Parsed::Run(Task::Auto { dir, rules }),
        (true, None, None) => mistake("-a finds the changelogs itself: name none"),
        (true, ..) => mistake("-a finds image and place itself: no -m and -o with it"),
        (false, ..) if dir.is_some() => mistake("-d goes with -a only"),
        (false, Some(image), Some(out)) => Parsed::Run(Task::Merge { image, out, logs, rules }),
        (false, Some(image), None) if logs.is_empty() => Parsed::Run(Task::Dump { image }),
        (false, Some(_), None) => mistake("-o must say where the result goes"),
        (false, None, Some(_)) => mistake("-m must say which image to begin with"),
        (false, None, None) => Parsed::Usage(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Parsed {
        parse(text.split_whitespace().map(OsString::from))
    }

    #[test]
    fn every_form() {
        let rules = |best, every_log, ignore_errors, verbose| Rules {
            recover: true,
            ignore_errors,
            best,
            every_log,
            verbose,
        };
        let plain = rules(false, false, false, 0);
        assert_eq!(line("-a"), Parsed::Run(Task::Auto { dir: None, rules: plain }));
        let dir = Some("/x".into());
        assert_eq!(
            line("-xxbi -f -a -d /x"),
            Parsed::Run(Task::Auto { dir, rules: rules(true, true, true, 2) })
        );
        let (image, out) = (PathBuf::from("m"), PathBuf::from("o"));
        let logs = vec!["c1".into(), "c0".into()];
        assert_eq!(line("-m m -o o c1 c0"), Parsed::Run(Task::Merge { image, out, logs, rules: plain }));
        assert_eq!(line("-m m"), Parsed::Run(Task::Dump { image: "m".into() }));
        assert_eq!(line("-v"), Parsed::Version);
        assert_eq!((line(""), line("-h")), (Parsed::Usage(None), Parsed::Usage(None)));
        for bad in ["-a x", "-a -m m", "-d /x", "-o o", "-m m c", "-z", "-a -d", "-d /x -m m -o o"] {
            assert!(matches!(line(bad), Parsed::Usage(Some(_))), "{bad}");
        }
    }
}
