//! Quotas of directories (`spec/tools.md` 11).

use crate::args::Given;
use crate::failure::{Failure, Stop};
use crate::mounts::{Access, Target, Trouble, body};
use crate::numbers::{Kind, Style, parse_limit, parse_seconds};
use crate::run::{FAILED, Job};
use proto::client_master::{FuseQuotacontrol, FuseQuotacontrolReply, QuotaLimits, QuotaState};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use types::MsgId;

/// Letters of the soft limits, in the order of the bits; hard ones are capitals and four bits up.
const LIMITS: [(u8, &str, &str); 4] = [
    (b'i', "inodes", "inodes"),
    (b'l', "length", "length"),
    (b's', "size", "size"),
    (b'r', "realsize", "real size"),
];

/// What is asked of the master.
#[derive(Debug, Clone, Copy)]
struct Change {
    flags: u8,
    set: Option<(u32, QuotaLimits, QuotaLimits)>,
}

const LOOK: Change = Change { flags: 0, set: None };

/// The limit that a letter stands for: its bit, its name, and how errors call it.
fn limit(letter: u8) -> Option<(u8, String, &'static str)> {
    let bit = LIMITS.iter().position(|(soft, ..)| *soft == letter.to_ascii_lowercase())?;
    let (_, name, long) = LIMITS[bit];
    let hard = letter.is_ascii_uppercase();
    Some((
        if hard { 16 << bit } else { 1 << bit },
        format!("{} {name}", if hard { "hard" } else { "soft" }),
        long,
    ))
}

/// `mfsgetquota`
pub(crate) fn get(job: &mut Job) -> Result<u8, Stop> {
    each(job, LOOK, Access::Read)
}

/// `mfssetquota`
pub(crate) fn set(job: &mut Job) -> Result<u8, Stop> {
    only_root()?;
    let change = Change::to_set(&job.given)?;
    each(job, change, Access::Write)
}

/// `mfsdelquota`
pub(crate) fn delete(job: &mut Job) -> Result<u8, Stop> {
    only_root()?;
    let change = Change::to_delete(&job.given)?;
    each(job, change, Access::Write)
}

/// `mfscopyquota`
pub(crate) fn copy(job: &mut Job) -> Result<u8, Stop> {
    let mut names = job.names(2)?;
    let targets = names.split_off(1);
    let state = match control(job, &names[0], LOOK, Access::Read) {
        Ok(state) => state,
        Err(failure) => {
            job.fail(failure)?;
            return Ok(FAILED);
        }
    };
    job.print(shown(job.style, &names[0], &state))?;
    job.given.names = targets;
    each(job, Change { flags: state.flags, set: Some((state.grace, state.soft, state.hard)) }, Access::Write)
}

fn only_root() -> Result<(), Stop> {
    let root = super::attributes::uid() == 0;
    if root { Ok(()) } else { Err(Stop::usage("only root can change quota")) }
}

impl Change {
    fn to_set(given: &Given) -> Result<Change, Stop> {
        let (mut soft, mut hard) = (QuotaLimits::default(), QuotaLimits::default());
        let (mut flags, mut grace) = (0, 0);
        for (letter, value) in &given.options {
            let text = value.to_string_lossy();
            if *letter == b'p' {
                let bad = || {
                    Stop::usage(format!(
                        "bad grace period \"{text}\": seconds, or a number with s, m, h, d or w"
                    ))
                };
                grace = parse_seconds(&text).ok_or_else(bad)?.unwrap_or(0);
                continue;
            }
            let Some((bit, name, long)) = limit(*letter) else { continue };
            if flags & bit != 0 {
                return Err(Stop::usage(format!("'{name}' quota defined twice")));
            }
            let bad = || {
                Stop::usage(format!(
                    "bad {long} limit \"{text}\": a number, with k, M, G, … or Ki, Mi, Gi, …"
                ))
            };
            let n = parse_limit(&text, bit & 0x11 == 0).ok_or_else(bad)?;
            let group = if bit < 16 { &mut soft } else { &mut hard };
            match letter.to_ascii_lowercase() {
                b'i' => group.inodes = u32::try_from(n).map_err(|_| bad())?,
                b'l' => group.length = n,
                b's' => group.size = n,
                _ => group.real_size = n,
            }
            flags |= bit;
        }
        if flags == 0 {
            return Err(Stop::usage("quota options not defined"));
        }
        Ok(Change { flags, set: Some((grace, soft, hard)) })
    }

    fn to_delete(given: &Given) -> Result<Change, Stop> {
        let mut flags = 0;
        for (letter, _) in &given.options {
            let letters: &[u8] = match letter {
                b'a' => b"ilsr",
                b'A' => b"ILSR",
                other => std::slice::from_ref(other),
            };
            for (bit, name, _) in letters.iter().filter_map(|letter| limit(*letter)) {
                if flags & bit != 0 {
                    return Err(Stop::usage(format!("'{name}' option given twice")));
                }
                flags |= bit;
            }
        }
        if flags == 0 {
            return Err(Stop::usage("quota options not defined"));
        }
        Ok(Change { flags, set: None })
    }
}

fn each(job: &mut Job, change: Change, access: Access) -> Result<u8, Stop> {
    let names = job.names(1)?;
    let well = job.each(&names, |job, name| {
        control(job, name, change, access).map(|state| shown(job.style, name, &state))
    })?;
    Ok(if well { 0 } else { FAILED })
}

fn control(job: &mut Job, name: &OsStr, change: Change, access: Access) -> Result<QuotaState, Failure> {
    let Target { inode, .. } = job.mounts.open(name, access)?;
    let request = FuseQuotacontrol { msgid: MsgId(0), inode, flags: change.flags, set: change.set };
    let answer: Result<FuseQuotacontrolReply, Trouble> = job.mounts.ask(&request);
    answer.and_then(|answer| body(answer.reply)).map_err(|trouble| trouble.about(name))
}

fn shown(style: Style, name: &OsStr, state: &QuotaState) -> Vec<u8> {
    let grace = if state.grace == 0 { "default".to_owned() } else { format!("{} seconds", state.grace) };
    let mut text = name.as_bytes().to_vec();
    text.extend_from_slice(b": (current values | soft quota | hard quota) ; soft quota grace period: ");
    text.extend_from_slice(grace.as_bytes());
    text.push(b'\n');
    let values =
        |limits: &QuotaLimits| [u64::from(limits.inodes), limits.length, limits.size, limits.real_size];
    let (current, soft, hard) = (values(&state.current), values(&state.soft), values(&state.hard));
    for (row, (_, label, _)) in LIMITS.iter().enumerate() {
        let kind = if row == 0 { Kind::Wide } else { Kind::Bytes };
        let limit = |bit: u8, n: u64| {
            if state.flags & bit != 0 { style.column(kind, n) } else { style.undefined() }
        };
        let line = format!(
            " {label:<8} | {} | {} | {} |\n",
            style.column(kind, current[row]),
            limit(1 << row, soft[row]),
            limit(16 << row, hard[row]),
        );
        text.extend_from_slice(line.as_bytes());
    }
    text
}
