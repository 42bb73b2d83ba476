//! Values of options: from text, into their range.

use crate::options::Kind;
use std::fmt;

/// A value in its option's range.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Int(i64),
    Real(f64),
    Four([f64; 4]),
    Size(u64),
    /// A number without a default that is not set.
    Unset,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Int(n) => n.fmt(f),
            Value::Real(x) => x.fmt(f),
            Value::Four([a, b, c, d]) => write!(f, "{a},{b},{c},{d}"),
            Value::Size(bytes) => write!(f, "{bytes}B"),
            Value::Unset => f.write_str("(undefined)"),
        }
    }
}

/// A value and what the operator should be told about how it was taken.
pub(super) type Taken = Result<(Value, Option<String>), String>;

/// Reads `text` as `kind` takes it. The error says what is wrong with it.
pub(super) fn take(kind: &Kind, text: &str) -> Taken {
    match kind {
        Kind::Text | Kind::Path => Ok((Value::Text(text.to_owned()), None)),
        Kind::Host if text.is_empty() || text.contains([' ', '\t', '/']) => {
            Err(format!("'{text}' is no host"))
        }
        Kind::Host => Ok((Value::Text(text.to_owned()), None)),
        Kind::Word(words) => {
            let word = text.to_ascii_uppercase();
            if words.contains(&word.as_str()) {
                Ok((Value::Text(word), None))
            } else {
                Err(format!("'{text}' is not known"))
            }
        }
        Kind::Flag => take_int(text, i64::MIN, i64::MAX),
        Kind::Int { min, max } => take_int(text, *min, *max),
        Kind::Real { min, max } => take_real(text, *min, *max),
        Kind::Port => take_port(text),
        Kind::Four => take_four(text).ok_or_else(|| format!("'{text}' is neither")).map(|v| (v, None)),
        Kind::Size => {
            let size = parse_size(text).ok_or_else(|| format!("'{text}' is no size"))?;
            Ok((Value::Size(size), None))
        }
    }
}

/// A whole number in C notation at the start of `text`, and what follows it. Saturates.
pub fn parse_int(text: &str) -> Option<(i64, &str)> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let hex = hex.filter(|rest| rest.starts_with(|c: char| c.is_ascii_hexdigit()));
    let (radix, digits) = match hex {
        Some(rest) => (16, rest),
        None if digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    if end == 0 {
        return None;
    }
    let value = i64::from_str_radix(&digits[..end], radix).unwrap_or(i64::MAX);
    Some((if negative { -value } else { value }, &digits[end..]))
}

fn take_int(text: &str, min: i64, max: i64) -> Taken {
    if text.is_empty() {
        // What stock reads out of it.
        return clamp_int(0, min, max, Some("an empty value is read as 0".into()));
    }
    let (value, rest) = parse_int(text).ok_or_else(|| format!("'{text}' is no number"))?;
    let octal = rest.starts_with(['8', '9']);
    if octal {
        return Err(format!("'{text}' starts with 0 and so is octal, where {} is no digit", &rest[..1]));
    }
    let note = (!rest.is_empty()).then(|| format!("'{}' after the number is ignored", rest.trim()));
    clamp_int(value, min, max, note)
}

fn clamp_int(value: i64, min: i64, max: i64, note: Option<String>) -> Taken {
    let clamped = value.clamp(min, max);
    let note =
        if clamped == value { note } else { Some(format!("{value} is out of range, using {clamped}")) };
    Ok((Value::Int(clamped), note))
}

fn take_real(text: &str, min: f64, max: f64) -> Taken {
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(text.len());
    let value: f64 = text[..end].parse().map_err(|_| format!("'{text}' is no number"))?;
    let clamped = value.clamp(min, max);
    let note = if clamped != value {
        Some(format!("{value} is out of range, using {clamped}"))
    } else {
        (end < text.len()).then(|| format!("'{}' after the number is ignored", text[end..].trim()))
    };
    Ok((Value::Real(clamped), note))
}

fn take_port(text: &str) -> Taken {
    let port = match text.parse::<u16>() {
        Ok(port) => Some(port),
        Err(_) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => service(text),
        Err(_) => None,
    };
    match port {
        Some(port) if port != 0 => Ok((Value::Int(port.into()), None)),
        _ => Err(format!("'{text}' is no port")),
    }
}

/// The TCP port of a service in `/etc/services`.
fn service(name: &str) -> Option<u16> {
    let known = std::fs::read_to_string("/etc/services").ok()?;
    known.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let first = words.next()?;
        let port = words.next()?.strip_suffix("/tcp")?;
        (first == name || words.any(|alias| alias == name)).then(|| port.parse().ok())?
    })
}

fn take_four(text: &str) -> Option<Value> {
    let parts: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let parts = parts.filter(|parts| parts.iter().all(|x| (0.0..=1e6).contains(x)))?;
    match parts[..] {
        [all] => Some(Value::Four([all; 4])),
        [a, b, c, d] => Some(Value::Four([a, b, c, d])),
        _ => None,
    }
}

/// A number of bytes such as `256MiB`, `1.5T`, `.5Gi`, `4096B` (`spec/wire-chunkserver.md` 4.8). `None` if it is not one or
/// does not fit.
pub fn parse_size(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    if !number.bytes().any(|b| b.is_ascii_digit()) || number.matches('.').count() > 1 {
        return None;
    }
    let unit = unit.trim_start_matches(' ');
    let unit = unit.strip_suffix('B').unwrap_or(unit);
    let (unit, base) = match unit.strip_suffix('i') {
        Some(unit) => (unit, 1024_u64),
        None => (unit, 1000),
    };
    // Only a lower-case k is known of the powers of 1000.
    let power = match (unit, base) {
        ("", 1000) => 0,
        ("k", 1000) | ("K", 1024) => 1,
        ("M", _) => 2,
        ("G", _) => 3,
        ("T", _) => 4,
        ("P", _) => 5,
        ("E", _) => 6,
        _ => return None,
    };
    let scale = base.pow(power);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse::<f64>().ok()? };
    // A fraction below one of at most 2^60 bytes: exact enough in a double, and never negative.
    let fraction = (fraction * scale as f64) as u64;
    whole.checked_mul(scale)?.checked_add(fraction)
}
