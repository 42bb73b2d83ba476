//! The program: commands first, then the data sets that were asked for.

use crate::options::{Options, Other, Set};
use crate::source::{NoSource, Source};
use crate::table::Block;
use crate::{commands, output, sections};
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

const HELP: &str = include_str!("help.txt");

/// Runs `mfscli` with these arguments, without the program's name. The exit status is 0 in every case but: no address
/// for the master's name, a wrong option, or with `--json` anything that could not be had.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let options = match Options::parse(args, io::stdout().is_terminal()) {
        Ok(options) => options,
        Err(Other::Help) => return print(HELP),
        Err(Other::Version) => return print(&format!("version: {}\n", types::OUR_VERSION)),
        Err(Other::Wrong(what)) => {
            eprintln!("mfscli: {what}, see mfscli -h");
            return ExitCode::FAILURE;
        }
    };
    if options.sets.is_empty() && options.commands.is_empty() {
        return print("Specify data to be shown (option -S) or command (option -C). Use '-h' for help.\n");
    }
    // Programs want addresses.
    let resolve = options.resolve && !options.json;
    let mut source = match Source::find(&options.host, options.port, resolve) {
        Ok(source) => source,
        Err(none) => return no_source(&options, &none),
    };
    for command in &options.commands {
        let text = match commands::perform(&mut source, command) {
            Ok(text) if text.is_empty() => {
                eprintln!("mfscli: there is no command \"{command}\", see mfscli -h");
                continue;
            }
            Ok(text) => text,
            Err(error) => format!("error: {error}"),
        };
        if let Err(code) = write(&format!("{text}\n")) {
            return code;
        }
    }
    if options.json { show_json(&mut source, &options) } else { show(&mut source, &options) }
}

fn print(text: &str) -> ExitCode {
    write(text).err().unwrap_or(ExitCode::SUCCESS)
}

fn write(text: &str) -> Result<(), ExitCode> {
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever read our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("mfscli: cannot write: {error}");
            Err(ExitCode::FAILURE)
        }
        Ok(()) => Ok(()),
    }
}

fn no_source(options: &Options, none: &NoSource) -> ExitCode {
    let failures = match none {
        NoSource::NoAddress => {
            let _ = write(&format!("Can't find masters (resolve '{}') !!!\n", options.host));
            return ExitCode::FAILURE;
        }
        NoSource::NoAnswer(failures) => failures,
    };
    for (_, error) in failures {
        eprintln!("mfscli: {error}");
    }
    if options.json {
        return ExitCode::FAILURE;
    }
    let mut text = String::new();
    if !options.commands.is_empty() {
        text += "Can't perform any operation because there is no leading master\n";
    }
    text +=
        "Working master servers not found !!! - maybe you are using wrong port number or wrong dns name\n";
    let of_master = ["IM", "LI", "IG", "MU", "IC", "IL", "MF"];
    for set in options.sets.iter().filter(|set| !of_master.contains(&set.code.as_str())) {
        text += &format!("section '{}' not allowed\n", set.code);
    }
    if options.sets.iter().any(|set| set.code == "IM") {
        let dead = [Block::Table(sections::all_dead(failures.iter().map(|(ip, _)| *ip)))];
        text.push('\n');
        text += &match &options.separator {
            Some(separator) => output::plain(&dead, separator),
            None => output::drawn(&dead, options.frames),
        };
    }
    print(&text)
}

/// Whether a set prints lines of its own: an empty line stands between two tables only, as in stock.
fn prints_lines(set: &Set) -> bool {
    matches!(set.code.as_str(), "IC" | "IL")
}

fn show(source: &mut Source, options: &Options) -> ExitCode {
    let mut text = String::new();
    let mut tables = 0;
    for set in &options.sets {
        let Some(blocks) = sections::blocks(source, set, options) else { continue };
        let apart = match options.separator {
            Some(_) => !prints_lines(set) && tables > 0,
            None => !text.is_empty(),
        };
        if apart {
            text.push('\n');
        }
        tables += usize::from(!prints_lines(set));
        match (blocks, &options.separator) {
            (Ok(blocks), Some(separator)) => text += &output::plain(&blocks, separator),
            (Ok(blocks), None) => text += &output::drawn(&blocks, options.frames),
            (Err(sections::SectionError::NotThere(what)), _) => text += &format!("{what}\n"),
            (Err(error), _) => eprintln!("mfscli: {}: {error}", set.code),
        }
    }
    print(&text)
}

fn show_json(source: &mut Source, options: &Options) -> ExitCode {
    let mut all = Map::new();
    let mut failed = false;
    for set in &options.sets {
        match sections::blocks(source, set, options) {
            None => {}
            Some(Ok(blocks)) => {
                all.insert(set.code.clone(), output::json(&blocks));
            }
            Some(Err(error)) => {
                eprintln!("mfscli: {}: {error}", set.code);
                failed = true;
            }
        }
    }
    let shown = print(&format!("{:#}\n", Value::Object(all)));
    if failed { ExitCode::FAILURE } else { shown }
}
