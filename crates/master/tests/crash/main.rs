//! Power cuts and failing disks, at every moment: what was acknowledged is there afterwards, and nothing by halves.
//!
//! `ELKFS_CRASH_RUNS=1000` is the long form: that many random runs instead of 12, each moment of them, and a fault at every single call.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod disk;
mod faults;
mod life;
mod survivors;

use disk::{Event, Files, SimDisk};
use fastrand::Rng;
use life::{Digests, Life, NOW, Settings, USUAL, digest, fresh};
use master::journal::Durability;
use master::recovery;
use survivors::{Cut, Model};

const SETTINGS: Settings = Settings { durability: Durability::Synced, back_logs: 2, keep_images: 1 };

/// Opens what is left with the real recovery: all up to `acknowledged` must be there, and the state must be one that
/// there was.
fn check(files: &Files, digests: &Digests, acknowledged: u64, what: &dyn Fn() -> String) {
    let disk = SimDisk::with(files);
    let loaded = recovery::load(&disk, &USUAL, NOW).unwrap_or_else(|error| {
        panic!("{}: not to be opened: {error:#}\n{:?}", what(), summary(files));
    });
    let version = loaded.fs.version();
    assert!(version > acknowledged, "{}: {acknowledged} was acknowledged, {version} comes next", what());
    let expected = digests.get(&version);
    assert_eq!(expected, Some(&digest(&loaded.fs)), "{}: version {version} never looked like this", what());
    loaded.fs.validate().unwrap();
}

fn summary(files: &Files) -> Vec<String> {
    let ends = |bytes: &[u8]| bytes[..bytes.len().min(60)].escape_ascii().to_string();
    files.iter().map(|(name, bytes)| format!("{name}: {} bytes, {}", bytes.len(), ends(bytes))).collect()
}

/// How many moments are looked at: each `step`-th event, from the `offset`-th on.
#[derive(Clone, Copy)]
struct Moments {
    offset: usize,
    step: usize,
}

const EVERY: Moments = Moments { offset: 0, step: 1 };

/// Cuts the power after events, in several ways. What was acknowledged must survive all of them, or, with a weaker
/// durability, as much as that promises. Returns the number of events.
fn check_moments(
    (before, durability): (&Files, Durability),
    (disk, digests): (&SimDisk, &Digests),
    which: Moments,
    rng: &mut Rng,
    name: &str,
) -> usize {
    let mut model = Model::with(before);
    let mut acknowledged = 0;
    let log = disk.log();
    for (n, event) in log.iter().enumerate() {
        model.apply(event);
        if let Event::Acknowledged { version } = event {
            acknowledged = acknowledged.max(*version);
        }
        if n % which.step != which.offset % which.step {
            continue;
        }
        for cut in [Cut::Killed, Cut::Strict, Cut::Random, Cut::Random] {
            let promised = match (durability, cut) {
                (Durability::Synced, _) | (Durability::Written, Cut::Killed) => acknowledged,
                _ => 0,
            };
            let files = model.survivor(cut, rng);
            check(&files, digests, promised, &|| format!("{name}, {cut:?} after event {n} ({event:?})"));
        }
    }
    log.len()
}

/// What a master does in a day or two, in few steps.
fn script(life: &mut Life, rng: &mut Rng) {
    for hour in 0..4 {
        for _ in 0..3 {
            life.change(rng);
            life.commit();
            life.change(rng);
            life.change(rng);
            life.commit();
            life.settle();
        }
        life.rotate();
        life.image();
        life.change(rng);
        life.commit();
        if hour == 2 {
            life.wait_image();
            life.rotate();
        }
    }
    life.wait_image();
}

#[test]
fn the_power_fails_at_every_moment_of_a_script() {
    let all = [(2, 1), (0, 0), (1, 0), (50, 3)];
    for (back_logs, keep_images) in all.into_iter().take(if long_form().is_some() { 4 } else { 1 }) {
        let settings = Settings { back_logs, keep_images, ..SETTINGS };
        let mut rng = Rng::with_seed(1);
        let mut life = Life::begin(SimDisk::with(&fresh()), Digests::from([(1, 0)]), settings).unwrap();
        life.digests.insert(1, digest(&metadata::Fs::new_empty(NOW)));
        script(&mut life, &mut rng);
        let (disk, digests) = life.stop();
        let name = format!("script with {settings:?}");
        let before = (&fresh(), Durability::Synced);
        let events = check_moments(before, (&disk, &digests), EVERY, &mut rng, &name);
        assert!(events > 100, "{events}");
    }
}

/// The number of random runs of the long form; none in the short one.
fn long_form() -> Option<u64> {
    std::env::var("ELKFS_CRASH_RUNS").ok().map(|text| text.parse().expect("a number of runs"))
}

/// Three lives, each beginning with what a power cut left of the one before.
fn random_run(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let durability = match rng.u8(0..6) {
        0 => Durability::Written,
        1 => Durability::Background,
        _ => Durability::Synced,
    };
    let settings = Settings { durability, back_logs: rng.u32(0..4), keep_images: rng.u32(0..3) };
    let mut files = fresh();
    let mut digests = Digests::from([(1, digest(&metadata::Fs::new_empty(NOW)))]);
    for number in 0..3 {
        let name = format!("seed {seed}, life {number}, {settings:?}");
        let mut life = Life::begin(SimDisk::with(&files), digests, settings)
            .unwrap_or_else(|error| panic!("{name}: cannot begin: {error:#}"));
        for _ in 0..rng.usize(5..25) {
            for _ in 0..rng.u8(0..4) {
                life.change(&mut rng);
            }
            match rng.u8(0..12) {
                0..=5 => life.commit(),
                6..=8 => life.settle(),
                9 => life.rotate(),
                10 => life.image(),
                _ => {}
            }
        }
        let stopped = if rng.u8(0..5) == 0 { life.stop() } else { life.pause() };
        let some = Moments { offset: seed as usize, step: if long_form().is_some() { 1 } else { 6 } };
        check_moments((&files, durability), (&stopped.0, &stopped.1), some, &mut rng, &name);
        // The next life begins somewhere in this one.
        let log = stopped.0.log();
        let mut model = Model::with(&files);
        log[..rng.usize(0..=log.len())].iter().for_each(|event| model.apply(event));
        let cut = if rng.bool() { Cut::Random } else { Cut::Killed };
        files = model.survivor(cut, &mut rng);
        digests = stopped.1;
    }
}

#[test]
fn the_power_fails_at_every_moment_of_random_runs() {
    for seed in 0..long_form().unwrap_or(12) {
        random_run(seed);
    }
}
