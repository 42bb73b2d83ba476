//! The lines of a configuration file.

/// One line that says something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `NAME = VALUE`.
    Definition { name: String, value: String },
    /// Not empty, not a comment, not a definition; ignored with a warning.
    Bad(String),
}

/// The lines of a file with their numbers from 1. A comment has its `#` in column 0; one further right is not a
/// comment, and one inside a value is part of it.
///
/// One difference to stock, which ignores (with a warning) lines with bytes outside ASCII: valid UTF-8 is accepted in
/// values, so that directories may have any name. There is no limit on the length of a line either.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = (usize, Line)> {
    text.split(|&b| b == b'\n').enumerate().filter_map(|(i, line)| Some((i + 1, parse(line)?)))
}

fn parse(line: &[u8]) -> Option<Line> {
    if line.first() == Some(&b'#') {
        return None;
    }
    let line = line.trim_ascii();
    if line.is_empty() {
        return None;
    }
    Some(definition(line).unwrap_or_else(|| Line::Bad(line.escape_ascii().to_string())))
}

fn definition(line: &[u8]) -> Option<Line> {
    let name_len = line.iter().position(|&b| !(33..127).contains(&b) || b == b'=')?;
    let (name, rest) = line.split_at(name_len);
    let value = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii();
    if name.is_empty() || value.contains(&0) {
        return None;
    }
    let value = str::from_utf8(value).ok()?.to_owned();
    Some(Line::Definition { name: String::from_utf8_lossy(name).into_owned(), value })
}
