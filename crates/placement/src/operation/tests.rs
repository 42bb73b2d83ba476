//! How operations end.

use crate::ReplicaState::{Busy, Invalid, RemovalBusy, RemovalValid, Valid, Wrong};
use crate::fixture::Fixture;
use crate::{Event, Grant, OperationKind, Order};
use types::{ChunkId, ChunkVersion, Status};

fn done(events: &[Event]) -> Vec<Status> {
    let of = |e: &Event| match e {
        Event::OperationDone { status, .. } => Some(*status),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// A chunk of version 5 with three copies, SET_VERSION to 6 under way.
fn raising() -> (Fixture, ChunkId, Vec<Order>) {
    let mut f = Fixture::new(&[0; 3]);
    let id = f.chunk(7, 5, 3, &[(0, 5), (1, 5), (2, 5 | 1 << 31)]);
    let grant = f.write(Some(id), 3);
    let kind = OperationKind::SetVersion;
    assert_eq!(grant, Ok(Grant::Started { chunk: id, version: ChunkVersion(6), kind }));
    f.events();
    let orders = f.orders();
    assert_eq!(f.states(id), [(0, Busy, 0), (1, Busy, 0), (2, RemovalBusy, 0)]);
    let expected = Order::SetVersion { chunk: id, new: ChunkVersion(6), old: ChunkVersion(5) };
    assert!(orders.iter().all(|(_, order)| *order == expected));
    (f, id, orders.into_iter().map(|(_, order)| order).collect())
}

#[test]
fn all_well_then_the_next_write_needs_nothing() {
    let (mut f, id, o) = raising();
    assert_eq!(f.write(Some(id), 3), Err(Status::LOCKED));
    f.info(id).locked_until = 0;
    assert_eq!(f.write(Some(id), 3), Err(Status::CHUNKBUSY));
    assert_eq!(done(&f.answer(0, o[0], Status::OK)), []);
    f.answer(1, o[1], Status::OK);
    let events = f.answer(2, o[2], Status::OK);
    assert_eq!(done(&events), [Status::OK]);
    assert!(events.contains(&Event::Retry { chunk: id }), "the chunk was unlocked meanwhile");
    assert_eq!(f.states(id), [(0, Valid, 0), (1, Valid, 0), (2, RemovalValid, 0)]);
    assert_eq!(f.write(Some(id), 3), Ok(Grant::Ready { chunk: id, version: ChunkVersion(6) }));
    assert!(f.orders().is_empty());
}

#[test]
fn a_copy_that_never_began_is_stale() {
    let (mut f, id, o) = raising();
    f.answer(0, o[0], Status::NOTDONE);
    f.answer(1, o[1], Status::OK);
    assert_eq!(done(&f.answer(2, o[2], Status::OK)), [Status::OK]);
    assert_eq!(f.states(id), [(0, Wrong, 5), (1, Valid, 0), (2, RemovalValid, 0)]);
}

#[test]
fn a_failed_copy_makes_the_others_newer() {
    let (mut f, id, o) = raising();
    f.answer(0, o[0], Status::IO);
    f.answer(1, o[1], Status::OK);
    let events = f.answer(2, o[2], Status::OK);
    assert_eq!(events, [Event::SetVersion { chunk: id, version: ChunkVersion(7) }]);
    assert_eq!(f.states(id), [(0, Invalid, 0), (1, Busy, 0), (2, RemovalBusy, 0)]);
    for (n, order) in f.orders() {
        assert_eq!(order, Order::SetVersion { chunk: id, new: ChunkVersion(7), old: ChunkVersion(6) });
        let events = f.answer(n, order, Status::OK);
        assert_eq!(done(&events).len(), usize::from(n == 2));
    }
}

#[test]
fn a_server_lost_after_it_was_done_is_told_apart() {
    let (mut f, id, o) = raising();
    f.answer(0, o[0], Status::OK);
    assert_eq!(done(&f.disconnect(0)), []);
    f.answer(1, o[1], Status::OK);
    let events = f.answer(2, o[2], Status::OK);
    assert_eq!(events, [Event::SetVersion { chunk: id, version: ChunkVersion(7) }]);
    for (n, order) in f.orders() {
        f.answer(n, order, Status::OK);
    }
    f.servers[0] = f.register(1);
    f.found(0, id, 6);
    assert_eq!(f.states(id)[0], (0, Wrong, 6));
}

#[test]
fn nobody_began_then_all_is_as_before() {
    let (mut f, id, o) = raising();
    f.answer(0, o[0], Status::NOTDONE);
    f.answer(1, o[1], Status::NOTDONE);
    let events = f.answer(2, o[2], Status::NOTDONE);
    assert_eq!(events[0], Event::SetVersion { chunk: id, version: ChunkVersion(5) });
    assert_eq!(done(&events), [Status::NOTDONE]);
    assert_eq!(f.states(id), [(0, Valid, 0), (1, Valid, 0), (2, RemovalValid, 0)]);
    f.info(id).locked_until = 0;
    let grant = f.write(Some(id), 3).unwrap();
    assert!(matches!(grant, Grant::Started { version: ChunkVersion(6), .. }), "nobody has 6: {grant:?}");
}

#[test]
fn a_version_that_a_lost_server_may_have_is_not_given_again() {
    let (mut f, id, o) = raising();
    f.answer(0, o[0], Status::NOTDONE);
    f.answer(1, o[1], Status::NOTDONE);
    let events = f.disconnect(2);
    assert_eq!(done(&events), [Status::NOTDONE]);
    assert_eq!(f.meta.chunks[&id].version, ChunkVersion(5));
    f.info(id).locked_until = 0;
    let grant = f.write(Some(id), 3).unwrap();
    assert!(matches!(grant, Grant::Started { version: ChunkVersion(22), .. }), "{grant:?}");
    f.cluster.take_events();
    f.servers[2] = f.register(3);
    f.found(2, id, 6);
    assert_eq!(f.states(id)[2], (2, Wrong, 6));
}

#[test]
fn no_space_everywhere_is_told_as_such() {
    let mut f = Fixture::new(&[0; 2]);
    f.write(None, 2).unwrap();
    let o = f.orders();
    f.answer(0, o[0].1, Status::NOSPACE);
    assert_eq!(done(&f.answer(1, o[1].1, Status::NOSPACE)), [Status::NOSPACE]);
    f.ms += 200_000;
    f.write(None, 2).unwrap();
    let o = f.orders();
    f.answer(0, o[0].1, Status::NOSPACE);
    assert_eq!(done(&f.answer(1, o[1].1, Status::NOTDONE)), [Status::NOTDONE]);
    assert_eq!(f.states(o[0].1.chunk()), [(0, Invalid, 0)]);
}

#[test]
fn shared_chunks_are_copied_and_do_not_change_meanwhile() {
    let mut f = Fixture::new(&[0; 2]);
    let old = f.chunk(7, 5, 2, &[(0, 5), (1, 5)]);
    f.info(old).references = 2;
    let grant = f.write(Some(old), 2).unwrap();
    assert_eq!(
        grant,
        Grant::Started { chunk: ChunkId(8), version: ChunkVersion(1), kind: OperationKind::Duplicate }
    );
    let o = f.orders();
    let (chunk, version, from_version) = (ChunkId(8), ChunkVersion(1), ChunkVersion(5));
    assert_eq!(o[1], (1, Order::Duplicate { chunk, version, from: old, from_version }));
    f.info(old).references = 1;
    assert_eq!(f.write(Some(old), 2), Err(Status::CHUNKBUSY));
    f.answer(0, o[0].1, Status::OK);
    let events = f.answer(1, o[1].1, Status::OK);
    assert!(events.contains(&Event::Retry { chunk: old }) && done(&events) == [Status::OK], "{events:?}");
    assert!(f.write(Some(old), 2).is_ok());
}

#[test]
fn truncation_always_takes_a_new_version() {
    let mut f = Fixture::new(&[0; 2]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5)]);
    let now = f.now();
    let grant = f.cluster.truncate_grant(now, &f.meta, id, 1234, 2).unwrap();
    assert_eq!(grant, Grant::Started { chunk: id, version: ChunkVersion(6), kind: OperationKind::Truncate });
    f.info(id).version = ChunkVersion(6);
    let o = f.orders();
    let order = Order::Truncate { chunk: id, length: 1234, new: ChunkVersion(6), old: ChunkVersion(5) };
    assert_eq!(o, [(0, order), (1, order)]);
    f.answer(0, order, Status::OK);
    assert_eq!(done(&f.answer(1, order, Status::OK)), [Status::OK]);
    f.info(id).references = 2;
    let now = f.now();
    let grant = f.cluster.truncate_grant(now, &f.meta, id, 99, 2).unwrap();
    assert_eq!(
        grant,
        Grant::Started { chunk: ChunkId(8), version: ChunkVersion(1), kind: OperationKind::DupTrunc }
    );
}

#[test]
fn no_copy_is_lost_only_when_everybody_is_here() {
    let mut f = Fixture::new(&[0; 2]);
    let id = f.chunk(7, 5, 2, &[]);
    assert_eq!(f.write(Some(id), 2), Err(Status::CHUNKLOST));
    let now = f.now();
    assert_eq!(f.cluster.locations(now, &f.meta, id, [1, 1, 1, 1].into()).err(), Some(Status::CHUNKLOST));
    f.disconnect(0);
    assert_eq!(f.write(Some(id), 2), Err(Status::CSNOTPRESENT));
    let now = f.now();
    assert_eq!(f.cluster.locations(now, &f.meta, id, [1, 1, 1, 1].into()).unwrap().servers.len(), 0);
    assert_eq!(f.write(Some(ChunkId(99)), 2), Err(Status::NOCHUNK));
}

#[test]
fn while_servers_list_their_chunks_incomplete_ones_wait() {
    let mut f = Fixture::new(&[0; 3]);
    let id = f.chunk(7, 5, 2, &[(0, 5)]);
    f.register(9);
    assert_eq!(f.write(Some(id), 2), Err(Status::EAGAIN));
    f.found(1, id, 5);
    assert!(f.write(Some(id), 2).is_ok());
}
