//! Random operations: invariants hold after each, replaying the log gives the same state, images come back, snapshots
//! do not see what happens after them, and a naive model agrees.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;
mod compare;

use common::World;
use metadata::{Cursor as DirCursor, Fs, Snapshot};
use ondisk::{Line, Op};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use types::{Inode, NodeType, ROOT};

const BORN: u32 = 1_700_000_000;

fn write(snapshot: &Snapshot) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    snapshot.write_image(&mut out, 0).unwrap();
    out.into_inner()
}

fn save(fs: &Fs) -> Vec<u8> {
    write(&fs.snapshot())
}

fn lines(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    log.split(|b| *b == b'\n').filter(|line| !line.is_empty())
}

fn replay(fs: &mut Fs, log: &[u8]) {
    let mut scratch = Vec::new();
    for text in lines(log) {
        let line = Line::parse(text, &mut scratch).unwrap();
        if line.version >= fs.version() {
            fs.replay(&line).unwrap();
        }
    }
}

#[test]
fn invariants_hold_and_logs_replay() {
    for seed in 100..103 {
        let mut world = World::new(seed, BORN);
        let mut kept: Vec<(Snapshot, Vec<u8>)> = Vec::new();
        for step in 0..1500 {
            world.step();
            world
                .fs
                .validate()
                .unwrap_or_else(|e| panic!("seed {seed}, step {step}: {e}\n{}", last_line(&world)));
            if step % 300 == 100 {
                let snapshot = world.fs.snapshot();
                let image = write(&snapshot);
                kept.push((snapshot, image));
            }
        }
        let live = save(&world.fs);
        let mut fresh = Fs::new_empty(BORN);
        replay(&mut fresh, &world.log);
        assert!(save(&fresh) == live, "seed {seed}: the replayed log gives another state");
        for (snapshot, image) in &kept {
            assert!(write(snapshot) == *image, "seed {seed}: a snapshot changed");
            let mut standby = Fs::from_image(image, 0).unwrap();
            standby.validate().unwrap();
            replay(&mut standby, &world.log);
            standby.validate().unwrap();
            assert_eq!(standby.totals(), world.fs.totals());
            // OPEN and QUOT turn round with each load, so these two are compared by count only.
            let (ours, theirs) = (standby.quotas().count(), world.fs.quotas().count());
            assert_eq!(ours, theirs);
            compare::assert_same_but_turned(&format!("seed {seed}"), &save(&standby), &live);
        }
    }
}

fn last_line(world: &World) -> String {
    lines(&world.log).last().map_or_else(String::new, |line| String::from_utf8_lossy(line).into_owned())
}

#[test]
fn a_refused_operation_changes_nothing() {
    let mut world = World::new(7, BORN);
    for _ in 0..2500 {
        let (version, before) = (world.fs.version(), save(&world.fs));
        world.step();
        if world.fs.version() == version {
            assert!(save(&world.fs) == before);
        }
    }
}

/// What names and attributes should be, kept in the simplest way.
#[derive(Default)]
struct Model {
    nodes: BTreeMap<u32, ModelNode>,
    used: BTreeSet<u32>,
}

#[derive(Clone)]
struct ModelNode {
    kind: NodeType,
    mode: u16,
    uid: u32,
    gid: u32,
    length: u64,
    entries: BTreeMap<Vec<u8>, u32>,
}

impl Model {
    fn new() -> Self {
        let root = ModelNode {
            kind: NodeType::Dir,
            mode: 0o777,
            uid: 0,
            gid: 0,
            length: 0,
            entries: BTreeMap::new(),
        };
        Model { nodes: BTreeMap::from([(1, root)]), used: BTreeSet::from([0, 1]) }
    }

    fn links(&self, inode: u32) -> usize {
        self.nodes.values().flat_map(|node| node.entries.values()).filter(|child| **child == inode).count()
    }

    fn remove(&mut self, dir: Inode, name: &[u8]) -> u32 {
        let child = self.nodes.get_mut(&dir.0).unwrap().entries.remove(name).unwrap();
        if self.links(child) == 0 {
            self.nodes.remove(&child);
        }
        child
    }

    fn create(&mut self, parent: Inode, name: &[u8], node: (NodeType, u16), uid: u32, gid: u32) -> u64 {
        let inode = (0..).find(|n| !self.used.contains(n)).unwrap();
        self.used.insert(inode);
        let dir = self.nodes.get_mut(&parent.0).unwrap();
        dir.entries.insert(name.to_vec(), inode);
        let gid = if dir.mode & 0o2000 != 0 { dir.gid } else { gid };
        let new = ModelNode { kind: node.0, mode: node.1, uid, gid, length: 0, entries: BTreeMap::new() };
        self.nodes.insert(inode, new);
        inode.into()
    }

    fn apply(&mut self, line: &Line<'_>) {
        let yields = line.outcome.get(0);
        match line.op {
            Op::Create { parent, name, node, uid, gid, .. } => {
                let new = (node.kind, node.mode & !node.umask);
                assert_eq!(Some(self.create(parent, name.as_bytes(), new, uid, gid)), yields);
            }
            Op::Symlink { parent, name, uid, gid, .. } => {
                let new = (NodeType::Symlink, 0o777);
                assert_eq!(Some(self.create(parent, name.as_bytes(), new, uid, gid)), yields);
            }
            Op::Link { inode, parent, name } => {
                self.nodes.get_mut(&parent.0).unwrap().entries.insert(name.as_bytes().to_vec(), inode.0);
            }
            Op::Unlink { parent, name } => {
                assert_eq!(Some(u64::from(self.remove(parent, name.as_bytes()))), yields);
            }
            Op::Move { src_parent, src_name, dst_parent, dst_name } => {
                let child = self.nodes[&src_parent.0].entries[src_name.as_bytes()];
                assert_eq!(Some(u64::from(child)), yields);
                if self.nodes[&dst_parent.0].entries.contains_key(dst_name.as_bytes()) {
                    self.remove(dst_parent, dst_name.as_bytes());
                }
                self.nodes
                    .get_mut(&dst_parent.0)
                    .unwrap()
                    .entries
                    .insert(dst_name.as_bytes().to_vec(), child);
                self.nodes.get_mut(&src_parent.0).unwrap().entries.remove(src_name.as_bytes());
            }
            Op::Attr { inode, mode, uid, gid, .. } => {
                if let Some(node) = self.nodes.get_mut(&inode.0) {
                    (node.mode, node.uid, node.gid) = (mode, uid, gid);
                }
            }
            Op::Length { inode, length, .. } => {
                if let Some(node) = self.nodes.get_mut(&inode.0) {
                    node.length = length;
                }
            }
            _ => {}
        }
    }

    fn compare(&self, fs: &Fs) {
        for (inode, node) in &self.nodes {
            let view = fs.get(Inode(*inode)).unwrap();
            let seen = (view.kind, view.mode, view.uid, view.gid, view.length());
            assert_eq!(seen, (node.kind, node.mode, node.uid, node.gid, node.length), "inode {inode}");
            let links = if view.is_dir() {
                2 + node.entries.values().filter(|child| self.nodes[child].kind == NodeType::Dir).count()
            } else {
                self.links(*inode)
            };
            assert_eq!(view.nlink as usize, links, "inode {inode}");
            let entries = fs.read_dir(Inode(*inode), DirCursor::start());
            let entries: BTreeMap<Vec<u8>, u32> = entries.map(|e| (e.name.to_vec(), e.inode.0)).collect();
            assert_eq!(entries, node.entries, "inode {inode}");
            assert!(
                node.entries
                    .iter()
                    .all(|(name, child)| fs.lookup(Inode(*inode), name) == Some(Inode(*child)))
            );
        }
        assert_eq!(fs.totals().nodes as u64 - fs.totals().trash_files, self.nodes.len() as u64);
    }
}

#[test]
fn a_naive_model_agrees() {
    for seed in 1..6 {
        let mut world = World::new(seed, BORN);
        let mut model = Model::new();
        for _ in 0..800 {
            world.log.clear();
            if world.plain_step() {
                let mut scratch = Vec::new();
                model.apply(&Line::parse(lines(&world.log).next().unwrap(), &mut scratch).unwrap());
                model.compare(&world.fs);
            }
        }
        world.fs.validate().unwrap();
    }
}

#[test]
fn listings_go_on_where_they_stopped() {
    let mut world = World::new(3, BORN);
    while world.fs.totals().nodes < 120 {
        world.plain_step();
    }
    let mut at = Some(ROOT);
    while let Some(dir) = at {
        let all: Vec<_> = world.fs.read_dir(dir, DirCursor::start()).collect();
        for (i, entry) in all.iter().enumerate() {
            for cursor in [entry.cursor, DirCursor::at(entry.cursor.edge_id)] {
                assert_eq!(world.fs.read_dir(dir, cursor).collect::<Vec<_>>(), all[i..]);
            }
        }
        let past = all.last().map_or(1, |entry| entry.cursor.edge_id + 1);
        assert_eq!(world.fs.read_dir(dir, DirCursor::at(past)).count(), 0);
        at = world.fs.next_node(Inode(dir.0 + 1));
    }
}

#[test]
fn an_image_is_written_while_the_state_goes_on() {
    let mut world = World::new(11, BORN);
    (0..1500).for_each(|_| world.step());
    let before = save(&world.fs);
    let snapshot = world.fs.snapshot();
    let writer = std::thread::spawn(move || write(&snapshot));
    (0..1500).for_each(|_| world.step());
    world.fs.validate().unwrap();
    assert!(writer.join().unwrap() == before);
    assert!(save(&world.fs) != before);
}
