//! The three forms of a data set: lines for scripts, tables for people, JSON.

use crate::table::{Audience, Block, Cell, Table};
use serde_json::{Map, Value};

/// For scripts: a line for each row.
pub(crate) fn plain(blocks: &[Block], separator: &str) -> String {
    let mut text = String::new();
    for (i, block) in blocks.iter().enumerate() {
        match block {
            Block::Table(table) => {
                if i > 0 {
                    text += "\n\n";
                }
                plain_table(table, separator, &mut text);
            }
            Block::Facts { plain, .. } => {
                for fields in plain {
                    text += &fields.join(separator);
                    text.push('\n');
                }
            }
        }
    }
    text
}

fn plain_table(table: &Table, separator: &str, text: &mut String) {
    if table.rows.is_empty() {
        text.push('\n');
    }
    for row in &table.rows {
        text.push_str(&table.plain_title);
        text.push(':');
        let cells = row.iter().zip(&table.columns).filter(|(_, column)| column.audience != Audience::People);
        for (cell, _) in cells {
            text.push_str(separator);
            text.push_str(&cell.plain);
        }
        text.push('\n');
    }
}

/// For people.
pub(crate) fn drawn(blocks: &[Block], frames: usize) -> String {
    let mut parts = Vec::new();
    for block in blocks {
        match block {
            Block::Table(table) => parts.push(table.grid().render(frames)),
            Block::Facts { tables, drawing, .. } => {
                parts.extend(tables.iter().map(|table| table.grid().render(frames)));
                parts.extend(drawing.iter().map(|drawing| drawing.render(frames)));
            }
        }
    }
    parts.join("\n")
}

/// For programs: of a table a list of objects. Several parts are one object, by their titles.
pub(crate) fn json(blocks: &[Block]) -> Value {
    match blocks {
        [] => Value::Null,
        [one] => json_block(one),
        several => {
            let named = |block: &Block| match block {
                Block::Table(table) => (name(&table.plain_title), json_block(block)),
                Block::Facts { .. } => ("facts".to_owned(), json_block(block)),
            };
            Value::Object(several.iter().map(named).collect())
        }
    }
}

fn name(title: &str) -> String {
    title.to_lowercase().replace([',', ':'], "").replace(' ', "_")
}

fn json_block(block: &Block) -> Value {
    match block {
        Block::Table(table) => table.rows.iter().map(|row| json_row(table, row)).collect(),
        Block::Facts { json, .. } => json.clone(),
    }
}

fn json_row(table: &Table, row: &[Cell]) -> Value {
    let fields =
        table.columns.iter().zip(row).map(|(column, cell)| (column.name.to_string(), cell.json.clone()));
    Value::Object(fields.collect::<Map<_, _>>())
}
