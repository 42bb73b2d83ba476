//! Golden packets (`tests/golden/*.txt`): each decodes, encodes again to the same bytes, is refused when a byte is
//! missing or there is one too many (but for the exceptions below, each with its reason), and every packet has one.

mod common;
mod slack;

use common::{Way, ways};
use slack::Slack;
use std::collections::BTreeSet;

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden");

/// Bytes made by hand from the layouts, for packets nobody could be made to send.
const MADE_BY_HAND: &str = "unrecorded.txt";

struct Golden {
    file: String,
    line: usize,
    /// The comment in front.
    title: String,
    way: String,
    id: u32,
    body: Vec<u8>,
}

/// A line is `direction id field…`; a field is hexadecimal, `x*N` is N times x; `#` begins a comment.
fn parse(file: &str, number: usize, title: &str, line: &str) -> Option<Golden> {
    let mut words = line.split_whitespace();
    let way = words.next().filter(|word| !word.starts_with('#'))?.to_owned();
    let id = words.next().and_then(|id| id.parse().ok()).expect("an id after the direction");
    let mut body = Vec::new();
    for word in words {
        let (hex, times) = word.split_once('*').unwrap_or((word, "1"));
        let digits = hex.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).expect("ASCII"));
        let field: Vec<u8> = digits.map(|two| u8::from_str_radix(two, 16).expect("hexadecimal")).collect();
        body.extend(field.repeat(times.parse().expect("a number of times")));
    }
    Some(Golden { file: file.to_owned(), line: number, title: title.to_owned(), way, id, body })
}

fn goldens() -> Vec<Golden> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(DIR).expect("tests/golden") {
        let path = entry.expect("a directory entry").path();
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("text");
        let mut title = "";
        for (n, line) in text.lines().enumerate() {
            if line.starts_with('#') {
                title = line;
            }
            all.extend(parse(&file, n + 1, title, line));
        }
    }
    assert!(all.len() > 400, "only {} golden packets found", all.len());
    all
}

/// Calls `f` for each golden with its direction, the part of its body that is the packet, its name, and what to call it
/// in messages. Of a data packet the part is the head: the block never enters a struct.
fn each(mut f: impl FnMut(&Way, &Golden, &[u8], &'static str, &str)) {
    let ways = ways();
    for golden in goldens() {
        let way = ways.iter().find(|way| way.name == golden.way).expect("a direction's name");
        let place = format!("{}:{} {} {}", golden.file, golden.line, golden.way, golden.id);
        let doc = way.packets.iter().find(|packet| packet.id == golden.id);
        let doc = doc.unwrap_or_else(|| panic!("{place}: not declared"));
        let is_head = doc.fields.iter().any(|field| field.ty == "BulkLen");
        let part = if is_head { &golden.body[..doc.min_size] } else { &golden.body[..] };
        f(way, &golden, part, doc.name, &place);
    }
}

#[test]
fn decodes_and_encodes_to_the_same_bytes() {
    each(|way, golden, part, name, place| {
        let (got, frame) = (way.again)(golden.id, part).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(got, name, "{place}");
        assert_eq!(frame[..4], golden.id.to_be_bytes(), "{place}");
        if golden.way == "CltoMa" && golden.title.ends_with("without groups") {
            // The single-gid form is read, but what we write is always the list: four bytes more.
            assert_eq!(frame.len(), 8 + part.len() + 4, "{place}");
            assert_eq!((way.show)(golden.id, &frame[8..]), (way.show)(golden.id, part), "{place}");
            return;
        }
        assert_eq!(&frame[8..], part, "{place}");
        let length = u32::try_from(golden.body.len()).expect("small");
        assert_eq!(frame[4..8], length.to_be_bytes(), "{place}: length");
    });
}

#[test]
fn every_prefix_is_refused() {
    let mut used = BTreeSet::new();
    each(|way, golden, part, name, place| {
        let slack = Slack::of(name, way);
        for len in (0..part.len()).filter(|&len| (way.again)(golden.id, &part[..len]).is_ok()) {
            let reason = slack.iter().find(|slack| slack.allows_prefix(part.len(), len));
            let reason =
                reason.unwrap_or_else(|| panic!("{place} {name}: {len} of {} bytes decode", part.len()));
            used.insert((name, reason.why));
        }
    });
    for (name, why) in slack::exceptions() {
        assert!(used.contains(&(name, why)), "{name} needs no exception for: {why}");
    }
}

#[test]
fn a_byte_too_many_is_refused() {
    each(|way, golden, part, name, place| {
        let mut longer = part.to_vec();
        longer.push(0);
        if (way.again)(golden.id, &longer).is_ok() {
            let allowed = Slack::of(name, way).iter().any(|slack| slack.allows_extra(part.len()));
            assert!(allowed, "{place} {name}: decodes with a byte too many");
        }
    });
}

#[test]
fn every_packet_has_a_golden() {
    let (mut recorded, mut by_hand) = (BTreeSet::new(), BTreeSet::new());
    each(|way, golden, _, name, _| {
        let set = if golden.file == MADE_BY_HAND { &mut by_hand } else { &mut recorded };
        set.insert((way.name, name));
    });
    let missing: Vec<_> = ways()
        .iter()
        .flat_map(|way| way.packets.iter().map(|packet| (way.name, packet.name)))
        .filter(|key| !recorded.contains(key) && !by_hand.contains(key))
        .collect();
    assert!(missing.is_empty(), "no golden: {missing:?}");
    let needless: Vec<_> = by_hand.intersection(&recorded).collect();
    assert!(needless.is_empty(), "recorded by now, no need to make by hand: {needless:?}");
}
