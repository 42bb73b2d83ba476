//! From text to lines.

use super::{AddressRange, Export, ExportOptions};
use thiserror::Error;
use types::DISABLE_WORDS;

/// A line, or a part of one, that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {what}{}", if *.dropped { " - line ignored" } else { "" })]
pub struct LineError {
    /// Line number, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub what: String,
    /// True when the whole line is left out; false when only the option in question is.
    pub dropped: bool,
}

/// Reads the whole file. Lines that cannot be used are told and left out; the rest counts.
pub fn parse_exports(text: &str) -> (Vec<Export>, Vec<LineError>) {
    let mut exports = Vec::new();
    let mut errors = Vec::new();
    let mut defaults = ExportOptions::defaults();
    let mut root_given = false;
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let mut notes = Vec::new();
        let (first, rest) = split_word(text);
        let result = if first.eq_ignore_ascii_case("DEFAULTS") {
            parse_defaults(line, rest, &mut defaults, &mut root_given, &mut notes)
        } else {
            parse_line(line, first, rest, &defaults, root_given, &mut notes)
        };
        errors.extend(notes.into_iter().map(|what| LineError { line, what, dropped: false }));
        match result {
            Ok(export) => exports.push(export),
            Err(what) => errors.push(LineError { line, what, dropped: true }),
        }
    }
    (exports, errors)
}

fn split_word(text: &str) -> (&str, &str) {
    text.split_once([' ', '\t']).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

/// Such a line becomes an entry too, one that no client matches, so that the checksum depends on it.
fn parse_defaults(
    line: u32,
    rest: &str,
    defaults: &mut ExportOptions,
    root_given: &mut bool,
    notes: &mut Vec<String>,
) -> Result<Export, String> {
    let mut options = defaults.clone();
    let maproot = parse_options(rest, &mut options, false, notes)?;
    *defaults = options.clone();
    *root_given |= maproot;
    Ok(Export { line, range: AddressRange::NOBODY, meta: false, path: Vec::new(), options })
}

fn parse_line(
    line: u32,
    address: &str,
    rest: &str,
    defaults: &ExportOptions,
    root_given: bool,
    notes: &mut Vec<String>,
) -> Result<Export, String> {
    let range = AddressRange::parse(address).ok_or_else(|| {
        format!("bad address '{address}': use *, a.b.c.d, a.b.c.d/bits, a.b.c.d/mask or a.b.c.d-e.f.g.h")
    })?;
    let (path, rest) = split_word(rest);
    if path.is_empty() {
        return Err("path is missing: use '/', a directory, or '.' for the trash".into());
    }
    let meta = path == ".";
    let mut options = defaults.clone();
    if meta && !root_given {
        options.root = (0, 0);
    }
    parse_options(rest, &mut options, meta, notes)?;
    let path = if meta { Vec::new() } else { path.trim_matches('/').as_bytes().to_vec() };
    Ok(Export { line, range, meta, path, options })
}

/// Returns whether `maproot` was among them.
fn parse_options(
    text: &str,
    options: &mut ExportOptions,
    meta: bool,
    notes: &mut Vec<String>,
) -> Result<bool, String> {
    let mut maproot = None;
    let mut mapall = None;
    for option in text.split(',').map(str::trim).filter(|o| !o.is_empty()) {
        let (key, value) = option.split_once('=').map_or((option, None), |(k, v)| (k, Some(v)));
        let senseless = ["alldirs", "ignoregid", "admin", "canchangequota", "maproot", "mapall", "disable"];
        if meta && senseless.contains(&key) {
            notes.push(format!("option '{key}' has no meaning for '.' and is ignored"));
            continue;
        }
        match (key, value) {
            ("ro" | "readonly", None) => options.writable = false,
            ("rw" | "readwrite", None) => options.writable = true,
            ("alldirs", None) => options.alldirs = true,
            ("dynamicip", None) => options.dynamic_ip = true,
            ("ignoregid", None) => options.ignore_gid = true,
            ("admin" | "canchangequota", None) => options.admin = true,
            ("maproot", Some(ids)) => maproot = Some(parse_ids(ids)?),
            ("mapall", Some(ids)) => mapall = Some(parse_ids(ids)?),
            ("password", Some(text)) => options.password = Some(md5::compute(text).0),
            ("md5pass", Some(hex)) => options.password = Some(parse_md5(hex)?),
            ("minversion", Some(text)) => options.min_version = parse_version(text)?,
            ("mingoal", Some(text)) => options.goals.0 = parse_goal(text)?,
            ("maxgoal", Some(text)) => options.goals.1 = parse_goal(text)?,
            ("mintrashtime", Some(text)) => options.trash_times.0 = parse_time(text)?,
            ("maxtrashtime", Some(text)) => options.trash_times.1 = parse_time(text)?,
            ("umask", Some(text)) => options.umask = parse_umask(text)?,
            ("disable", Some(words)) => {
                for word in words.split(':') {
                    match DISABLE_WORDS.iter().position(|w| *w == word) {
                        Some(bit) => options.disables |= 1 << bit,
                        None => notes.push(format!("unknown operation '{word}' in 'disable' is ignored")),
                    }
                }
            }
            _ => notes.push(format!("unknown option '{option}' is ignored")),
        }
        if options.goals.0 > options.goals.1 {
            return Err("mingoal is greater than maxgoal".into());
        }
        if options.trash_times.0 > options.trash_times.1 {
            return Err("mintrashtime is greater than maxtrashtime".into());
        }
    }
    if let Some(ids) = mapall {
        options.mapall = Some(ids);
        options.root = ids;
    }
    if let Some(ids) = maproot {
        options.root = ids;
    }
    Ok(maproot.is_some())
}

/// `U` or `U:G`, numbers or names.
fn parse_ids(text: &str) -> Result<(u32, u32), String> {
    let (user, group) = text.split_once(':').map_or((text, None), |(u, g)| (u, Some(g)));
    let entry = match user.parse::<u32>() {
        Ok(uid) if group.is_some() => return Ok((uid, parse_group(group.unwrap_or_default())?)),
        Ok(uid) => nix::unistd::User::from_uid(uid.into()),
        Err(_) => nix::unistd::User::from_name(user),
    };
    let entry = entry.ok().flatten().ok_or_else(|| format!("user '{user}' is not known on this machine"))?;
    let gid = group.map_or(Ok(entry.gid.as_raw()), parse_group)?;
    Ok((entry.uid.as_raw(), gid))
}

fn parse_group(text: &str) -> Result<u32, String> {
    if let Ok(gid) = text.parse() {
        return Ok(gid);
    }
    let group = nix::unistd::Group::from_name(text).ok().flatten();
    group.map(|g| g.gid.as_raw()).ok_or_else(|| format!("group '{text}' is not known on this machine"))
}

fn parse_md5(hex: &str) -> Result<[u8; 16], String> {
    let bad = || "md5pass takes 32 hexadecimal digits".to_owned();
    if hex.len() != 32 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(bad());
    }
    let number = u128::from_str_radix(hex, 16).map_err(|_| bad())?;
    Ok(number.to_be_bytes())
}

/// `x[.y[.z]]`, each 0 to 255.
fn parse_version(text: &str) -> Result<u32, String> {
    let bad = || format!("bad version '{text}': use x, x.y or x.y.z, each 0 to 255");
    let parts: Vec<u8> = text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| bad())?;
    if parts.len() > 3 {
        return Err(bad());
    }
    let part = |i: usize| u32::from(parts.get(i).copied().unwrap_or(0));
    Ok(part(0) << 16 | part(1) << 8 | part(2))
}

fn parse_goal(text: &str) -> Result<u8, String> {
    match text.parse() {
        Ok(goal @ 1..=9) => Ok(goal),
        _ => Err(format!("bad goal '{text}': use 1 to 9")),
    }
}

/// Seconds, or `#W#D#H#M#S` parts in that order.
fn parse_time(text: &str) -> Result<u32, String> {
    let bad = || format!("bad time '{text}': use seconds, or parts like 2W3D12H30M15S in that order");
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let units = [('W', 604_800), ('D', 86_400), ('H', 3600), ('M', 60), ('S', 1)];
    let (mut total, mut rest, mut next_unit) = (0u64, text, 0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
        let letter = rest[digits..].chars().next().ok_or_else(bad)?.to_ascii_uppercase();
        let unit =
            units.iter().position(|(l, _)| *l == letter).filter(|u| *u >= next_unit).ok_or_else(bad)?;
        total = number.checked_mul(units[unit].1).and_then(|n| total.checked_add(n)).ok_or_else(bad)?;
        next_unit = unit + 1;
        rest = &rest[digits + letter.len_utf8()..];
    }
    u32::try_from(total).map_err(|_| bad())
}

/// Exactly `0` and three octal digits.
fn parse_umask(text: &str) -> Result<u16, String> {
    let octal = text.len() == 4 && text.starts_with('0') && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    let value = octal.then(|| u16::from_str_radix(text, 8).ok()).flatten();
    value.ok_or_else(|| {
        format!("incorrect umask definition '{text}': use 0 and three octal digits, as in 0027")
    })
}
