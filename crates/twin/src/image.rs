//! The two images after a run: side effects that no answer showed.

use crate::pair::Divergence;
use crate::rules::Difference;
use anyhow::{Context, Result};
use ondisk::dump::write_dump;
use std::collections::{BTreeMap, BTreeSet};

/// What may differ between the dumps, and why; the code is in `masked`.
pub const ALLOWED: &[(&str, &str)] = &[
    ("NODE a: m: c:", "2 seconds: the two masters look at the clock one after the other"),
    ("NODE order", "the order of a hash table"),
    ("SESSION e:", "a checksum of the exports: any number that changes with them"),
    ("SESSION d:", "when the client was seen to be gone"),
    ("header version, fileid", "the number of changelog lines, and an id drawn by lot"),
    ("NODE, OPEN of closed deleted files", "they go one bucket a second"),
    (
        "CHUNK",
        "chunks nobody uses any more go with a background loop; the others' ids and versions are compared",
    ),
    ("CSDB", "which chunkserver got which id, as far as their links raced"),
    ("FREE", "closed deleted files go one bucket a second"),
    ("QUOTA time", "when a soft limit was first exceeded: 2 seconds"),
];

/// Compares the dumps of stock's and our image.
pub fn compare(images: &[Vec<u8>; 2], limbo: &BTreeSet<u32>) -> Result<Vec<Divergence>> {
    let mut dumps = Vec::new();
    for image in images {
        let mut text = Vec::new();
        write_dump(image, &mut text).context("dump an image")?;
        dumps.push(sections(&String::from_utf8_lossy(&text), limbo));
    }
    let [stock, ours] = &dumps[..] else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let names: BTreeSet<&String> = stock.keys().chain(ours.keys()).collect();
    for name in names {
        let empty = Vec::new();
        let (a, b) = (stock.get(name).unwrap_or(&empty), ours.get(name).unwrap_or(&empty));
        let what = compare_section(name, a, b);
        if !what.is_empty() {
            let command = format!("Image {name}: {} lines differ", what.len());
            let (stock, ours) = (format!("{} lines", a.len()), format!("{} lines", b.len()));
            let what = what.into_iter().take(12).collect();
            found.push(Divergence { step: u64::MAX, client: 0, command, what, stock, ours });
        }
    }
    Ok(found)
}

/// Lines of each section by their first word, without those that may be there or not.
fn sections(dump: &str, limbo: &BTreeSet<u32>) -> BTreeMap<String, Vec<String>> {
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in dump.lines() {
        let Some((name, _)) = line.split_once('|') else { continue };
        if matches!(name, "CSERV" | "FREE" | "FREEID") || name.starts_with('#') {
            continue;
        }
        let inode = number_after(line, "|i:");
        if matches!(name, "NODE" | "OPEN" | "EDGE" | "XATTR" | "ACL")
            && inode.is_some_and(|i| limbo.contains(&i))
        {
            continue;
        }
        sections.entry(name.to_owned()).or_default().push(line.to_owned());
    }
    for lines in sections.values_mut() {
        lines.sort_by_key(|line| masked(line).0);
    }
    sections
}

fn number_after(line: &str, mark: &str) -> Option<u32> {
    let rest = line.split_once(mark)?.1.trim_start();
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A line without its times, and the times.
fn masked(line: &str) -> (String, Vec<u64>) {
    let mut text = String::new();
    let mut times = Vec::new();
    for field in line.split_inclusive(['|', ',']) {
        let (value, end) = match field.strip_suffix(['|', ',']) {
            Some(value) => (value, &field[value.len()..]),
            None => (field, ""),
        };
        let name = value.split(':').next().unwrap_or_default();
        let rest = value.strip_prefix(name).unwrap_or_default().trim_start_matches([':', ' ']);
        let session = line.starts_with("SESSION");
        match (name, rest.parse::<u64>()) {
            ("a" | "m" | "c", Ok(time)) if line.starts_with("NODE") => times.push(time),
            ("e" | "d", _) if session => {}
            _ => text.push_str(value),
        }
        text.push_str(end);
    }
    (text, times)
}

fn compare_section(name: &str, stock: &[String], ours: &[String]) -> Vec<Difference> {
    let mut what = Vec::new();
    let (mut a, mut b) = (stock.iter().peekable(), ours.iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        let ((xt, xn), (yt, yn)) = (masked(x), masked(y));
        if xt == yt {
            if xn.len() != yn.len() || xn.iter().zip(&yn).any(|(x, y)| x.abs_diff(*y) > 2) {
                what.push(Difference { path: name.to_owned(), stock: (*x).clone(), ours: (*y).clone() });
            }
            a.next();
            b.next();
        } else if xt < yt {
            what.push(Difference { path: name.to_owned(), stock: (*x).clone(), ours: String::new() });
            a.next();
        } else {
            what.push(Difference { path: name.to_owned(), stock: String::new(), ours: (*y).clone() });
            b.next();
        }
    }
    what.extend(a.map(|x| Difference { path: name.to_owned(), stock: x.clone(), ours: String::new() }));
    what.extend(b.map(|y| Difference { path: name.to_owned(), stock: String::new(), ours: y.clone() }));
    what
}
