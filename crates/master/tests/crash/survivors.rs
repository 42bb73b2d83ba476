//! What a disk may hold after the power was cut: everything synced, and of the rest whatever you like.

use super::disk::{Event, FileId, Files};
use fastrand::Rng;
use std::collections::BTreeMap;

/// Of the parts of a write that are not synced, each of these may be there or not.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Cut(usize),
}

/// How sure a change is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fate {
    Durable,
    /// The next sync makes it durable.
    Pending,
    /// A sync failed: a later one does not care for it any more.
    Doomed,
}

#[derive(Clone, Default)]
struct FileModel {
    base: Vec<u8>,
    changes: Vec<(Change, Fate)>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Set(String, FileId),
    Move { from: String, to: String, file: FileId },
    Remove(String),
}

/// What survives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// The process was killed: the kernel writes everything.
    Killed,
    /// Nothing that was not synced.
    Strict,
    /// Any part of it.
    Random,
}

/// A disk as events make it, with what is durable told from what is not.
#[derive(Default)]
pub(crate) struct Model {
    files: BTreeMap<FileId, FileModel>,
    live: BTreeMap<String, FileId>,
    durable: BTreeMap<String, FileId>,
    pending: Vec<NameChange>,
}

impl Model {
    /// Must be numbered as [`super::disk::SimDisk::with`] does.
    pub(crate) fn with(files: &Files) -> Self {
        let mut model = Model::default();
        for (file, (name, bytes)) in files.iter().enumerate() {
            model.live.insert(name.clone(), file);
            model.files.insert(file, FileModel { base: bytes.clone(), changes: Vec::new() });
        }
        model.durable = model.live.clone();
        model
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::Create { name, file } => {
                self.files.insert(*file, FileModel::default());
                self.live.insert(name.clone(), *file);
                self.pending.push(NameChange::Set(name.clone(), *file));
            }
            Event::Link { name, file } => {
                self.live.insert(name.clone(), *file);
                self.pending.push(NameChange::Set(name.clone(), *file));
            }
            Event::Rename { from, to } => {
                let file = self.live.remove(from).unwrap();
                self.live.insert(to.clone(), file);
                self.pending.push(NameChange::Move { from: from.clone(), to: to.clone(), file });
            }
            Event::Remove { name } => {
                self.live.remove(name);
                self.pending.push(NameChange::Remove(name.clone()));
            }
            Event::SyncDir => {
                self.durable = self.live.clone();
                self.pending.clear();
            }
            Event::Write { file, at, bytes } => {
                self.change(*file, Change::Write { at: *at, bytes: bytes.clone() })
            }
            Event::Cut { file, len } => self.change(*file, Change::Cut(*len)),
            Event::Sync { file } => self.files.get_mut(file).unwrap().sync(),
            Event::SyncFailed { file } => self.files.get_mut(file).unwrap().sync_failed(),
            Event::Acknowledged { .. } => {}
        }
    }

    fn change(&mut self, file: FileId, change: Change) {
        self.files.get_mut(&file).unwrap().changes.push((change, Fate::Pending));
    }

    /// One of the states that may be found afterwards.
    pub(crate) fn survivor(&self, cut: Cut, rng: &mut Rng) -> Files {
        let mut names = match cut {
            Cut::Killed => self.live.clone(),
            _ => self.durable.clone(),
        };
        if matches!(cut, Cut::Random) {
            self.pending.iter().filter(|_| rng.bool()).for_each(|change| change.apply(&mut names));
        }
        names.into_iter().map(|(name, file)| (name, self.files[&file].survivor(cut, rng))).collect()
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, FileId>) {
        match self {
            NameChange::Set(name, file) => _ = names.insert(name.clone(), *file),
            NameChange::Move { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            NameChange::Remove(name) => _ = names.remove(name),
        }
    }
}

impl FileModel {
    fn sync(&mut self) {
        for (change, fate) in &mut self.changes {
            // The length belongs to the file's record, which a later sync writes in any case.
            if *fate == Fate::Pending || matches!(change, Change::Cut(_)) {
                *fate = Fate::Durable;
            }
        }
        if self.changes.iter().all(|(_, fate)| *fate == Fate::Durable) {
            self.changes.iter().for_each(|(change, _)| change.apply(&mut self.base));
            self.changes.clear();
        }
    }

    fn sync_failed(&mut self) {
        let pending = self.changes.iter_mut().filter(|(_, fate)| *fate == Fate::Pending);
        pending.for_each(|(_, fate)| *fate = Fate::Doomed);
    }

    fn survivor(&self, cut: Cut, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = self.base.clone();
        for (change, fate) in &self.changes {
            match (fate, cut) {
                (Fate::Durable, _) | (_, Cut::Killed) => change.apply(&mut bytes),
                (_, Cut::Strict) => {}
                (_, Cut::Random) => change.apply_some(&mut bytes, rng),
            }
        }
        bytes
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Change::Write { at, bytes } => put(to, *at, bytes),
            Change::Cut(len) => to.resize(*len, 0),
        }
    }

    /// All of it, nothing, the beginning, or any of its sectors.
    fn apply_some(&self, to: &mut Vec<u8>, rng: &mut Rng) {
        match (self, rng.u8(0..4)) {
            (_, 0) => {}
            (_, 1) | (Change::Cut(_), _) => self.apply(to),
            (Change::Write { at, bytes }, 2) => put(to, *at, &bytes[..rng.usize(0..=bytes.len())]),
            (Change::Write { at, bytes }, _) => {
                let mut from = *at;
                while from < at + bytes.len() {
                    let end = ((from / SECTOR + 1) * SECTOR).min(at + bytes.len());
                    if rng.bool() {
                        put(to, from, &bytes[from - at..end - at]);
                    }
                    from = end;
                }
            }
        }
    }
}

fn put(to: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if !bytes.is_empty() {
        to.resize(to.len().max(at + bytes.len()), 0);
        to[at..at + bytes.len()].copy_from_slice(bytes);
    }
}
