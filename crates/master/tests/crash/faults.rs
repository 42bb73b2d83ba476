//! Disks that answer EIO or ENOSPC, or take half of what they are given.

use super::disk::{Fault, FaultKind, SimDisk};
use super::life::{Digests, Life, NOW, digest, fresh};
use super::survivors::{Cut, Model};
use super::{Moments, SETTINGS, check, check_moments, long_form, script};
use fastrand::Rng;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The script again, with a fault; then everything must come to rest by itself, with nothing lost at any moment.
fn one(fault: Fault) -> usize {
    let mut rng = Rng::with_seed(9);
    let disk = SimDisk::with(&fresh());
    let digests = Digests::from([(1, digest(&metadata::Fs::new_empty(NOW)))]);
    let mut life = Life::begin(disk.clone(), digests, SETTINGS).unwrap();
    let calls_at_start = disk.calls();
    disk.fail(Some(Fault { from: calls_at_start + fault.from, ..fault }));
    script(&mut life, &mut rng);
    life.settle();
    let version = life.fs.version();
    let failed = life.images_failed;
    let (disk, digests) = life.pause();
    let calls = disk.calls() - calls_at_start;
    let some = Moments { offset: fault.from, step: if long_form().is_some() { 3 } else { 29 } };
    let before = (&fresh(), SETTINGS.durability);
    check_moments(before, (&disk, &digests), some, &mut rng, &format!("{fault:?}"));
    let mut model = Model::with(&fresh());
    disk.log().iter().for_each(|event| model.apply(event));
    let files = model.survivor(Cut::Strict, &mut rng);
    check(&files, &digests, version - 1, &|| format!("{fault:?}: in the end"));
    assert!(failed <= 4);
    calls
}

/// A failing journal waits a little before it tries again, so many are tested at once.
fn every(kind: FaultKind, times: usize) {
    let calls = one(Fault { from: usize::MAX / 2, times: 0, kind });
    assert!(calls > 60, "{calls}");
    let step = if long_form().is_some() { 1 } else { 3 };
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(step, Ordering::Relaxed);
                    if from >= calls {
                        return;
                    }
                    one(Fault { from, times, kind });
                }
            });
        }
    });
}

#[test]
fn eio_once_at_every_call() {
    every(FaultKind::Io, 1);
}

#[test]
fn eio_several_times_at_every_call() {
    every(FaultKind::Io, 4);
}

#[test]
fn a_full_disk_at_every_call() {
    every(FaultKind::Full, 3);
}

#[test]
fn a_short_write_at_every_call() {
    every(FaultKind::Short, 2);
}
