//! What may differ between the answers of the two masters, and why. Everything else is a divergence.

use crate::tree::Tree;
use std::fmt::Write as _;

/// How a field may differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum May {
    /// By so many at most: numbers only.
    Window(u64),
    /// In any way.
    Any,
    /// As a list whose elements are not looked at: only their number counts.
    Count,
    /// As a list in another order.
    Order,
}

/// One allowed difference.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The packet; empty for all.
    pub packet: &'static str,
    /// The field.
    pub field: &'static str,
    /// How.
    pub may: May,
    /// Why.
    pub why: &'static str,
}

const fn rule(packet: &'static str, field: &'static str, may: May, why: &'static str) -> Rule {
    Rule { packet, field, may, why }
}

const CLOCK: &str = "the two masters look at the clock one after the other";
const PLACE: &str = "which chunkservers get a copy is drawn by lot; how many do is compared";
const METER: &str = "a measurement of the process, not of the file system";
const LOOP: &str = "progress of a background loop";

/// All of them.
pub const RULES: &[Rule] = &[
    rule("", "atime", May::Window(2), CLOCK),
    rule("", "mtime", May::Window(2), CLOCK),
    rule("", "ctime", May::Window(2), CLOCK),
    rule("FuseTimeSyncReply", "time_us", May::Window(2_000_000), CLOCK),
    rule("QuotaInfoReply", "time_to_block", May::Window(2), CLOCK),
    rule("SessionListReply", "expire", May::Window(15), CLOCK),
    rule(
        "FuseReaddirReply",
        "next",
        May::Any,
        "stock repeats the request's edge where ours says where to go on, which no 3.0.117 client reads",
    ),
    rule("FuseReadChunkReply", "copies", May::Count, PLACE),
    rule("FuseWriteChunkReply", "copies", May::Count, PLACE),
    rule("FuseLookupReply", "copies", May::Count, PLACE),
    rule("FuseCheckReply", "copies", May::Count, PLACE),
    rule("FuseRegisterReply", "metaid", May::Any, "drawn by lot when metadata begin to live"),
    rule("ModuleInfoReply", "metaid", May::Any, "drawn by lot when metadata begin to live"),
    rule("FuseRegisterReply", "challenge", May::Any, "random bytes"),
    rule("VersionInfo", "text", May::Any, "ours says what it is; the number is the same"),
    rule("MonotonicDataReply", "data", May::Any, METER),
    rule("ChartReply", "png", May::Any, METER),
    rule("ChartDataReply", "data", May::Any, METER),
    rule("MemoryInfoReply", "bytes", May::Any, METER),
    rule("InfoReply", "memory", May::Any, METER),
    rule("InfoReply", "system_cpu", May::Any, METER),
    rule("InfoReply", "user_cpu", May::Any, METER),
    rule("InfoReply", "saved_at", May::Any, METER),
    rule("InfoReply", "save_ms", May::Any, METER),
    rule("InfoReply", "save_status", May::Any, METER),
    rule("InfoReply", "time_us", May::Window(2_000_000), CLOCK),
    rule(
        "InfoReply",
        "metadata_version",
        May::Any,
        "the number of changelog lines, which clients do not see",
    ),
    rule("InfoReply", "exports_checksum", May::Any, "any number that changes with the exports"),
    rule("InfoReply", "chunks", May::Any, "chunks nobody uses any more are removed by a background loop"),
    rule("InfoReply", "all_copies", May::Any, "as chunks"),
    rule("InfoReply", "regular_copies", May::Any, "as chunks"),
    rule("InfoReply", "sustained_space", May::Any, "files nobody has open any more go one bucket a second"),
    rule("InfoReply", "sustained_files", May::Any, "as sustained_space"),
    rule("InfoReply", "nodes", May::Any, "as sustained_space"),
    rule("InfoReply", "files", May::Any, "as sustained_space"),
    rule("FuseStatfsReply", "sustained", May::Any, "files nobody has open any more go one bucket a second"),
    rule("FsTestInfoReply", "info", May::Any, LOOP),
    rule("ChunksTestInfoReply", "info", May::Any, LOOP),
    rule(
        "ChunksMatrixReply",
        "matrix",
        May::Any,
        "chunks nobody uses any more are removed by a background loop",
    ),
    rule(
        "SclassInfoReply",
        "chunks",
        May::Any,
        "chunks nobody uses any more are removed by a background loop",
    ),
    rule("MissingChunksReply", "chunks", May::Any, LOOP),
    rule("CservListReply", "servers", May::Order, "the servers are in no order"),
    rule("CservListReply", "load", May::Any, METER),
    rule(
        "CservListReply",
        "csid",
        May::Any,
        "given in the order in which servers came, as far as their links raced",
    ),
];

/// A difference that no rule allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Names of fields from the outside in.
    pub path: String,
    /// What stock said.
    pub stock: String,
    /// What ours said.
    pub ours: String,
}

/// Compares two answers that are the packet `packet`.
pub fn differences(packet: &str, stock: &Tree, ours: &Tree) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(packet, "", stock, ours, &mut found);
    found
}

fn compare(packet: &str, path: &str, stock: &Tree, ours: &Tree, found: &mut Vec<Difference>) {
    if stock == ours {
        return;
    }
    let path = if stock.name.is_empty() { path.to_owned() } else { format!("{path}.{}", stock.name) };
    let applies = |rule: &&Rule| {
        rule.field == stock.name
            && stock.name == ours.name
            && (rule.packet.is_empty() || rule.packet == packet)
    };
    match RULES.iter().find(applies).map(|rule| rule.may) {
        Some(May::Any) => return,
        Some(May::Count) if stock.parts.len() == ours.parts.len() => return,
        Some(May::Window(most)) if within(&stock.text, &ours.text, most) => return,
        Some(May::Order) => {
            let sorted = |tree: &Tree| {
                let mut parts = tree.parts.clone();
                parts.sort_by_key(show);
                Tree { parts, ..tree.clone() }
            };
            let (stock, ours) = (sorted(stock), sorted(ours));
            return compare_parts(packet, &path, &stock, &ours, found);
        }
        _ => {}
    }
    compare_parts(packet, &path, stock, ours, found);
}

fn compare_parts(packet: &str, path: &str, stock: &Tree, ours: &Tree, found: &mut Vec<Difference>) {
    let same_head = stock.text == ours.text && stock.name == ours.name;
    let lists = !stock.parts.is_empty() && !ours.parts.is_empty() && stock.text.is_empty();
    if stock.parts.len() == ours.parts.len() && same_head && !stock.parts.is_empty() {
        for (stock, ours) in stock.parts.iter().zip(&ours.parts) {
            compare(packet, path, stock, ours, found);
        }
    } else if lists && same_head {
        // Of lists of different lengths only what is in one of them.
        let only = |a: &Tree, b: &Tree| {
            let parts: Vec<Tree> = a.parts.iter().filter(|part| !b.parts.contains(part)).cloned().collect();
            format!("{} elements, only here: {}", a.parts.len(), show(&Tree { parts, ..Tree::default() }))
        };
        found.push(Difference { path: path.to_owned(), stock: only(stock, ours), ours: only(ours, stock) });
    } else if stock != ours {
        found.push(Difference { path: path.to_owned(), stock: show(stock), ours: show(ours) });
    }
}

fn within(a: &str, b: &str, most: u64) -> bool {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.abs_diff(b) <= most,
        _ => false,
    }
}

/// A tree on one line.
pub fn show(tree: &Tree) -> String {
    let mut out = tree.text.clone();
    if !tree.parts.is_empty() {
        let parts: Vec<String> = tree
            .parts
            .iter()
            .map(
                |part| {
                    if part.name.is_empty() { show(part) } else { format!("{}: {}", part.name, show(part)) }
                },
            )
            .collect();
        let _ = write!(out, "({})", parts.join(", "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        Tree::parse(text)
    }

    #[test]
    fn only_what_a_rule_names_may_differ() {
        let reply = |atime: u32, uid: u32| tree(&format!("A {{\n    atime: {atime},\n    uid: {uid},\n}}"));
        assert_eq!(differences("FuseGetattrReply", &reply(5, 1), &reply(7, 1)), []);
        assert_eq!(differences("FuseGetattrReply", &reply(5, 1), &reply(8, 1)).len(), 1);
        let found = differences("FuseGetattrReply", &reply(5, 1), &reply(5, 2));
        assert_eq!(
            (found[0].path.as_str(), found[0].stock.as_str(), found[0].ours.as_str()),
            (".uid", "1", "2")
        );
    }

    #[test]
    fn lists_by_count_and_in_any_order() {
        let list = |name: &str, items: &str| tree(&format!("A {{\n    {name}: [\n{items}    ],\n}}"));
        let (ab, ba, a) = ("a,\nb,\n", "b,\na,\n", "a,\n");
        assert_eq!(differences("FuseCheckReply", &list("copies", ab), &list("copies", ba)), []);
        assert_eq!(differences("FuseCheckReply", &list("copies", ab), &list("copies", a)).len(), 1);
        assert_eq!(differences("CservListReply", &list("servers", ab), &list("servers", ba)), []);
        assert_eq!(differences("CservListReply", &list("servers", ab), &list("servers", a)).len(), 1);
    }
}
