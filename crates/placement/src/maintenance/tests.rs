//! Healing, step by step.

use crate::ReplicaState::{RemovalValid, Valid, Wrong};
use crate::fixture::{A, B, Fixture};
use crate::{Alarm, Command, Event, Mode, Options, Order, RemovalProgress, Space};
use types::{CHUNK_SIZE, ChunkId, ChunkVersion, Status};

const MARK: u32 = 1 << 31;

fn used(f: &mut Fixture, n: usize, used: u64) {
    let space = Space { used: used * CHUNK_SIZE, total: 10_000 * CHUNK_SIZE, ..Space::default() };
    f.cluster.set_space(f.servers[n], space);
}

/// Answers everything with OK until nothing more is ordered.
fn settle(f: &mut Fixture) -> Vec<(usize, Order)> {
    let mut all = Vec::new();
    for _ in 0..100 {
        f.pass(1000);
        let orders = f.orders();
        if orders.is_empty() {
            return all;
        }
        for (n, order) in orders {
            f.answer(n, order, Status::OK);
            all.push((n, order));
        }
    }
    panic!("never quiet: {all:?}");
}

fn good(f: &Fixture, id: ChunkId) -> Vec<usize> {
    f.states(id).iter().filter(|s| s.1 == Valid).map(|s| s.0).collect()
}

#[test]
fn too_few_copies_are_replicated_from_a_good_one() {
    let mut f = Fixture::new(&[0; 3]);
    let id = f.chunk(7, 5, 2, &[(1, 5)]);
    f.pass(1000);
    let orders = f.orders();
    let [(to, Order::Replicate { chunk, version, ip, port })] = orders[..] else { panic!("{orders:?}") };
    assert_eq!((chunk, version, ip, port), (id, ChunkVersion(5), [10, 0, 0, 2].into(), 9422));
    assert_ne!(to, 1);
    assert_eq!(f.write(Some(id), 2), Err(Status::CHUNKBUSY));
    let now = f.now();
    let read = f.cluster.read_grant(now, &f.meta, id, [10, 0, 1, 1].into()).unwrap();
    assert_eq!(read.servers.len(), 1, "readable meanwhile, where it is complete");
    let events = f.answer(to, orders[0].1, Status::OK);
    assert!(events.contains(&Event::Retry { chunk: id }));
    assert_eq!(good(&f, id).len(), 2);
    assert_eq!(settle(&mut f), []);
}

#[test]
fn a_failed_replication_is_tried_again_and_a_late_one_not_believed() {
    let mut f = Fixture::new(&[0; 2]);
    let id = f.chunk(7, 5, 2, &[(0, 5)]);
    f.pass(1000);
    let orders = f.orders();
    f.answer(1, orders[0].1, Status::DISCONNECTED);
    f.pass(1000);
    let orders = f.orders();
    assert_eq!(orders.len(), 1);
    f.pass(122_000);
    assert!(!f.states(id).contains(&(1, Valid, 0)));
    let late = f.answer(1, orders[0].1, Status::OK);
    assert!(late.is_empty() && good(&f, id) == [0], "{late:?}");
    settle(&mut f);
    assert_eq!(good(&f, id), [0, 1]);
}

#[test]
fn too_many_copies_go_from_the_fullest() {
    let mut f = Fixture::new(&[0; 4]);
    for (n, u) in [500, 900, 100, 700].into_iter().enumerate() {
        used(&mut f, n, u);
    }
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5), (2, 5), (3, 5)]);
    f.pass(100);
    let orders = f.orders();
    let order = Order::Delete { chunk: id, version: ChunkVersion(5) };
    assert_eq!(orders, [(1, order), (3, order)]);
    for (n, order) in orders {
        f.answer(n, order, Status::OK);
    }
    assert_eq!(good(&f, id), [0, 2]);
}

#[test]
fn with_labels_the_right_ones_stay() {
    let mut f = Fixture::new(&[1, 1, 2]);
    f.meta.classes.insert(20, (Mode::Standard, vec![A, B]));
    used(&mut f, 2, 900);
    let id = f.chunk(7, 5, 20, &[(0, 5), (1, 5)]);
    assert!(matches!(settle(&mut f)[..], [(2, Order::Replicate { .. }), (_, Order::Delete { .. })]));
    assert_eq!(good(&f, id).last(), Some(&2));
}

#[test]
fn labels_that_no_server_has_cause_no_traffic() {
    for mode in [Mode::Loose, Mode::Standard, Mode::Strict] {
        let mut f = Fixture::new(&[1, 1, 1]);
        f.meta.classes.insert(20, (mode, vec![A, B]));
        let id = f.chunk(7, 5, 20, &[(0, 5), (1, 5)]);
        assert_eq!(settle(&mut f), []);
        let few = f.chunk(8, 5, 20, &[(0, 5)]);
        let made = settle(&mut f).len();
        assert_eq!(made, usize::from(mode != Mode::Strict), "{mode:?}");
        assert_eq!((good(&f, id).len(), good(&f, few).len()), (2, 1 + made));
    }
}

#[test]
fn stale_copies_stay_until_there_are_enough_good_ones() {
    let mut f = Fixture::new(&[0; 3]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 4)]);
    f.pass(1000);
    let orders = f.orders();
    assert!(matches!(orders[..], [(2, Order::Replicate { .. })]), "{orders:?}");
    f.pass(1000);
    assert_eq!(f.states(id)[1], (1, Wrong, 4));
    f.answer(2, orders[0].1, Status::OK);
    let deleted = settle(&mut f);
    assert_eq!(deleted, [(1, Order::Delete { chunk: id, version: ChunkVersion(4) })]);
    // Where a stale copy takes the only place, it gives it up.
    let mut f = Fixture::new(&[0; 2]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 4)]);
    assert!(matches!(settle(&mut f)[..], [(1, Order::Delete { .. }), (1, Order::Replicate { .. })]));
    assert_eq!(good(&f, id), [0, 1]);
}

#[test]
fn only_stale_copies_are_kept_and_told() {
    let mut f = Fixture::new(&[0; 2]);
    let id = f.chunk(7, 5, 2, &[(0, 3), (1, 3)]);
    let events = f.pass(5000);
    assert_eq!(events, [Event::Alarm(Alarm::NeedsRepair { chunk: id })], "once, not per pass");
    assert!(f.orders().is_empty());
    // One step beside the known version it is believed, and logged.
    for (id, version) in [(8, 4), (9, 6)] {
        let id = f.chunk(id, 5, 2, &[(0, version), (1, version)]);
        assert_eq!(f.pass(2000), [Event::SetVersion { chunk: id, version: ChunkVersion(version) }]);
        assert_eq!(good(&f, id), [0, 1]);
    }
}

#[test]
fn marked_disks_are_emptied_and_then_may_be_pulled() {
    let mut f = Fixture::new(&[0; 3]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5 | MARK)]);
    let progress = |f: &Fixture| f.cluster.server(f.servers[1]).unwrap().removal_progress();
    assert_eq!(progress(&f), RemovalProgress::Unknown);
    let space = Space { total: 10_000 * CHUNK_SIZE, removal_total: CHUNK_SIZE, ..Space::default() };
    f.cluster.set_space(f.servers[1], space);
    f.pass(1000);
    assert_eq!(progress(&f), RemovalProgress::InProgress);
    let orders = f.orders();
    assert!(matches!(orders[..], [(2, Order::Replicate { .. })]), "{orders:?}");
    f.answer(2, orders[0].1, Status::OK);
    let told = f.pass(5000);
    assert_eq!(progress(&f), RemovalProgress::CanBeRemoved);
    assert_eq!(told, [Event::Alarm(Alarm::DisksEmptied { server: f.servers[1] })], "once");
    assert_eq!(f.states(id), [(0, Valid, 0), (1, RemovalValid, 0), (2, Valid, 0)]);
    // All servers have one: the marked copy makes room on its own server.
    let mut f = Fixture::new(&[0; 2]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5 | MARK)]);
    let first = settle(&mut f);
    assert!(matches!(first[..], [(1, Order::Delete { .. }), (1, Order::Replicate { .. })]), "{first:?}");
    assert_eq!(good(&f, id), [0, 1]);
}

#[test]
fn nothing_is_replicated_for_servers_in_maintenance() {
    let mut f = Fixture::new(&[0; 3]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5)]);
    let now = f.now();
    f.cluster.command(now, ([10, 0, 0, 2].into(), 9422), Command::MaintenanceOn);
    f.disconnect(1);
    f.pass(5000);
    assert!(f.orders().is_empty());
    let now = f.now();
    f.cluster.command(now, ([10, 0, 0, 2].into(), 9422), Command::MaintenanceOff);
    f.pass(5000);
    assert_eq!(f.orders().len(), 1);
    let _ = id;
}

#[test]
fn delays_after_start_and_after_a_disconnect() {
    let options = Options { delay_init_ms: 60_000, delay_disconnect_ms: 100_000, ..Options::default() };
    let mut f = Fixture::with(options, &[0; 3]);
    f.chunk(7, 5, 2, &[(0, 5)]);
    f.pass(60_000 - f.ms - 40);
    assert!(f.orders().is_empty());
    f.disconnect(2);
    f.pass(99_000);
    assert!(f.orders().is_empty());
    f.pass(2000);
    assert_eq!(f.orders().len(), 1);
}

#[test]
fn limits_hold_per_server() {
    let mut f = Fixture::new(&[0; 2]);
    for id in 1..=40 {
        f.chunk(id, 1, 2, &[(0, 1)]);
    }
    f.pass(3000);
    assert_eq!(f.orders().len(), 2, "endangered chunks: two at once to one server");
    let mut f = Fixture::new(&[0; 1]);
    for id in 1..=40 {
        let id = f.chunk(id, 1, 1, &[(0, 1)]);
        f.info(id).references = 0;
    }
    f.pass(3000);
    assert_eq!(f.orders().len(), 10);
}

#[test]
fn usage_is_evened_out() {
    let mut f = Fixture::new(&[0; 3]);
    used(&mut f, 0, 5000);
    used(&mut f, 1, 5000);
    used(&mut f, 2, 100);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5)]);
    f.pass(1000);
    let orders = f.orders();
    assert!(matches!(orders[..], [(2, Order::Replicate { .. })]), "{orders:?}");
    f.answer(2, orders[0].1, Status::OK);
    f.pass(1000);
    assert!(matches!(f.orders()[..], [(0 | 1, Order::Delete { .. })]));
    assert!(good(&f, id).contains(&2));
}

#[test]
fn a_class_that_is_not_defined_costs_no_copy() {
    let mut f = Fixture::new(&[0; 3]);
    f.chunk(7, 5, 77, &[(0, 5), (1, 5), (2, 5)]);
    assert_eq!(settle(&mut f), []);
}

#[test]
fn what_was_marked_is_copied_at_once_not_in_the_next_pass() {
    let mut f = Fixture::new(&[0; 3]);
    // A pass over so many takes the usual 300 s.
    for id in 1..=20_000 {
        f.chunk_quietly(id, 5, 2, &[(0, 5), (1, 5)]);
    }
    f.pass(10_000);
    assert_eq!(f.orders(), []);
    f.found(1, ChunkId(19_000), 5 | MARK);
    f.pass(3100);
    assert!(matches!(f.orders()[..], [(2, Order::Replicate { chunk: ChunkId(19_000), .. })]));
}

#[test]
fn the_last_copy_of_an_undefined_class_or_of_something_unknown_keeps_a_disk() {
    for unknown in [false, true] {
        let mut f = Fixture::new(&[0; 2]);
        let space = Space { total: 10_000 * CHUNK_SIZE, removal_total: CHUNK_SIZE, ..Space::default() };
        f.cluster.set_space(f.servers[1], space);
        if unknown {
            f.meta.next = 1000;
            f.found(1, ChunkId(8), 5 | MARK);
        } else {
            f.chunk(7, 5, 77, &[(1, 5 | MARK)]);
        }
        f.pass(10_000);
        let progress = |f: &Fixture| f.cluster.server(f.servers[1]).unwrap().removal_progress();
        assert_eq!(progress(&f), RemovalProgress::InProgress, "{unknown}");
        // A copy on a regular disk is enough.
        if unknown {
            f.found(0, ChunkId(8), 5)
        } else {
            f.found(0, ChunkId(7), 5)
        }
        f.pass(15_000);
        assert_eq!(progress(&f), RemovalProgress::CanBeRemoved, "{unknown}");
    }
}

#[test]
fn a_change_for_all_is_found_in_a_hurried_pass() {
    let mut f = Fixture::new(&[1, 2]);
    f.meta.classes.insert(20, (Mode::Standard, vec![A]));
    for id in 1..=5_000 {
        f.chunk_quietly(id, 5, 20, &[(0, 5)]);
    }
    f.pass(10_000);
    f.meta.classes.insert(20, (Mode::Standard, vec![A, B]));
    f.pass(2000);
    let slow = f.orders().len();
    f.cluster.look_again();
    f.pass(1100);
    assert!(slow + f.orders().len() >= 1);
    assert!(f.cluster.queue_lengths().iter().sum::<usize>() > 4900, "{:?}", f.cluster.queue_lengths());
}

#[test]
fn one_copy_left_does_not_wait_for_ever_for_others_to_settle() {
    let mut f = Fixture::new(&[0; 3]);
    f.meta.next = 1_000_000;
    let id = f.chunk(7, 5, 2, &[(0, 5)]);
    let mut waited = 0;
    // Something is announced every second: stock would start nothing as long as that goes on.
    while f.orders().is_empty() {
        f.found(2, ChunkId(1000 + waited), 1);
        f.pass(1000);
        waited += 1;
        assert!(waited < 200);
    }
    assert!((100..=140).contains(&waited), "{waited} s");
    assert!(f.states(id).iter().any(|s| s.1 == crate::ReplicaState::Busy));
}

#[test]
fn a_queue_where_all_must_wait_costs_little() {
    let mut f = Fixture::new(&[0; 2]);
    for id in 1..=3_000 {
        f.chunk_quietly(id, 5, 2, &[(0, 5)]);
    }
    f.ms += 5000;
    f.pass(6000);
    assert_eq!(f.orders().len(), 2);
    assert!(f.cluster.queue_lengths()[1] > 2900);

    f.meta.take_looks();
    for _ in 0..50 {
        f.ms += 20;
        let now = f.now();
        f.cluster.tick(now, &f.meta);
    }
    let visits = f.meta.take_looks();
    assert!(visits < 50 * 150, "{visits} looks in a second");
}

#[test]
fn a_pass_ends_although_chunks_are_made_all_the_time() {
    let mut f = Fixture::new(&[0; 2]);
    // Three a tick, where a pass over so few looks at one.
    for id in (1..=6000).step_by(3) {
        (id..id + 3).for_each(|id| f.chunk_quietly(id, 1, 1, &[]));
        f.pass(20);
    }
    assert!(f.cluster.loop_stats().end > 0);
}
