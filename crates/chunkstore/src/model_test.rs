//! Random operations against a byte array, with restarts and with death at any system call.

use crate::sys::crash;
use crate::{DiskSpec, Durability, SpaceLimit, Store, StoreConfig, Tunables};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use types::{ChunkId, ChunkVersion, Status};

const BLOCK: usize = 65536;
/// Chunks and blocks in play.
const CHUNKS: u64 = 4;
const BLOCKS: usize = 3;

#[derive(Debug, Clone)]
enum Op {
    Create(u64, u32),
    Write { id: u64, block: u16, offset: u16, len: u32, seed: u8 },
    SetVersion(u64, u32),
    Truncate(u64, u32, u32),
    Copy { new: u64, old: u64, length: Option<u32> },
    Delete(u64),
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    let id = 1..=CHUNKS;
    let length = prop_oneof![0..=(BLOCKS * BLOCK) as u32, (0..=BLOCKS as u32).prop_map(|n| n * BLOCK as u32)];
    prop_oneof![
        3 => (id.clone(), 1..5_u32).prop_map(|(id, version)| Op::Create(id, version)),
        8 => (id.clone(), 0..BLOCKS as u16, any::<u16>(), any::<u32>(), any::<u8>()).prop_map(
            |(id, block, offset, len, seed)| {
                // A third of the writes are whole blocks.
                let offset = if seed % 3 == 0 { 0 } else { offset };
                let room = BLOCK as u32 - u32::from(offset);
                let len = if seed % 3 == 0 { room } else { 1 + len % room };
                Op::Write { id, block, offset, len, seed }
            }
        ),
        1 => (id.clone(), 1..5_u32).prop_map(|(id, version)| Op::SetVersion(id, version)),
        2 => (id.clone(), length.clone(), 1..5_u32).prop_map(|(id, len, v)| Op::Truncate(id, len, v)),
        2 => (id.clone(), id.clone(), proptest::option::of(length))
            .prop_map(|(new, old, length)| Op::Copy { new, old, length }),
        1 => id.prop_map(Op::Delete),
        1 => Just(Op::Restart),
    ]
}

/// What the store should hold: version and whole blocks.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model(BTreeMap<u64, (u32, Vec<u8>)>);

fn data(len: u32, seed: u8) -> Vec<u8> {
    // Some writes are zeros, in front, behind, or altogether.
    (0..len)
        .map(|i| if i / 700 % 4 < u32::from(seed % 4) { 0 } else { (i as u8).wrapping_mul(seed) })
        .collect()
}

fn cut(bytes: &mut Vec<u8>, length: u32) {
    bytes.resize(length as usize, 0);
    bytes.resize((length as usize).next_multiple_of(BLOCK), 0);
}

impl Model {
    fn apply(&mut self, op: &Op) -> Result<(), Status> {
        match *op {
            Op::Create(id, version) => {
                if self.0.contains_key(&id) {
                    return Err(Status::CHUNKEXIST);
                }
                self.0.insert(id, (version, Vec::new()));
            }
            Op::Write { id, block, offset, len, seed } => {
                let (_, bytes) = self.0.get_mut(&id).ok_or(Status::NOCHUNK)?;
                let at = usize::from(block) * BLOCK;
                bytes.resize(bytes.len().max(at + BLOCK), 0);
                let at = at + usize::from(offset);
                bytes[at..at + len as usize].copy_from_slice(&data(len, seed));
            }
            Op::SetVersion(id, version) => self.0.get_mut(&id).ok_or(Status::NOCHUNK)?.0 = version,
            Op::Truncate(id, length, version) => {
                let chunk = self.0.get_mut(&id).ok_or(Status::NOCHUNK)?;
                chunk.0 = version;
                cut(&mut chunk.1, length);
            }
            Op::Copy { new, old, length } => {
                if new == old {
                    return Err(Status::CHUNKEXIST);
                }
                let mut copy = self.0.get(&old).ok_or(Status::NOCHUNK)?.clone();
                if self.0.contains_key(&new) {
                    return Err(Status::CHUNKEXIST);
                }
                if let Some(length) = length {
                    cut(&mut copy.1, length);
                }
                self.0.insert(new, copy);
            }
            Op::Delete(id) => drop(self.0.remove(&id).ok_or(Status::NOCHUNK)?),
            Op::Restart => {}
        }
        Ok(())
    }
}

fn start(dir: &Path) -> Arc<Store> {
    let spec = DiskSpec {
        path: dir.into(),
        removal: false,
        drain: false,
        fill: false,
        may_resize: true,
        limit: SpaceLimit::Leave(0),
        line: 1,
    };
    let store = Store::start(StoreConfig {
        disks: vec![spec],
        allow_invalid_disks: false,
        metaid: None,
        disk_threads: 4,
        max_open: 3,
        tunables: Tunables { test_speed: 0, durability: Durability::Never, ..Tunables::default() },
        on_report: Box::new(|| ()),
    })
    .unwrap();
    while store.is_scanning() {
        std::thread::sleep(Duration::from_micros(100));
    }
    store
}

fn apply(store: &Arc<Store>, op: &Op) -> Result<(), Status> {
    let any = ChunkVersion(0);
    match *op {
        Op::Create(id, version) => store.create(ChunkId(id), ChunkVersion(version)),
        Op::Write { id, block, offset, len, seed } => {
            let bytes = data(len, seed);
            store.open(ChunkId(id), any)?.write(block, offset, &bytes, crc32fast::hash(&bytes))
        }
        Op::SetVersion(id, version) => store.set_version(ChunkId(id), ChunkVersion(version), any),
        Op::Truncate(id, length, version) => store.truncate(ChunkId(id), length, ChunkVersion(version), any),
        Op::Copy { new, old, length } => {
            if new == old {
                return Err(Status::CHUNKEXIST);
            }
            let version = store.open(ChunkId(old), any)?.version()?;
            match length {
                None => store.duplicate(ChunkId(new), any, ChunkId(old), version),
                Some(length) => store.duptrunc(ChunkId(new), any, ChunkId(old), version, length),
            }
        }
        Op::Delete(id) => store.delete(ChunkId(id), any),
        Op::Restart => Ok(()),
    }
}

/// Everything the store holds, read block by block. An error for a block that cannot be read.
fn content(store: &Arc<Store>) -> Result<Model, (u64, u16, Status)> {
    let mut model = Model::default();
    for id in 1..=CHUNKS {
        let handle = match store.open(ChunkId(id), ChunkVersion(0)) {
            Ok(handle) => handle,
            Err(Status::NOCHUNK) => continue,
            Err(status) => return Err((id, u16::MAX, status)),
        };
        let mut bytes = Vec::new();
        for block in 0..handle.blocks().unwrap() {
            let mut buf = vec![0; BLOCK];
            handle.read_block(block, &mut buf).map_err(|status| (id, block, status))?;
            bytes.extend_from_slice(&buf);
        }
        model.0.insert(id, (handle.version().unwrap().0, bytes));
    }
    Ok(model)
}

fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// After death during `op`: what was there before, or after, or for data any mixture of both.
fn is_between(found: &Model, before: &Model, op: &Op) -> bool {
    let mut after = before.clone();
    if after.apply(op).is_err() || found == before || *found == after {
        return found == before || *found == after;
    }
    let touched = match *op {
        Op::Write { id, .. } | Op::Truncate(id, ..) => id,
        Op::Copy { new, .. } => {
            // Unfinished copies have version 0.
            let mut rest = found.clone();
            return rest.0.remove(&new).is_some_and(|(version, _)| version == 0) && rest == *before;
        }
        _ => return false,
    };
    let mut rest = found.clone();
    let Some((version, bytes)) = rest.0.remove(&touched) else { return false };
    let (old, new) = (&before.0[&touched], &after.0[&touched]);
    let byte = |all: &[u8], i: usize| all.get(i).copied().unwrap_or(0);
    let others = |model: &Model| model.0.iter().filter(|(id, _)| **id != touched).count() == rest.0.len();
    others(before)
        && rest.0.iter().all(|(id, chunk)| before.0.get(id) == Some(chunk))
        && (version == old.0 || version == new.0)
        && bytes.len() >= old.1.len().min(new.1.len())
        && bytes.len() <= old.1.len().max(new.1.len())
        && bytes.iter().enumerate().all(|(i, b)| *b == byte(&old.1, i) || *b == byte(&new.1, i))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_its_model(ops in proptest::collection::vec(op(), 1..40)) {
        let dir = folder();
        let mut store = start(dir.path());
        let mut model = Model::default();
        for op in &ops {
            prop_assert_eq!(apply(&store, op), model.apply(op), "{:?}", op);
            if matches!(op, Op::Restart) {
                store.stop();
                store = start(dir.path());
            }
        }
        prop_assert_eq!(content(&store), Ok(model.clone()));
        store.stop();
        prop_assert!(!dir.path().join(crate::intents::FILE).exists());
        let store = start(dir.path());
        prop_assert_eq!(content(&store), Ok(model));
        prop_assert!(store.take_reports().damaged.is_empty());
        store.stop();
    }

    #[test]
    fn death_at_any_call_costs_nothing(
        ops in proptest::collection::vec(op(), 1..25),
        calls in 0..80_u32,
        part in any::<u8>(),
    ) {
        let dir = folder();
        let store = start(dir.path());
        let mut model = Model::default();
        crash::arm(calls, part);
        let mut last = None;
        for op in ops.iter().filter(|op| !matches!(op, Op::Restart)) {
            match catch_unwind(AssertUnwindSafe(|| apply(&store, op))) {
                Ok(result) => prop_assert_eq!(result, model.apply(op), "{:?}", op),
                Err(_) => {
                    last = Some(op);
                    break;
                }
            }
        }
        crash::disarm();
        store.die();
        drop(store);

        let store = start(dir.path());
        let found = content(&store);
        let Ok(found) = found else { return Err(TestCaseError::fail(format!("{found:?} after {last:?}"))) };
        match last {
            None => prop_assert_eq!(&found, &model),
            Some(op) => prop_assert!(is_between(&found, &model, op), "{:?}", op),
        }
        // Who did not get an answer does it again.
        if let Some(op @ Op::Write { .. }) = last {
            prop_assert_eq!(apply(&store, op), model.apply(op));
            prop_assert_eq!(content(&store), Ok(model));
        }
        store.stop();
    }
}
