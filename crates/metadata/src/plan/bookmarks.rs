//! Where listings of directories stopped, so that they go on there at once.

use crate::{Cursor, Fs};
use std::collections::{BTreeMap, VecDeque};
use types::Inode;

/// Bookmarks kept; the oldest make room.
const MOST: usize = 8192;

/// A listing goes on at the id of an entry, and entries are not found by id: without more, each part of a listing
/// would have to walk through all parts before it. A bookmark remembers where the entry is. Whoever changes a directory
/// need not care: a bookmark that has become wrong is recognised, and the nearest one before it helps as well.
#[derive(Debug, Default)]
pub struct Bookmarks {
    /// By directory and id of an entry: its place.
    places: BTreeMap<(Inode, u64), Cursor>,
    /// In the order in which they were made, with some that are gone already.
    order: VecDeque<(Inode, u64)>,
}

impl Bookmarks {
    /// A cursor at the first entry whose id is at least `edge_id`.
    pub fn cursor(&mut self, fs: &Fs, dir: Inode, edge_id: u64) -> Cursor {
        while let Some((&key, place)) = self.places.range((dir, 0)..=(dir, edge_id)).next_back() {
            if fs.is_at(dir, *place) {
                return place.or_later(edge_id);
            }
            self.places.remove(&key);
        }
        Cursor::at(edge_id)
    }

    /// Remembers where a listing stopped.
    pub fn add(&mut self, dir: Inode, place: Cursor) {
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.places.remove(&oldest);
        }
        let key = (dir, place.edge_id);
        if self.places.insert(key, place).is_none() {
            self.order.push_back(key);
        }
    }
}
