//! From a run that ends in a divergence to the few commands that it takes.

use crate::driver::{Batch, finish, start, turn, wait_until};
use anyhow::Result;
use std::time::{Duration, Instant};

/// Runs batches until the masters part in the way `kind` says; true when they do.
fn parts(batches: &[Batch], kind: &str, settle: Duration) -> Result<bool> {
    let begun = Instant::now();
    let mut pair = start()?;
    wait_until(&mut pair, begun + settle)?;
    for batch in batches {
        turn(&mut pair, batch)?;
        if pair.found.iter().any(|one| one.kind() == kind) {
            return Ok(true);
        }
    }
    Ok(finish(pair)?.iter().any(|one| one.kind() == kind))
}

/// Leaves out whatever is not needed for the divergence, as far as it gets until the deadline. Every trial starts both
/// masters anew; `settle` is how long they run before the first command, for chunks to be had.
pub fn shrink(batches: &[Batch], kind: &str, settle: Duration, deadline: Instant) -> Result<Vec<Batch>> {
    let mut kept = batches.to_vec();
    let mut size = kept.len().div_ceil(2);
    while size > 0 && Instant::now() < deadline {
        let mut from = 0;
        let before = kept.len();
        while from < kept.len() && Instant::now() < deadline {
            let mut less = kept.clone();
            less.drain(from..(from + size).min(kept.len()));
            // A trial that fails altogether, because a session it needs is missing say, is no smaller case.
            if parts(&less, kind, settle).unwrap_or(false) {
                kept = less;
                eprintln!("{} batches", kept.len());
            } else {
                from += size;
            }
        }
        if kept.len() == before || size > 1 {
            size /= 2;
        }
    }
    singles(&mut kept, kind, settle, deadline);
    Ok(kept)
}

/// The same for the commands of each batch.
fn singles(kept: &mut [Batch], kind: &str, settle: Duration, deadline: Instant) {
    for at in 0..kept.len() {
        let mut from = 0;
        while Instant::now() < deadline {
            let Batch::Packets(client, frames) = &kept[at] else { break };
            if from >= frames.len() || frames.len() == 1 {
                break;
            }
            let mut fewer = frames.clone();
            fewer.remove(from);
            let mut trial = kept.to_vec();
            trial[at] = Batch::Packets(*client, fewer);
            if parts(&trial, kind, settle).unwrap_or(false) {
                kept[at] = trial.swap_remove(at);
            } else {
                from += 1;
            }
        }
    }
}
