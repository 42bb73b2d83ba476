//! Quotas, and what is used of them.

use super::Blocks;
use crate::options::Set;
use crate::source::{Source, text};
use crate::table::{Block, Cell, Color, Column, Key, Table, column};
use crate::text::{duration, percent};
use proto::client_master::QuotaLimits;
use proto::info::{QuotaEntry, QuotaInfo, QuotaInfoReply};

/// Names of the columns for inodes, length, size and real size: soft and hard limit, used, and shares of both limits.
const NAMES: [[&str; 5]; 4] = [
    ["soft_inodes", "hard_inodes", "inodes", "inodes_of_soft_percent", "inodes_of_hard_percent"],
    ["soft_length", "hard_length", "length", "length_of_soft_percent", "length_of_hard_percent"],
    ["soft_size", "hard_size", "size", "size_of_soft_percent", "size_of_hard_percent"],
    ["soft_realsize", "hard_realsize", "realsize", "realsize_of_soft_percent", "realsize_of_hard_percent"],
];
const HEADS: [&str; 4] = ["inodes", "length", "size", "real size"];

fn columns() -> Vec<Column> {
    let mut columns = vec![
        column("path", &["path"]).left(),
        column("exceeded", &["exceeded"]).for_scripts(),
        // Their own headings reach down two levels, as stock draws them.
        column("grace_period", &["soft quota", "grace period", "grace period"]),
        column("time_to_expire", &["soft quota", "time to expire", "time to expire"]),
    ];
    for (limit, head) in [(0, "soft quota"), (1, "hard quota")] {
        columns.extend((0..4).map(|i| column(NAMES[i][limit], &[head, HEADS[i], HEADS[i]])));
    }
    for (names, head) in NAMES.iter().zip(HEADS) {
        columns.push(column(names[2], &["current values", head, "value"]));
        columns.push(column(names[3], &["current values", head, "% soft"]).for_people());
        columns.push(column(names[4], &["current values", head, "% hard"]).for_people());
    }
    columns
}

fn values(limits: &QuotaLimits) -> [u64; 4] {
    [limits.inodes.into(), limits.length, limits.size, limits.real_size]
}

fn amount(row: usize, n: u64) -> Cell {
    if row == 0 { Cell::number(n) } else { Cell::bytes(n) }
}

/// How much of a limit is used.
fn share(set: bool, used: u64, limit: u64) -> Cell {
    if !set {
        return Cell::none("-");
    }
    let color = if used > limit { Color::Red } else { Color::Green };
    match percent(used, limit) {
        Some(_) => Cell::percent(percent(used, limit), ""),
        None => Cell::none("inf"),
    }
    .color(color)
}

fn row(entry: &QuotaEntry<'_>) -> Vec<Cell> {
    const NOT_EXCEEDED: u32 = u32::MAX;
    let seconds = |n: u32| Cell::number(n).shown(duration(u64::from(n) * 1000));
    let mut row = vec![
        Cell::text(text(entry.path.without_nul())),
        Cell::yes_no(entry.exceeded != 0),
        if entry.grace == 0 { Cell::none("default") } else { seconds(entry.grace) },
        match entry.time_to_block {
            NOT_EXCEEDED => Cell::none("-").key(Key::Whole(NOT_EXCEEDED.into())),
            0 => Cell::text("expired").color(Color::Red).key(Key::Whole(0)),
            left => seconds(left).color(Color::Orange),
        },
    ];
    let (soft, hard, used) = (values(&entry.soft), values(&entry.hard), values(&entry.current));
    let set = |bit: usize| entry.flags >> bit & 1 == 1;
    for (limits, first) in [(&soft, 0), (&hard, 4)] {
        row.extend((0..4).map(|i| if set(first + i) { amount(i, limits[i]) } else { Cell::none("-") }));
    }
    for i in 0..4 {
        row.push(amount(i, used[i]));
        row.push(share(set(i), used[i], soft[i]));
        row.push(share(set(4 + i), used[i], hard[i]));
    }
    row
}

/// `QU`
pub(super) fn quotas(source: &mut Source, set: &Set) -> Blocks {
    let reply: QuotaInfoReply<'_> = source.ask(&QuotaInfo {})?;
    let mut table = Table::new("active quotas", "Active quotas", columns());
    table.rows = reply.quotas.iter().map(|entry| row(&entry)).collect();
    let mut orders = vec!["path", "time_to_expire"];
    orders.extend((0..2).flat_map(|limit| NAMES.map(|names| names[limit])));
    orders.extend(NAMES.iter().flat_map(|names| &names[2..]));
    table.sort(&orders, &["path"], set);
    Ok(vec![Block::Table(table)])
}
