//! What `mfsscadmin create` and `change` say of a storage class.

use crate::args::Given;
use crate::failure::Stop;
use crate::labels::{self, BadLabels};
use proto::client_master::LabelSet;

/// Bits of a change.
const ADMIN: u16 = 0x01;
const MODE: u16 = 0x02;
const CREATE: u16 = 0x04;
const KEEP: u16 = 0x08;
const ARCHIVE: u16 = 0x10;
const DELAY: u16 = 0x20;
const FORCE: u16 = 0x8000;

/// The parts that were given.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ClassOptions {
    pub(super) mask: u16,
    pub(super) admin_only: u8,
    pub(super) mode: u8,
    pub(super) delay_days: u16,
    pub(super) create: Vec<LabelSet>,
    pub(super) keep: Vec<LabelSet>,
    pub(super) archive: Vec<LabelSet>,
}

fn labels(text: &[u8]) -> Result<Vec<LabelSet>, Stop> {
    labels::parse(text).map_err(|error: BadLabels| {
        let text = String::from_utf8_lossy(text);
        Stop::usage_with_line(
            error.to_string(),
            format!("\"{text}\" is no label expression, such as 2, A,B or 2[A+B],C"),
        )
    })
}

impl ClassOptions {
    pub(super) fn parse(given: &Given) -> Result<ClassOptions, Stop> {
        let mut options = ClassOptions { mode: 1, ..ClassOptions::default() };
        for (letter, value) in &given.options {
            let bytes = value.as_encoded_bytes();
            let first = bytes.first().copied().unwrap_or(0);
            let bit = match letter {
                b'a' => {
                    options.admin_only = match first {
                        b'0' | b'n' | b'N' | b'f' | b'F' => 0,
                        b'1' | b'y' | b'Y' | b't' | b'T' => 1,
                        _ => {
                            return Err(Stop::usage(
                                "unknown value for admin only flag (option '-a'): 0 or 1",
                            ));
                        }
                    };
                    ADMIN
                }
                b'm' => {
                    options.mode = match first {
                        b'l' | b'L' => 0,
                        b'd' | b'D' => 1,
                        b's' | b'S' => 2,
                        _ => return Err(Stop::usage("unknown create mode (option '-m'): l, d or s")),
                    };
                    MODE
                }
                b'C' | b'K' | b'A' => {
                    let (field, bit) = match letter {
                        b'C' => (&mut options.create, CREATE),
                        b'K' => (&mut options.keep, KEEP),
                        _ => (&mut options.archive, ARCHIVE),
                    };
                    *field = labels(bytes)?;
                    bit
                }
                b'd' => {
                    options.delay_days = days(&value.to_string_lossy())?;
                    DELAY
                }
                b'f' => FORCE,
                _ => 0,
            };
            if options.mask & bit != 0 && bit != FORCE {
                return Err(Stop::usage(format!("option '-{}' defined more than once", *letter as char)));
            }
            options.mask |= bit;
        }
        Ok(options)
    }

    /// For `create LABELS`.
    pub(super) fn keep_only(&mut self, text: &[u8]) -> Result<(), Stop> {
        self.keep = labels(text)?;
        self.mask |= KEEP;
        Ok(())
    }

    /// What a new class must have; what it leaves out is as what is kept.
    pub(super) fn complete(&mut self) -> Result<(), Stop> {
        let has = |bit: u16| self.mask & bit != 0;
        if !has(KEEP) {
            for (bit, letter) in [(CREATE, 'C'), (ARCHIVE, 'A')] {
                if has(bit) {
                    return Err(Stop::usage(format!("option '-{letter}' without '-K'")));
                }
            }
            return Err(Stop::usage("no labels: give -K LABELS"));
        }
        if has(ARCHIVE) != has(DELAY) {
            return Err(Stop::usage("option '-A' without '-d', or '-d' without '-A'"));
        }
        if !has(CREATE) {
            self.create.clone_from(&self.keep);
        }
        if !has(ARCHIVE) {
            self.archive.clone_from(&self.keep);
        }
        Ok(())
    }
}

fn days(text: &str) -> Result<u16, Stop> {
    text.parse()
        .map_err(|_| Stop::usage(format!("\"{text}\" is no number of days (option '-d'), 0 to 65535")))
}
