//! What a data set is: rows of cells, each with the form for scripts, for people and for JSON, and an order.

use crate::options::Set;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Colours of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    /// Very bad.
    Red,
    /// Bad.
    Orange,
    /// Not quite good.
    Yellow,
    /// Good.
    Green,
    /// More than good.
    Blue,
    /// On the way.
    Cyan,
    /// Old or new.
    Magenta,
}

/// Where text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Center,
    Right,
}

/// What rows are sorted by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    Number(f64),
    Whole(u64),
    Text(String),
}

impl Key {
    fn compare(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Key::Whole(a), Key::Whole(b)) => a.cmp(b),
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            // One column has one kind, but for what is not known.
            _ => self.number().total_cmp(&other.number()),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Key::Number(n) => *n,
            Key::Whole(n) => *n as f64,
            Key::Text(_) => -1.0,
        }
    }
}

/// One value.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// For scripts.
    pub(crate) plain: String,
    /// For people; the same where nothing else is said.
    pub(crate) shown: String,
    pub(crate) color: Option<Color>,
    pub(crate) json: Value,
    pub(crate) key: Key,
}

impl Cell {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Cell {
        let text = text.into();
        Cell {
            plain: text.clone(),
            shown: text.clone(),
            color: None,
            json: text.clone().into(),
            key: Key::Text(text),
        }
    }

    /// A number without a unit.
    pub(crate) fn number(n: impl Into<u64>) -> Cell {
        let n = n.into();
        Cell { json: n.into(), key: Key::Whole(n), ..Cell::text(n.to_string()) }
    }

    /// Bytes: humanised for people.
    pub(crate) fn bytes(n: u64) -> Cell {
        Cell { shown: crate::text::bytes(n), ..Cell::number(n) }
    }

    /// What is not known or does not apply; null in JSON.
    pub(crate) fn none(text: &str) -> Cell {
        Cell { json: Value::Null, key: Key::Whole(0), ..Cell::text(text) }
    }

    /// `yes` or `no`.
    pub(crate) fn yes_no(yes: bool) -> Cell {
        Cell { json: yes.into(), key: Key::Whole(yes.into()), ..Cell::text(if yes { "yes" } else { "no" }) }
    }

    /// A percentage with two digits, for people, or `-`.
    pub(crate) fn percent(value: Option<f64>, unit: &str) -> Cell {
        match value {
            Some(value) => Cell {
                json: value.into(),
                key: Key::Number(value),
                ..Cell::text(format!("{value:.2}{unit}"))
            },
            None => Cell::none("-"),
        }
    }

    /// The same, shown otherwise to people.
    pub(crate) fn shown(self, shown: impl Into<String>) -> Cell {
        Cell { shown: shown.into(), ..self }
    }

    /// The same in a colour.
    pub(crate) fn color(self, color: Color) -> Cell {
        Cell { color: Some(color), ..self }
    }

    /// The same, sorted by something else.
    pub(crate) fn key(self, key: Key) -> Cell {
        Cell { key, ..self }
    }

    /// The same with another value in JSON.
    pub(crate) fn json(self, json: impl Into<Value>) -> Cell {
        Cell { json: json.into(), ..self }
    }
}

/// Who sees a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    All,
    /// And JSON.
    People,
    /// And JSON.
    Scripts,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Its name in JSON.
    pub(crate) name: Cow<'static, str>,
    /// The headings above it, the outermost first, its own last.
    pub(crate) heads: Vec<String>,
    pub(crate) align: Align,
    pub(crate) audience: Audience,
}

/// A column that all see, with text to the right, and these headings.
pub(crate) fn column(name: impl Into<Cow<'static, str>>, heads: &[&str]) -> Column {
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    Column { name: name.into(), heads, align: Align::Right, audience: Audience::All }
}

impl Column {
    pub(crate) fn left(self) -> Column {
        Column { align: Align::Left, ..self }
    }
    pub(crate) fn center(self) -> Column {
        Column { align: Align::Center, ..self }
    }
    pub(crate) fn for_people(self) -> Column {
        Column { audience: Audience::People, ..self }
    }
    pub(crate) fn for_scripts(self) -> Column {
        Column { audience: Audience::Scripts, ..self }
    }
}

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// In front of each line for scripts.
    pub(crate) plain_title: String,
    /// Above it for people.
    pub(crate) title: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// A list of names and values, without headings of columns.
    pub(crate) no_heads: bool,
    /// Rows below a line, for people only.
    pub(crate) totals: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(plain_title: &str, title: &str, columns: Vec<Column>) -> Table {
        Table {
            plain_title: plain_title.into(),
            title: title.into(),
            columns,
            rows: Vec::new(),
            no_heads: false,
            totals: Vec::new(),
        }
    }

    /// Sorts by the column that `orders` names at `order - 1`; equals, and all without an order, by those of `default`.
    pub(crate) fn sort(&mut self, orders: &[&str], default: &[&str], set: &Set) {
        let at = |name: &str| self.columns.iter().position(|column| column.name == name);
        let chosen = set.order.checked_sub(1).and_then(|i| orders.get(i)).and_then(|name| at(name));
        let keys: Vec<usize> = chosen.into_iter().chain(default.iter().filter_map(|name| at(name))).collect();
        self.rows.sort_by(|a, b| {
            keys.iter().map(|i| a[*i].key.compare(&b[*i].key)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
        });
        if set.reverse {
            self.rows.reverse();
        }
    }
}

/// A part of a data set.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Table(Table),
    /// Facts that scripts see as lines of their own, and people as drawings.
    Facts {
        /// Fields of the lines for scripts; several are separated as fields are.
        plain: Vec<Vec<String>>,
        /// Tables for people.
        tables: Vec<Table>,
        /// Drawn by itself.
        drawing: Option<crate::frames::Grid>,
        json: Value,
    },
}
