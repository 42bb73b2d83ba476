//! `mfsmetadump` (`spec/tools.md` 13): an image as text, byte for byte as stock's tool prints it.

use crate::getopt::{Word, words};
use ondisk::dump::{DumpError, DumpOptions, write_dump_with};
use std::ffi::OsString;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

const USAGE: &str = "usage: mfsmetadump [-d] [-s section to dump] metadata.mfs
options:
\td: print dot instead of non printable characters
\ts: dump only given section
section names:
\tHEAD - header info
\tSESS - client sessions
\tLABS - labels (not used)
\tSCLA - storage classes
\tNODE - tree nodes (i-nodes)
\tEDGE - tree edges (file names)
\tFREE - free nodes (deleted i-nodes)
\tQUOT - quota definitions
\tXATR - xattr data
\tPACL - posix acl data
\tOPEN - open files
\tFLCK - flock data
\tPLCK - posix locks (lockf,ioctl) data
\tCSDB - active chunkservers
\tCHNK - chunks
";

/// Runs the program; `args` are those behind its name.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let (mut dots, mut only, mut file) = (false, None, None);
    for word in words(args, b"d", b"s") {
        match word {
            Word::Option(b'd', _) => dots = true,
            Word::Option(_, value) => only = value.map(|value| value.to_string_lossy().into_owned()),
            Word::Name(name) => {
                file.get_or_insert(name);
            }
            Word::Unknown(letter) => return usage(&format!("invalid option -- '{}'", char::from(letter))),
            Word::NoValue(letter) => {
                return usage(&format!("option requires an argument -- '{}'", char::from(letter)));
            }
        }
    }
    let Some(file) = file else { return usage("") };
    let Ok(image) = std::fs::read(&file) else {
        println!("can't open metadata file");
        return ExitCode::FAILURE;
    };
    let options = DumpOptions { dots, only: only.as_deref() };
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let result = write_dump_with(&image, &options, &mut out);
    let flushed = out.flush();
    match result {
        Err(DumpError::Output(error)) => failed(&error.to_string()),
        // Stock's words are in the output; the place of the damage is said beside it.
        Err(DumpError::Image(error)) => failed(&error.to_string()),
        Ok(()) => flushed.map_or_else(|error| failed(&error.to_string()), |()| ExitCode::SUCCESS),
    }
}

fn usage(mistake: &str) -> ExitCode {
    if !mistake.is_empty() {
        eprintln!("mfsmetadump: {mistake}");
    }
    print!("{USAGE}");
    ExitCode::FAILURE
}

fn failed(why: &str) -> ExitCode {
    eprintln!("mfsmetadump: {why}");
    ExitCode::FAILURE
}
