//! Nothing unknown is deleted by mistake.

use crate::fixture::Fixture;
use crate::{Alarm, Event, Options, Order};
use types::{ChunkId, ChunkVersion, Status};

fn waiting(quarantine_s: u64) -> Fixture {
    Fixture::with(Options { delay_init_ms: 0, quarantine_s, ..Options::default() }, &[0; 2])
}

#[test]
fn unknown_chunks_wait_for_an_operator() {
    let mut f = waiting(0);
    f.chunk(100, 1, 1, &[(0, 1)]);
    f.found(0, ChunkId(50), 3);
    f.found(1, ChunkId(50), 3);
    assert!(!f.cluster.fence().is_up, "an id that was given out once is no sign of old metadata");
    f.pass(100_000);
    assert!(f.orders().is_empty());
    let held = f.cluster.quarantined(f.now(), ChunkId(0), 10);
    assert_eq!((held.len(), held[0].chunk, held[0].copies.len()), (1, ChunkId(50), 2));
    assert!(f.cluster.release_quarantined(ChunkId(50)) && !f.cluster.release_quarantined(ChunkId(51)));
    f.pass(1000);
    let orders = f.orders();
    assert_eq!(orders[0], (0, Order::Delete { chunk: ChunkId(50), version: ChunkVersion(3) }));
    f.answer(0, orders[0].1, Status::OK);
    f.answer(1, orders[1].1, Status::IO);
    f.pass(1000);
    let orders = f.orders();
    assert_eq!(orders.len(), 1, "tried again");
    f.answer(1, orders[0].1, Status::NOCHUNK);
    assert_eq!(f.cluster.quarantine_len(), 0);
}

#[test]
fn or_for_time_to_pass_with_healthy_metadata() {
    let mut f = waiting(100);
    f.chunk(100, 1, 1, &[(0, 1)]);
    f.found(0, ChunkId(50), 3);
    f.pass(99_000);
    assert!(f.orders().is_empty());
    // Something newer than the metadata: everything stops.
    f.found(1, ChunkId(2000), 1);
    let events = f.events();
    assert!(events.contains(&Event::RaiseNextChunk { above: ChunkId(2000) }), "{events:?}");
    let known = ChunkVersion(0);
    let alarm = Alarm::MetadataIsOld { chunk: ChunkId(2000), found: ChunkVersion(1), known };
    assert!(events.contains(&Event::Alarm(alarm)));
    f.pass(300_000);
    assert!(f.orders().is_empty());
    let now = f.now();
    f.cluster.confirm_metadata(now);
    f.pass(99_000);
    assert!(f.orders().is_empty());
    f.pass(10_000);
    assert_eq!(f.orders().len(), 2);
}

#[test]
fn newer_versions_raise_the_fence_and_stop_every_deletion() {
    let mut f = waiting(0);
    let id = f.chunk(7, 5, 1, &[(0, 5), (1, 5)]);
    let other = f.chunk(8, 5, 1, &[(0, 5)]);
    f.found(1, other, 6);
    assert!(!f.cluster.fence().is_up, "one above happens");
    let third = f.chunk(9, 5, 1, &[(0, 5)]);
    f.found(1, third, 8);
    assert_eq!((f.cluster.fence().is_up, f.cluster.fence().new_versions), (true, 1));
    f.pass(10_000);
    assert!(f.orders().is_empty());
    let now = f.now();
    f.cluster.confirm_metadata(now);
    f.pass(5000);
    let deleted: Vec<_> = f.orders().iter().map(|(_, o)| o.chunk()).collect();
    assert!(deleted.contains(&id) && deleted.contains(&third), "{deleted:?}");
}

#[test]
fn nonsense_ids_do_not_move_the_next_one() {
    let mut f = waiting(0);
    f.chunk(100, 1, 1, &[(0, 1)]);
    f.found(0, ChunkId(5_000_000_000), 1);
    assert!(f.events().iter().all(|e| !matches!(e, Event::RaiseNextChunk { .. })));
    assert_eq!((f.cluster.quarantine_len(), f.cluster.fence().is_up), (1, false));
    f.disconnect(0);
    assert_eq!(f.cluster.quarantine_len(), 0);
}
