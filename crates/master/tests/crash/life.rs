//! A master's life as far as its disk sees it: changes, rotations and images through the real journal, image writer
//! and recovery.

use super::disk::{Files, SimDisk};
use fastrand::Rng;
use master::images::{self, ImageSource};
use master::journal::{Durability, Journal};
use master::recovery::{self, Rules};
use metadata::Fs;
use ondisk::{Line, NewNode, Op};
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::io::Cursor;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use types::{Inode, Name, NodeType, ROOT};

/// The moment everything happens at.
pub(crate) const NOW: u32 = 1_800_000_000;
pub(crate) const USUAL: Rules =
    Rules { recover: false, ignore_errors: false, best: false, every_log: false, verbose: 0 };
const PATIENCE: Duration = Duration::from_secs(60);

/// What the state looked like at each version.
pub(crate) type Digests = BTreeMap<u64, u64>;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) durability: Durability,
    pub(crate) back_logs: u32,
    pub(crate) keep_images: u32,
}

pub(crate) struct Life {
    pub(crate) disk: SimDisk,
    pub(crate) fs: Fs,
    pub(crate) digests: Digests,
    settings: Settings,
    journal: Journal,
    images: (Sender<images::ImageResult>, Receiver<images::ImageResult>),
    image_running: bool,
    pub(crate) images_failed: usize,
}

/// A new file system's directory.
pub(crate) fn fresh() -> Files {
    Files::from([("metadata.mfs".to_owned(), b"MFSM NEW".to_vec())])
}

fn image_source(fs: &Fs) -> ImageSource {
    let snapshot = fs.snapshot();
    Box::new(move |out| snapshot.write_image(&mut &mut *out, NOW))
}

pub(crate) fn digest(fs: &Fs) -> u64 {
    let mut image = Cursor::new(Vec::new());
    image_source(fs)(&mut image).unwrap();
    let mut hasher = DefaultHasher::new();
    hasher.write(&image.into_inner());
    hasher.finish()
}

impl Life {
    /// Starts as a master does, on what is found.
    pub(crate) fn begin(disk: SimDisk, mut digests: Digests, settings: Settings) -> anyhow::Result<Life> {
        let loaded = recovery::load(&disk, &USUAL, NOW)?;
        let fs = loaded.fs;
        let mut journal =
            Journal::start(Arc::new(disk.clone()), fs.version(), settings.durability, || {}).unwrap();
        journal.set_base(loaded.base.version);
        // What was not acknowledged and did not survive never was.
        digests.retain(|version, _| *version < fs.version());
        digests.insert(fs.version(), digest(&fs));
        let (images, image_running) = (channel(), false);
        let mut life = Life { disk, fs, digests, settings, journal, images, image_running, images_failed: 0 };
        if life.fs.meta_id() == 0 {
            life.run(&Op::SetMetaId { id: 77 });
        }
        Ok(life)
    }

    fn run(&mut self, op: &Op<'_>) -> bool {
        let version = self.fs.version();
        let Ok(outcome) = self.fs.apply(NOW, op) else { return false };
        let line = Line { version, ts: NOW.into(), op: *op, outcome };
        self.journal.append(version, |out| line.write(out));
        self.digests.insert(self.fs.version(), digest(&self.fs));
        true
    }

    /// One change that succeeds, of many kinds.
    pub(crate) fn change(&mut self, rng: &mut Rng) {
        for _ in 0..100 {
            let (a, b) = (format!("name-{}", rng.u8(0..12)), format!("a longer name, {}", rng.u8(0..12)));
            let (a, b) = (Name::new(a.as_bytes()).unwrap(), Name::new(b.as_bytes()).unwrap());
            let dir = if rng.bool() { ROOT } else { Inode(rng.u32(1..10)) };
            let kind = if rng.u8(0..3) == 0 { NodeType::Dir } else { NodeType::File };
            let node = NewNode { kind, mode: 0o755, umask: 0 };
            let done = match rng.u8(0..8) {
                0..=2 => self.run(&Op::Create { parent: dir, name: a, node, uid: 1, gid: 2, rdev: 0 }),
                3 => self.run(&Op::Create { parent: dir, name: b, node, uid: 1, gid: 2, rdev: 0 }),
                4 => self.run(&Op::Move { src_parent: dir, src_name: a, dst_parent: ROOT, dst_name: b }),
                5 => self.run(&Op::Unlink { parent: dir, name: b }),
                6 => self.run(&Op::Access { inode: Inode(rng.u32(1..12)) }),
                _ => self.run(&Op::Symlink {
                    parent: dir,
                    name: b,
                    target: types::Bytes32::new(&[b'x'; 900]),
                    uid: 0,
                    gid: 0,
                }),
            };
            if done {
                return;
            }
        }
        assert!(self.run(&Op::Access { inode: ROOT }));
    }

    /// The end of a turn: lines are handed over, answers whose lines are durable leave.
    pub(crate) fn commit(&mut self) {
        self.journal.commit();
        self.tell();
    }

    /// Answers to everything that is durable leave.
    pub(crate) fn tell(&mut self) {
        self.disk.acknowledge(self.journal.durable());
        while let Ok(result) = self.images.1.try_recv() {
            self.image_done(result);
        }
    }

    /// Waits until everything was acknowledged.
    pub(crate) fn settle(&mut self) {
        assert!(
            self.journal.flush(PATIENCE),
            "the journal does not come to rest: {:?}",
            self.journal.failure()
        );
        self.tell();
    }

    pub(crate) fn rotate(&mut self) {
        self.journal.rotate(self.settings.back_logs);
    }

    /// Starts an image beside everything else.
    pub(crate) fn image(&mut self) {
        if self.image_running {
            return;
        }
        self.image_running = true;
        let (source, version) = (image_source(&self.fs), self.fs.version());
        let done = self.images.0.clone();
        let storage = Arc::new(self.disk.clone());
        images::store_in_background(storage, version, self.settings.keep_images, source, move |result| {
            done.send(result).unwrap();
        })
        .unwrap();
    }

    pub(crate) fn wait_image(&mut self) {
        while self.image_running {
            let result = self.images.1.recv_timeout(PATIENCE).unwrap();
            self.image_done(result);
        }
    }

    fn image_done(&mut self, result: images::ImageResult) {
        self.image_running = false;
        match result.outcome {
            Ok(_) => self.journal.set_base(result.version),
            Err(_) => self.images_failed += 1,
        }
    }

    /// Everything rests: nothing more is done to the disk.
    pub(crate) fn pause(mut self) -> (SimDisk, Digests) {
        self.wait_image();
        self.settle();
        (self.disk, self.digests)
    }

    /// A clean stop.
    pub(crate) fn stop(mut self) -> (SimDisk, Digests) {
        self.wait_image();
        self.settle();
        self.journal.rotate(self.settings.back_logs);
        images::store(&self.disk, self.settings.keep_images, &image_source(&self.fs)).unwrap();
        images::seal(&self.disk).unwrap();
        drop(self.journal);
        (self.disk, self.digests)
    }
}
