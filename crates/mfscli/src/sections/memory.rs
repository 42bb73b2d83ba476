//! What the master uses memory for.

use super::Blocks;
use crate::source::Source;
use crate::table::{Block, Cell, Table, column};
use crate::text::percent;
use proto::info::{MemoryInfo, MemoryInfoReply};

const OBJECTS: [&str; 11] = [
    "chunk hash",
    "chunks",
    "cs lists",
    "edge hash",
    "edges",
    "node hash",
    "nodes",
    "deleted nodes",
    "chunk tabs",
    "symlinks",
    "quota",
];

/// `MU`
pub(super) fn usage(source: &mut Source) -> Blocks {
    let bytes = source.ask::<_, MemoryInfoReply>(&MemoryInfo {})?.bytes;
    let pairs: Vec<(u64, u64)> = bytes.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    let sum = |pick: fn(&(u64, u64)) -> u64| pairs.iter().map(pick).fold(0, u64::saturating_add);
    let (allocated, used) = (sum(|pair| pair.0), sum(|pair| pair.1));
    let columns = vec![
        column("object", &["object name"]).left(),
        column("used", &["memory used"]),
        column("allocated", &["memory allocated"]),
        column("utilization_percent", &["utilization percent"]).for_people(),
        column("share_percent", &["percent of total allocated memory"]).for_people(),
    ];
    let row = |name: &str, used: u64, of: u64, share: Option<f64>| {
        vec![
            Cell::text(name),
            Cell::bytes(used),
            Cell::bytes(of),
            Cell::percent(percent(used, of), " %"),
            Cell::percent(share, " %"),
        ]
    };
    let mut table = Table::new("memory usage detailed info", "Memory Usage Detailed Info", columns);
    let rows = OBJECTS.iter().zip(&pairs);
    table.rows = rows.map(|(name, (of, used))| row(name, *used, *of, percent(*of, allocated))).collect();
    table.totals.push(row("total", used, allocated, None));
    Ok(vec![Block::Table(table)])
}
