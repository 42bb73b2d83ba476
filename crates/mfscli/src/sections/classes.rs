//! Storage classes.

use super::Blocks;
use crate::options::Set;
use crate::source::{Source, text};
use crate::table::{Block, Cell, Color, Column, Key, Table, column};
use proto::client_master::show_labels;
use proto::info::{LabelMatch, SclassInfo, SclassInfoReply, SclassInfoRequest};
use serde_json::Value;
use types::Rest;

const ORDERS: [&str; 22] = [
    "id",
    "name",
    "admin_only",
    "files",
    "dirs",
    "std_under",
    "std_exact",
    "std_over",
    "arch_under",
    "arch_exact",
    "arch_over",
    "mode",
    "create_ok",
    "create_copies",
    "create_labels",
    "keep_ok",
    "keep_copies",
    "keep_labels",
    "archive_ok",
    "archive_copies",
    "archive_labels",
    "archive_delay_days",
];

fn columns() -> Vec<Column> {
    const STANDARD: &str = "# of standard chunks";
    const ARCHIVED: &str = "# of archived chunks";
    let mut columns = vec![
        column("id", &["id"]),
        column("name", &["name"]).left(),
        column("admin_only", &["admin only"]).center(),
        column("mode", &["mode"]).center(),
        column("files", &["# of inodes", "files"]),
        column("dirs", &["# of inodes", "dirs"]),
        column("std_under", &[STANDARD, "under"]),
        column("std_exact", &[STANDARD, "exact"]),
        column("std_over", &[STANDARD, "over"]),
        column("arch_under", &[ARCHIVED, "under"]),
        column("arch_exact", &[ARCHIVED, "exact"]),
        column("arch_over", &[ARCHIVED, "over"]),
    ];
    let parts = [
        ("create", ["create_ok", "create_copies", "create_labels"]),
        ("keep", ["keep_ok", "keep_copies", "keep_labels"]),
        ("archive", ["archive_ok", "archive_copies", "archive_labels"]),
    ];
    for (head, [ok, copies, labels]) in parts {
        columns.push(column(ok, &[head, "can be fulfilled"]).center());
        columns.push(column(copies, &[head, "goal"]));
        columns.push(column(labels, &[head, "labels"]).left());
    }
    columns.push(column("archive_delay_days", &["archive", "delay"]));
    columns
}

/// How many chunks; too few or too many of none is no news.
fn chunks(n: u64, color: Color, always: bool) -> Cell {
    if n == 0 && !always { Cell::none("-").json(0) } else { Cell::number(n).color(color) }
}

fn part((state, sets): (u8, Rest<'_, LabelMatch>)) -> [Cell; 3] {
    let (word, color) = match state {
        3 => ("YES", Color::Green),
        2 => ("OVERLOADED", Color::Yellow),
        1 => ("NO SPACE", Color::Orange),
        _ => ("NO", Color::Red),
    };
    let labels: Vec<String> = sets.iter().map(|set| show_labels(&set.labels)).collect();
    let shown = Cell::text(labels.join(" , "));
    [Cell::text(word).color(color), Cell::number(labels.len() as u64), shown.json(labels)]
}

fn row(class: &SclassInfo<'_>) -> Vec<Cell> {
    let [std_under, arch_under, std_exact, arch_exact, std_over, arch_over] = class.chunks;
    let archived = class.archive_delay_days > 0;
    let sum = |std: u64, arch: u64| if archived { std } else { std.saturating_add(arch) };
    let arch = |cell: Cell| if archived { cell } else { Cell::none("-") };
    let mode = ["LOOSE", "STD", "STRICT"].get(usize::from(class.mode)).unwrap_or(&"???");
    let admin_only = class.admin_only != 0;
    let mut row = vec![
        Cell::number(class.id),
        Cell::text(text(class.name.as_bytes())),
        Cell::text(if admin_only { "YES" } else { "NO" }).json(Value::Bool(admin_only)),
        Cell::text(*mode),
        Cell::number(class.files),
        Cell::number(class.dirs),
        chunks(sum(std_under, arch_under), Color::Yellow, false),
        chunks(sum(std_exact, arch_exact), Color::Green, true),
        chunks(sum(std_over, arch_over), Color::Blue, false),
        arch(chunks(arch_under, Color::Yellow, false)),
        arch(chunks(arch_exact, Color::Green, true)),
        arch(chunks(arch_over, Color::Blue, false)),
    ];
    row.extend(class.policy.parts.into_iter().flat_map(part));
    let days = class.archive_delay_days;
    row.push(if archived {
        Cell::text(format!("{days}d")).json(days).key(Key::Whole(days.into()))
    } else {
        Cell::none("-")
    });
    row
}

/// `SC`
pub(super) fn classes(source: &mut Source, set: &Set) -> Blocks {
    let reply: SclassInfoReply<'_> = source.ask(&SclassInfoRequest {})?;
    let mut table = Table::new("storage classes", "Storage Classes", columns());
    table.rows = reply.classes.iter().map(|class| row(&class)).collect();
    table.sort(&ORDERS, &["id"], set);
    Ok(vec![Block::Table(table)])
}
