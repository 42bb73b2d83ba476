//! The command line of a daemon (`spec/config-and-daemons.md` 9).

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How long to wait for the old process, unless `-t` says otherwise.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1800);

/// What the daemon is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start; fail if one is running.
    Start,
    /// Stop one that is running, then start. Also what no action means.
    Restart,
    /// Restart, but only if one is running.
    TryRestart,
    /// Stop.
    Stop,
    /// Kill without asking.
    Kill,
    /// Make the running one read its configuration again.
    Reload,
    /// Make the running one write what it is doing to its log.
    Info,
    /// Tell whether one is running.
    Test,
    /// Rebuild the metadata image from image and changelogs, then end (master only).
    Restore,
}

/// A parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cli {
    /// What to do.
    pub action: Action,
    /// `-f`, and the older `-d`: stay in the foreground.
    pub foreground: bool,
    /// `-u`: log the defaults that are used.
    pub log_defaults: bool,
    /// `-n`: leave the core file limit alone.
    pub no_core: bool,
    /// `-t`: how long to wait for the lock.
    pub lock_timeout: Duration,
    /// `-c`: the configuration file.
    pub config: Option<PathBuf>,
    /// `-a`: recover metadata from changelogs.
    pub recover: bool,
    /// `-i`: go on in spite of damaged metadata.
    pub ignore_errors: bool,
    /// How often `-x`: say more while recovering.
    pub verbose: u8,
}

/// What a command line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Do this.
    Run(Cli),
    /// `-v`.
    Version,
    /// `-h`, or a mistake with the sentence that says which.
    Usage(Option<String>),
}

/// Parses the arguments behind the program's name. `recovery` allows the master's `-a -i -x` and `restore`.
pub fn parse(args: impl IntoIterator<Item = OsString>, recovery: bool) -> Parsed {
    let cli = Cli {
        action: Action::Restart,
        foreground: false,
        log_defaults: false,
        no_core: false,
        lock_timeout: LOCK_TIMEOUT,
        config: None,
        recover: false,
        ignore_errors: false,
        verbose: 0,
    };
    let mut parser = Parser { cli, recovery, word: None, stop: false };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        if let Err(end) = parser.argument(&arg, &mut args) {
            return end;
        }
    }
    parser.finish()
}

struct Parser {
    cli: Cli,
    recovery: bool,
    word: Option<Action>,
    stop: bool,
}

fn mistake(text: impl Into<String>) -> Parsed {
    Parsed::Usage(Some(text.into()))
}

impl Parser {
    /// Takes one argument and what belongs to it. The error ends the parsing.
    fn argument(&mut self, arg: &OsString, more: &mut impl Iterator<Item = OsString>) -> Result<(), Parsed> {
        let text = arg.to_string_lossy();
        match text.as_ref() {
            "--help" => return Err(Parsed::Usage(None)),
            "--version" => return Err(Parsed::Version),
            _ => {}
        }
        if let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            return self.letters(letters, more);
        }
        match action(&text, self.recovery) {
            Some(found) if self.word.is_none() => self.word = Some(found),
            Some(_) => return Err(mistake("only one action at a time")),
            None => return Err(mistake(format!("unknown action '{text}'"))),
        }
        Ok(())
    }

    fn letters(&mut self, letters: &str, more: &mut impl Iterator<Item = OsString>) -> Result<(), Parsed> {
        let cli = &mut self.cli;
        for (at, letter) in letters.char_indices() {
            match letter {
                'v' => return Err(Parsed::Version),
                'h' | '?' => return Err(Parsed::Usage(None)),
                'f' | 'd' => cli.foreground = true,
                'u' => cli.log_defaults = true,
                'n' => cli.no_core = true,
                's' => self.stop = true,
                'a' if self.recovery => cli.recover = true,
                'i' if self.recovery => cli.ignore_errors = true,
                'x' if self.recovery => cli.verbose = cli.verbose.saturating_add(1),
                'c' | 't' => {
                    let rest = &letters[at + 1..];
                    let value = if rest.is_empty() { more.next() } else { Some(OsString::from(rest)) };
                    let value = value.ok_or_else(|| mistake(format!("option -{letter} needs a value")))?;
                    return self.value(letter, value);
                }
                other => return Err(mistake(format!("unknown option -{other}"))),
            }
        }
        Ok(())
    }

    fn value(&mut self, letter: char, value: OsString) -> Result<(), Parsed> {
        if letter == 'c' {
            self.cli.config = Some(PathBuf::from(value));
        } else {
            let seconds = value.to_str().and_then(|text| text.parse().ok());
            let seconds = seconds.ok_or_else(|| mistake("option -t needs a number of seconds"))?;
            self.cli.lock_timeout = Duration::from_secs(seconds);
        }
        Ok(())
    }

    fn finish(mut self) -> Parsed {
        self.cli.action = match (self.stop, self.word) {
            (true, None | Some(Action::Stop)) => Action::Stop,
            (true, Some(_)) => return mistake("-s is the action stop, so there can be no other"),
            (false, word) => word.unwrap_or(Action::Restart),
        };
        Parsed::Run(self.cli)
    }
}

fn action(word: &str, recovery: bool) -> Option<Action> {
    Some(match word.to_ascii_lowercase().as_str() {
        "start" => Action::Start,
        "restart" => Action::Restart,
        "try-restart" => Action::TryRestart,
        "stop" => Action::Stop,
        "kill" => Action::Kill,
        "reload" => Action::Reload,
        "info" => Action::Info,
        "test" | "status" => Action::Test,
        "restore" if recovery => Action::Restore,
        _ => return None,
    })
}

/// The usage text of a daemon.
pub fn usage(name: &str, recovery: bool) -> String {
    let (options, actions) = if recovery { (" [-i] [-a] [-x [-x]]", "|restore") } else { ("", "") };
    let mut text = format!(
        "usage: {name} [-vfuns] [-t locktimeout] [-c cfgfile]{options} \
         [start|stop|restart|try-restart|reload|info|test|kill{actions}]\n\n\
         without an action: stop a running {name}, then start\n\n\
         -v : print version number and exit\n\
         -f : run in foreground (also -d)\n\
         -u : log undefined config variables\n\
         -n : do not attempt to increase limit of core dump size\n\
         -s : same as stop\n\
         -t locktimeout : how long wait for lockfile, seconds (default {})\n\
         -c cfgfile : use given config file\n",
        LOCK_TIMEOUT.as_secs()
    );
    if recovery {
        text.push_str(
            "-i : ignore some metadata structure errors; only when nothing else restores your metadata\n\
             -a : automatically restore metadata from change logs\n\
             -x : produce more verbose output\n\
             -xx : even more verbose output\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Cli {
        match words(line) {
            Parsed::Run(cli) => cli,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn words(line: &str) -> Parsed {
        parse(line.split_whitespace().map(OsString::from), true)
    }

    #[test]
    fn actions() {
        assert_eq!(run("").action, Action::Restart);
        assert_eq!(run("START").action, Action::Start);
        assert_eq!(run("status").action, Action::Test);
        assert_eq!(run("-s").action, Action::Stop);
        assert_eq!(run("stop -s").action, Action::Stop);
        for bad in ["start stop", "-s start", "begin", "-z", "-c", "-t", "-t x", "-"] {
            assert!(matches!(words(bad), Parsed::Usage(Some(_))), "{bad}");
        }
        assert_eq!(words("-h"), Parsed::Usage(None));
        assert_eq!(words("-fv"), Parsed::Version);
    }

    #[test]
    fn options() {
        let cli = run("-fuc /x/y.cfg -t30 -axx -i start");
        assert!(cli.foreground && cli.log_defaults && cli.recover && cli.ignore_errors);
        assert_eq!(cli.config, Some(PathBuf::from("/x/y.cfg")));
        assert_eq!((cli.lock_timeout, cli.verbose), (Duration::from_secs(30), 2));
        assert_eq!(run("-c/x start").config, Some(PathBuf::from("/x")));
        assert!(run("-d").foreground);
    }

    #[test]
    fn recovery_is_the_masters() {
        for line in ["-a", "-i", "-x", "restore"] {
            assert!(matches!(parse([OsString::from(line)], false), Parsed::Usage(Some(_))), "{line}");
        }
        assert!(usage("mfsmaster", true).contains("restore"));
        assert!(!usage("mfsmetalogger", false).contains("restore"));
    }
}
