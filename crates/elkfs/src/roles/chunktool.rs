//! `mfschunktool`: stock's check of chunk files (`spec/tools.md`).

use chunkstore::offline::{Offline, check_file};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: mfschunktool [-frnex] chunk_file ...

-f: fast check (check only header and crc of last data block)
-r: repair (fix header info from file name and recalculate crc); the file as it was is kept beside it
-n: when file name is wrong then try to fix it using header
-e: force checking crc values for non existing blocks in chunks 1.0 - may fail in case of chunks that were truncated
-x: print 'OK' for good files";

/// The exit status is a bit mask over all files.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    let (mut options, mut tell_good, mut files) = (Offline::default(), false, Vec::new());
    let mut only_files = false;
    for argument in args {
        let text = argument.to_string_lossy();
        if only_files || !text.starts_with('-') || text == "-" {
            files.push(PathBuf::from(argument));
            continue;
        }
        only_files = text == "--";
        for letter in text.chars().skip(if only_files { 2 } else { 1 }) {
            match letter {
                'f' => options.fast = true,
                'r' => options.repair = true,
                'n' => options.fix_name = true,
                'e' => options.empty_blocks = true,
                'x' => tell_good = true,
                'v' => {
                    println!("version: 3.0.117-1");
                    return ExitCode::SUCCESS;
                }
                _ => return usage(),
            }
        }
    }
    if files.is_empty() {
        return usage();
    }
    let mut bits = 0;
    for file in files {
        let checked = check_file(&file, options);
        let name = file.display();
        for finding in &checked.findings {
            if finding.is_deed() {
                println!("{name}: {finding}");
            } else {
                eprintln!("{name}: {finding}");
            }
        }
        if let Some(kept) = &checked.kept {
            eprintln!("{name}: the file as it was is kept as {}", kept.display());
        }
        if tell_good && checked.is_good() {
            println!("{name}: OK");
        }
        bits |= checked.bits();
    }
    ExitCode::from(bits)
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::SUCCESS
}
