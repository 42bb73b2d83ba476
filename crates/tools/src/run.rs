//! Calls a tool: takes its command line apart, prints what it says, and its help.

use crate::args::{BadOption, Given};
use crate::failure::{Failure, Stop};
use crate::mounts::Mounts;
use crate::numbers::Style;
use crate::table::TOOLS;
use crate::tool::{Tool, called};
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, StdoutLock, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

/// Exit status for a wrong command line, and when an object failed.
pub(crate) const FAILED: u8 = 1;
/// Exit status of the tools that stock lets return -1.
pub(crate) const MINUS_ONE: u8 = 255;

/// One call of a tool.
#[derive(Debug)]
pub(crate) struct Job {
    /// Its command line.
    pub(crate) given: Given,
    /// How it shows numbers.
    pub(crate) style: Style,
    /// The way to the master.
    pub(crate) mounts: Mounts,
    out: StdoutLock<'static>,
}

impl Job {
    /// For `given`, with the style that it and the environment ask for.
    pub(crate) fn new(given: Given) -> Job {
        let style = Style::from_options(&given, std::env::var_os("MFSHRFORMAT").as_deref());
        Job { given, style, mounts: Mounts::default(), out: io::stdout().lock() }
    }

    /// The names given, taken out. At least `least` of them.
    pub(crate) fn names(&mut self, least: usize) -> Result<Vec<OsString>, Stop> {
        let names = std::mem::take(&mut self.given.names);
        if names.len() < least {
            return Err(Stop::usage(if names.is_empty() {
                "nothing to work on"
            } else {
                "too few arguments"
            }));
        }
        Ok(names)
    }

    /// Prints bytes, at once.
    pub(crate) fn print(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        self.out.write_all(text.as_ref())?;
        self.out.flush()
    }

    /// Prints the line of a failure.
    pub(crate) fn fail(&mut self, Failure(mut line): Failure) -> io::Result<()> {
        line.push(b'\n');
        self.print(line)
    }

    /// Prints what `work` says of each name, or why it failed; then goes on. Tells whether all went well.
    pub(crate) fn each(
        &mut self,
        names: &[OsString],
        mut work: impl FnMut(&mut Job, &OsStr) -> Result<Vec<u8>, Failure>,
    ) -> Result<bool, Stop> {
        let mut well = true;
        for name in names {
            match work(self, name) {
                Ok(text) => self.print(text)?,
                Err(failure) => {
                    well = false;
                    self.fail(failure)?;
                }
            }
        }
        Ok(well)
    }
}

/// `NAME: text` and a newline.
pub(crate) fn line(name: &OsStr, text: impl AsRef<[u8]>) -> Vec<u8> {
    [name.as_bytes(), b": ", text.as_ref(), b"\n"].concat()
}

/// `NAME:` and the lines below it.
pub(crate) fn block(name: &OsStr, lines: impl AsRef<[u8]>) -> Vec<u8> {
    [name.as_bytes(), b":\n", lines.as_ref()].concat()
}

/// Runs the tool that `name` calls with these arguments; `name` must be in the [table](TOOLS).
pub fn run(name: &str, args: Vec<OsString>) -> ExitCode {
    let Some((tool, implied)) = called(name) else {
        eprintln!("unknown binary name: {name} is no tool");
        return ExitCode::from(FAILED);
    };
    if name.starts_with("mfsr") && implied == ["-r"] {
        // The very words: they have been in the output of scripts for years.
        eprintln!("deprecated tool - use \"{} -r\"", tool.name);
    }
    let args = implied.iter().map(OsString::from).chain(args);
    let parsed = if tool.actions { Given::words(args) } else { Given::parse(tool.options(), args) };
    let stopped = match parsed {
        Ok(given) => match (tool.run)(&mut Job::new(given)) {
            Ok(status) => return ExitCode::from(status),
            Err(stop) => stop,
        },
        Err(BadOption::Help) => return print_help(&tool.help()),
        Err(BadOption::Version) => return print_help(&format!("version: {}\n", types::OUR_VERSION)),
        Err(bad) => Stop::usage(bad.to_string()),
    };
    match stopped {
        Stop::Usage { line, message } => {
            if let Some(line) = line {
                // The status says it too, if nobody can read this.
                let _ = writeln!(io::stdout(), "{line}");
            }
            eprint!("{}", tool.wrong_usage(&message));
        }
        // Whoever read our output has seen enough.
        Stop::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Stop::Output(error) => eprintln!("{}: cannot write: {error}", tool.name),
    }
    ExitCode::from(FAILED)
}

fn print_help(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

/// Explains something about a failure to people, not to scripts: only on a terminal.
pub(crate) fn hint(text: &str) {
    if io::stderr().is_terminal() {
        eprintln!("hint: {text}");
    }
}

/// `mfstools`: makes links to itself, or is the tool that its first argument names.
pub fn multi_call(mut args: Vec<OsString>) -> ExitCode {
    let first = args.first().map(|arg| arg.to_string_lossy().into_owned());
    match first.as_deref() {
        Some("create") if args.len() == 1 => create_links(),
        Some("--help") => print_help(&overview()),
        Some(name) if called(name).is_some() => run(name, args.split_off(1)),
        Some(name) => {
            eprintln!("unknown binary name: {name} is no tool, see mfstools --help");
            ExitCode::from(FAILED)
        }
        None => {
            eprint!("{}", overview());
            ExitCode::from(FAILED)
        }
    }
}

fn overview() -> String {
    let mut text = String::from(
        "All tools in one program\n\nusage:\n  mfstools create           make links to it under all names, in this \
         directory\n  mfstools mfsTOOL [...]    be that tool\n\ntools:\n",
    );
    for tool in TOOLS {
        text += &format!("  {:<18} {}\n", tool.name, tool.about);
    }
    text
}

fn create_links() -> ExitCode {
    eprintln!("create symlinks");
    for name in TOOLS.iter().flat_map(Tool::linked_names) {
        if let Err(error) = std::os::unix::fs::symlink("mfstools", name) {
            eprintln!("error creating symlink '{name}': {error}");
            return ExitCode::from(FAILED);
        }
    }
    ExitCode::SUCCESS
}
