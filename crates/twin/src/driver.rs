//! A run: from a seed to two images.

use crate::clients::{CLIENTS, Kind};
use crate::commands::draw;
use crate::pair::{Divergence, Pair};
use crate::sessions::{attempts, needs_a_look};
use anyhow::{Result, ensure};
use fastrand::Rng;
use std::time::{Duration, Instant};

/// Most commands of one client in a row.
const LONGEST_BATCH: usize = 30;
/// After so many steps with chunkservers locked chunks are unlocked.
const MOST_WRITES: usize = 4;
/// A master says EAGAIN to writes for so long after its start.
const SETTLED: Duration = Duration::from_secs(12);

/// What one turn does.
#[derive(Clone, Debug)]
pub enum Batch {
    /// A client sends these at once.
    Packets(usize, Vec<Vec<u8>>),
    /// A client loses its connection.
    Drop(usize),
    /// A client closes its session and opens another.
    Leave(usize),
    /// Somebody is refused, with the number of the attempt.
    Refused(usize),
}

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The dice.
    pub seed: u64,
    /// Commands.
    pub steps: u64,
    /// Print commands from this one on.
    pub show_from: Option<u64>,
    /// Stop after so many divergences.
    pub most: usize,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Where the masters parted.
    pub found: Vec<Divergence>,
    /// All that was done.
    pub batches: Vec<Batch>,
    /// How long it took.
    pub time: Duration,
    /// Commands sent.
    pub steps: u64,
}

/// Runs a plan, the comparison of the images included.
pub fn run(plan: &Plan) -> Result<Outcome> {
    let begun = Instant::now();
    let mut pair = start()?;
    pair.show_from = plan.show_from;
    let ready = begun + SETTLED;
    let mut rng = Rng::with_seed(plan.seed);
    let mut batches = Vec::new();
    while pair.step < plan.steps && pair.found.len() < plan.most {
        let chunks = pair.step >= plan.steps / 8;
        if chunks && Instant::now() < ready {
            wait_until(&mut pair, ready)?;
        }
        let batch = next(&mut rng, &pair, chunks);
        batches.push(batch.clone());
        turn(&mut pair, &batch)?;
    }
    let steps = pair.step;
    let found = finish(pair)?;
    Ok(Outcome { found, batches, time: begun.elapsed(), steps })
}

/// Both masters with all clients.
pub fn start() -> Result<Pair> {
    let mut pair = Pair::start()?;
    pair.open(0)?;
    crate::setup::make_tree(&mut pair)?;
    pair.open_all()?;
    ensure!(pair.found.is_empty(), "the masters part at the start: {:#?}", pair.found);
    Ok(pair)
}

/// Keeps everybody connected until then.
pub fn wait_until(pair: &mut Pair, then: Instant) -> Result<()> {
    while Instant::now() < then {
        pair.packets(CLIENTS.len() - 1, &[])?;
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Does one turn.
pub fn turn(pair: &mut Pair, batch: &Batch) -> Result<()> {
    match batch {
        Batch::Packets(client, frames) => {
            if frames.len() == 1 && needs_a_look(&frames[0]) && !pair.looked_at(*client, &frames[0])? {
                return Ok(());
            }
            pair.packets(*client, frames)
        }
        Batch::Drop(client) => pair.drop_connection(*client),
        Batch::Leave(client) => pair.leave(*client),
        Batch::Refused(number) => pair.refused(&attempts()[*number]),
    }
}

/// Stops both and compares what they wrote.
pub fn finish(mut pair: Pair) -> Result<Vec<Divergence>> {
    let mut found = std::mem::take(&mut pair.found);
    let images = [pair.sides[0].stop()?, pair.sides[1].stop()?];
    found.extend(crate::image::compare(&images, &pair.world.limbo)?);
    Ok(found)
}

fn next(rng: &mut Rng, pair: &Pair, chunks: bool) -> Batch {
    let client = if rng.u32(..3) == 0 { 0 } else { rng.usize(..CLIENTS.len()) };
    let session = matches!(CLIENTS[client].kind, Kind::Mount | Kind::Meta);
    match rng.u32(..3000) {
        0..=3 if client != 0 => return Batch::Drop(client),
        4 if client != 0 && session => return Batch::Leave(client),
        5..=9 => return Batch::Refused(rng.usize(..attempts().len())),
        _ => {}
    }
    if pair.world.writes.len() > MOST_WRITES {
        return Batch::Packets(0, vec![crate::setup::end_write(pair)]);
    }
    let count = rng.usize(1..=LONGEST_BATCH);
    let mut frames = Vec::new();
    for n in 0..count {
        let msgid = u32::try_from(pair.step).unwrap_or(0) + n as u32 + 1;
        let (frame, alone) = draw(rng, &pair.world, client, msgid, chunks);
        if alone {
            if frames.is_empty() {
                return Batch::Packets(client, vec![frame]);
            }
            break;
        }
        frames.push(frame);
    }
    Batch::Packets(client, frames)
}
