//! What exports allow and sessions have: the same fields in both lists.

use crate::table::{Cell, Column, column};
use proto::client_master::SessionLimits;
use types::DISABLE_WORDS;

const READ_ONLY: u8 = 0x01;
const ANY_ADDRESS: u8 = 0x02;
const IGNORE_GID: u8 = 0x04;
const ADMIN: u8 = 0x08;
const MAP_ALL: u8 = 0x10;

/// Of an export or a session.
pub(super) struct Fields {
    /// For trash and sustained files: most does not apply.
    pub(super) meta: bool,
    pub(super) flags: u8,
    /// `None` where it does not apply.
    pub(super) umask: Option<u16>,
    pub(super) root: (u32, u32),
    pub(super) map_all: (u32, u32),
    pub(super) limits: SessionLimits,
    pub(super) disables: u32,
}

/// Their columns.
pub(super) fn columns() -> Vec<Column> {
    vec![
        column("mode", &["ro/rw"]).center(),
        column("restricted_ip", &["restrict ip"]).center(),
        column("ignore_gid", &["ignore gid"]).center(),
        column("admin", &["admin"]).center(),
        column("root_uid", &["map root", "uid"]),
        column("root_gid", &["map root", "gid"]),
        column("map_all_uid", &["map users", "uid"]),
        column("map_all_gid", &["map users", "gid"]),
        column("min_goal", &["goal limit", "min"]),
        column("max_goal", &["goal limit", "max"]),
        column("min_trashtime", &["trashtime limit", "min"]),
        column("max_trashtime", &["trashtime limit", "max"]),
        column("umask", &["global umask"]).center(),
        column("disables", &["disables mask"]).center(),
    ]
}

/// Their names, for sorting.
pub(super) const ORDERS: [&str; 14] = [
    "mode",
    "restricted_ip",
    "ignore_gid",
    "admin",
    "root_uid",
    "root_gid",
    "map_all_uid",
    "map_all_gid",
    "min_goal",
    "max_goal",
    "min_trashtime",
    "max_trashtime",
    "umask",
    "disables",
];

impl Fields {
    pub(super) fn cells(&self) -> Vec<Cell> {
        let has = |flag: u8| self.flags & flag != 0;
        let unless_meta = |cell: Cell| if self.meta { Cell::none("-") } else { cell };
        let when = |applies: bool, cell: Cell| if applies && !self.meta { cell } else { Cell::none("-") };
        let seconds = |n: u32| Cell::number(n).shown(crate::text::duration(u64::from(n) * 1000));
        let limits = &self.limits;
        let goals = limits.min_goal > 1 || limits.max_goal < 9;
        let times = limits.min_trash_time > 0 || limits.max_trash_time < u32::MAX;
        let words: Vec<&str> = DISABLE_WORDS
            .iter()
            .enumerate()
            .filter(|(bit, _)| self.disables >> bit & 1 == 1)
            .map(|(_, word)| *word)
            .collect();
        let umask = |mask: u16| Cell::text(format!("{mask:03o}"));
        vec![
            Cell::text(if has(READ_ONLY) { "ro" } else { "rw" }),
            Cell::yes_no(!has(ANY_ADDRESS)),
            unless_meta(Cell::yes_no(has(IGNORE_GID))),
            unless_meta(Cell::yes_no(has(ADMIN))),
            unless_meta(Cell::number(self.root.0)),
            unless_meta(Cell::number(self.root.1)),
            when(has(MAP_ALL), Cell::number(self.map_all.0)),
            when(has(MAP_ALL), Cell::number(self.map_all.1)),
            when(goals, Cell::number(limits.min_goal)),
            when(goals, Cell::number(limits.max_goal)),
            when(times, seconds(limits.min_trash_time)),
            when(times, seconds(limits.max_trash_time)),
            self.umask.map_or_else(|| Cell::none("-"), umask),
            Cell::text(format!("{:08X}", self.disables))
                .shown(format!("{:08X} ({})", self.disables, words.join(",")))
                .json(words),
        ]
    }
}
