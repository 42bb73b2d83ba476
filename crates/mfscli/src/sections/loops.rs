//! What the master's checks of chunks and files did and found.

use super::Blocks;
use super::masters::time;
use crate::source::{Source, text};
use crate::table::{Block, Cell, Column, Table, column};
use proto::info::{ChunksTest, ChunksTestInfo, ChunksTestInfoReply, FsTest, FsTestInfo, FsTestInfoReply};
use serde_json::json;

/// `IL`
pub(super) fn loops(source: &mut Source) -> Blocks {
    let chunks = source.ask::<_, ChunksTestInfoReply>(&ChunksTestInfo {})?.info;
    let reply: FsTestInfoReply<'_> = source.ask(&FsTestInfo { form: 0 })?;
    let messages: Vec<String> = text(reply.info.message.as_bytes())
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    let (mut plain, chunk_table, chunk_json) = chunk_loop(&chunks);
    let (file_lines, file_table, file_json) = file_loop(&reply.info, &messages);
    plain.extend(file_lines);
    let json = json!({ "chunk_loop": chunk_json, "check_loop": file_json });
    Ok(vec![Block::Facts { plain, tables: vec![chunk_table, file_table], drawing: None, json }])
}

type Part = (Vec<Vec<String>>, Table, serde_json::Value);

fn chunk_loop(info: &ChunksTest) -> Part {
    let done = |done: u32, not: u32| Cell::text(format!("{done}/{}", u64::from(done) + u64::from(not)));
    let [d0, n0, d1, n1, d2, n2, d3, n3] = info.deleted;
    let [r0, m0, r1, m1] = info.replicated;
    let wrong = info.labels_dont_match;
    let labels = Cell::text(format!("{r1}/{wrong}/{}", u64::from(r1) + u64::from(m1) + u64::from(wrong)));
    let fields: Vec<(&[&str], &'static str, Cell)> = vec![
        (&["loop time", "start"], "start", time(info.loop_start)),
        (&["loop time", "end"], "end", time(info.loop_end)),
        (&["deletions", "invalid"], "deletions_invalid", done(d0, n0)),
        (&["deletions", "unused"], "deletions_unused", done(d1, n1)),
        (&["deletions", "disk clean"], "deletions_disk_clean", done(d2, n2)),
        (&["deletions", "over goal"], "deletions_over_goal", done(d3, n3)),
        (&["replications", "under goal"], "replications_under_goal", done(r0, m0)),
        (&["replications", "wrong labels"], "replications_wrong_labels", labels),
        (&["replications", "rebalance"], "replications_rebalance", Cell::number(info.rebalanced)),
        (&["locked", "unused"], "locked_unused", Cell::number(info.locked_unused)),
        (&["locked", "used"], "locked_used", Cell::number(info.locked_used)),
    ];
    let columns: Vec<Column> = fields.iter().map(|(heads, name, _)| column(*name, heads)).collect();
    let mut table = Table::new("chunk loop", "Chunk operations info", columns);
    if info.loop_start == 0 {
        return (vec![vec!["chunk loop".into(), "no data".into()]], table, serde_json::Value::Null);
    }
    let line = |(heads, _, cell): &(&[&str], &str, Cell)| {
        let mut line = vec!["chunk loop".to_owned()];
        line.extend(heads.iter().filter(|head| **head != "loop time").map(|head| (*head).to_owned()));
        if let Some(last) = line.last_mut() {
            last.push(':');
        }
        line.push(cell.plain.clone());
        line
    };
    let lines = fields.iter().map(line).collect();
    let json = fields.iter().map(|(_, name, cell)| ((*name).to_owned(), cell.json.clone())).collect();
    table.rows.push(fields.into_iter().map(|(_, _, cell)| cell).collect());
    (lines, table, serde_json::Value::Object(json))
}

fn file_loop(info: &FsTest<'_>, messages: &[String]) -> Part {
    let fields: [(&str, &str, &'static str, Cell); 10] = [
        ("start:", "check loop start time", "start", time(info.loop_start)),
        ("end:", "check loop end time", "end", time(info.loop_end)),
        ("files:", "files", "files", Cell::number(info.files)),
        ("under-goal files:", "under-goal files", "under_goal_files", Cell::number(info.undergoal_files)),
        ("missing files:", "missing files", "missing_files", Cell::number(info.missing_files)),
        (
            "missing trash files:",
            "missing trash files",
            "missing_trash_files",
            Cell::number(info.missing_trash_files),
        ),
        (
            "missing sustained files:",
            "missing sustained files",
            "missing_sustained_files",
            Cell::number(info.missing_sustained_files),
        ),
        ("chunks:", "chunks", "chunks", Cell::number(info.chunks)),
        ("under-goal chunks:", "under-goal chunks", "under_goal_chunks", Cell::number(info.undergoal_chunks)),
        ("missing chunks:", "missing chunks", "missing_chunks", Cell::number(info.missing_chunks)),
    ];
    let columns: Vec<Column> = fields.iter().map(|(_, head, name, _)| column(*name, &[head])).collect();
    let mut table = Table::new("check loop", "Filesystem check info", columns);
    if info.loop_start == 0 {
        // A blank, not the separator, as stock prints it.
        return (vec![vec!["check loop: no data".into()]], table, serde_json::Value::Null);
    }
    let mut lines: Vec<Vec<String>> = fields
        .iter()
        .map(|(label, _, _, cell)| vec!["check loop".into(), (*label).into(), cell.plain.clone()])
        .collect();
    lines.extend(
        messages.iter().map(|text| vec!["check loop".into(), "important messages:".into(), text.clone()]),
    );
    let mut json: serde_json::Map<String, serde_json::Value> =
        fields.iter().map(|(_, _, name, cell)| ((*name).to_owned(), cell.json.clone())).collect();
    json.insert("messages".into(), messages.into());
    table.rows.push(fields.into_iter().map(|(_, _, _, cell)| cell).collect());
    (lines, table, serde_json::Value::Object(json))
}
