//! Random requests of many users, planned and applied by `metadata`, and answered by a file system as plain as it can be:
//! all answers, and from time to time all nodes, must be the same. And what the changelog says, read back from its
//! text and replayed, must give the same image, byte for byte.
//!
//! `ELKFS_MODEL_OPS=1000000 cargo nextest run --release -p metadata --test model` is the long form;
//! `ELKFS_MODEL_SEED=n` begins with another seed. A failure prints a short list of requests that still fails.

#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(clippy::too_many_lines, reason = "one arm for each kind of request")]

mod compare;
mod naive;
mod real;
mod requests;
mod world;

use metadata::Fs;
use naive::Naive;
use ondisk::Line;
use real::Real;
use requests::Request;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use world::{BORN, Chance, WHO, sessions};

/// Requests in one life of a file system.
const LIFE: usize = 100_000;
/// How often all nodes are compared, invariants are checked, and the log is replayed.
const COMPARED: usize = 1000;
const REPLAYED: usize = 10_000;
/// How long a failing list is made shorter.
const SHRINKING: Duration = Duration::from_secs(60);

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn image(fs: &Fs) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    fs.snapshot().write_image(&mut out, 0).unwrap();
    out.into_inner()
}

/// Both file systems, and a third that is made from the log alone.
struct Trial {
    naive: Naive,
    real: Real,
    replayed: Fs,
    asked: usize,
    /// How often each kind of request was granted, and how often refused.
    granted: BTreeMap<String, [usize; 2]>,
}

impl Trial {
    fn new() -> Self {
        let (naive, real, replayed) = (Naive::new(BORN), Real::new(), Fs::new_empty(BORN));
        Trial { naive, real, replayed, asked: 0, granted: BTreeMap::new() }
    }

    fn ask(&mut self, request: &Request) -> Result<(), String> {
        let caps = sessions()[request.session];
        let ours = catch_unwind(AssertUnwindSafe(|| self.real.ask(&caps, request)));
        let ours = ours.map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.unwrap_or_else(|| "metadata panicked".into())
        })?;
        let plain = self.naive.ask(&caps, WHO[request.who], request);
        if ours != plain {
            return Err(format!("metadata answers {ours:?},\nthe model {plain:?}"));
        }
        self.asked += 1;
        let kind = format!("{:?}", request.call);
        let kind = kind.split(['(', ' ']).next().unwrap_or_default().to_owned();
        self.granted.entry(kind).or_default()[usize::from(ours.is_err())] += 1;
        if self.asked.is_multiple_of(COMPARED) {
            self.compare()?;
        }
        if self.asked.is_multiple_of(REPLAYED) {
            self.replay()?;
        }
        Ok(())
    }

    fn compare(&self) -> Result<(), String> {
        compare::compare(&self.naive, &self.real.fs)?;
        self.real.fs.validate()
    }

    fn replay(&mut self) -> Result<(), String> {
        let log = std::mem::take(&mut self.real.log);
        let mut scratch = Vec::new();
        for text in log.split(|b| *b == b'\n').filter(|text| !text.is_empty()) {
            let shown = String::from_utf8_lossy(text);
            let line = Line::parse(text, &mut scratch).map_err(|e| format!("{shown}: {e}"))?;
            self.replayed.replay(&line).map_err(|e| format!("{shown}: {e}"))?;
        }
        let same = image(&self.replayed) == image(&self.real.fs);
        if same { Ok(()) } else { Err("the replayed log gives another image".into()) }
    }
}

/// Asks everything and compares at the end.
fn fails(requests: &[Request]) -> Option<String> {
    let mut trial = Trial::new();
    let asked = requests.iter().try_for_each(|request| trial.ask(request));
    asked.and_then(|()| trial.compare()).and_then(|()| trial.replay()).err()
}

/// Leaves out what a failure does not need.
fn shrink(mut requests: Vec<Request>) -> Vec<Request> {
    let end = Instant::now() + SHRINKING;
    let mut part = requests.len() / 2;
    while part > 0 {
        let mut from = 0;
        while from < requests.len() && Instant::now() < end {
            let mut fewer = requests.clone();
            fewer.drain(from..(from + part).min(requests.len()));
            if fails(&fewer).is_some() { requests = fewer } else { from += part }
        }
        part /= 2;
    }
    requests
}

fn live(seed: u64, count: usize) {
    let mut chance = Chance::new(seed);
    let mut trial = Trial::new();
    let mut asked = Vec::new();
    let mut outcome = Ok(());
    while asked.len() < count && outcome.is_ok() {
        let request = chance.request(&trial.naive);
        outcome = trial.ask(&request);
        asked.push(request);
    }
    let outcome = outcome.and_then(|()| trial.compare()).and_then(|()| trial.replay());
    let Err(problem) = outcome else {
        // A test in which everything is refused would show nothing.
        println!("seed {seed}, granted and refused: {:?}", trial.granted);
        let idle =
            trial.granted.iter().find(|(_, [granted, refused])| granted + refused > 200 && *granted < 10);
        assert_eq!(idle, None, "hardly ever granted");
        return;
    };
    eprintln!(
        "seed {seed}, request {} {:.500}:\n{problem:.4000}",
        asked.len(),
        format!("{:?}", asked.last())
    );
    std::panic::set_hook(Box::new(|_| {}));
    let few = shrink(asked);
    let _ = std::panic::take_hook();
    few.iter().for_each(|request| eprintln!("{:.500}", format!("{request:?}")));
    panic!("seed {seed}: these {} requests fail: {:.2000}", few.len(), fails(&few).unwrap_or_default());
}

#[test]
fn metadata_answers_as_a_naive_file_system_does() {
    let count = from_env("ELKFS_MODEL_OPS", 30_000) as usize;
    let seed = from_env("ELKFS_MODEL_SEED", 1);
    let began = Instant::now();
    for (seed, at) in (seed..).zip((0..count).step_by(LIFE)) {
        live(seed, LIFE.min(count - at));
    }
    println!("{count} requests from seed {seed} on: no difference; {:.1} s", began.elapsed().as_secs_f64());
}
