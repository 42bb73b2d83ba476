//! Chunks found, lost and damaged; servers that go.

use crate::ReplicaState::{Invalid, RemovalValid, RemovalWrong, Valid, Wrong};
use crate::fixture::Fixture;
use crate::{Event, Grant, MissingKind, Order};
use types::{ChunkId, ChunkVersion, Status};

const MARK: u32 = 1 << 31;

#[test]
fn versions_and_marks_decide_what_a_copy_is() {
    let mut f = Fixture::new(&[0; 5]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5 | MARK), (2, 4), (3, 6 | MARK)]);
    let expected = [(0, Valid, 0), (1, RemovalValid, 0), (2, Wrong, 4), (3, RemovalWrong, 6)];
    assert_eq!(f.states(id), expected);
    // Told again: only the mark counts.
    f.found(0, id, 9 | MARK);
    f.found(1, id, 5);
    assert_eq!(f.states(id)[..2], [(0, RemovalValid, 0), (1, Valid, 0)]);
    let now = f.now();
    let lines: Vec<_> = (0..9)
        .map(|_| {
            f.cluster
                .locations(now, &f.meta, id, [10, 0, 0, 2].into())
                .unwrap()
                .servers
                .iter()
                .map(|s| s.ip.octets()[3])
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(lines.iter().all(|l| *l == [2, 1]), "the nearest first, wrong versions never: {lines:?}");
}

#[test]
fn damaged_and_lost_copies() {
    let mut f = Fixture::new(&[0; 2]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5)]);
    let now = f.now();
    let (s0, s1) = (f.servers[0], f.servers[1]);
    f.cluster.chunks_damaged(now, &f.meta, s0, [id]);
    assert_eq!(f.states(id), [(0, Invalid, 0), (1, Valid, 0)]);
    assert_eq!(f.cluster.queue_lengths()[1], 1, "endangered");
    f.cluster.chunks_lost(now, &f.meta, s1, [id]);
    assert_eq!(f.states(id), [(0, Invalid, 0)]);
    assert_eq!(f.cluster.progress(now), 1);
    assert_eq!(f.cluster.missing_chunks(&f.meta, 10), [(id, MissingKind::Invalid)]);
    assert_eq!(f.cluster.matrix(&f.meta).missing(), 1);
}

#[test]
fn a_lost_copy_under_an_operation_counts_as_a_failure() {
    let mut f = Fixture::new(&[0; 2]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5)]);
    f.write(Some(id), 2).unwrap();
    let o = f.orders();
    let (now, s0) = (f.now(), f.servers[0]);
    f.cluster.chunks_lost(now, &f.meta, s0, [id]);
    let events = f.answer(1, o[1].1, Status::OK);
    assert_eq!(events, [Event::SetVersion { chunk: id, version: ChunkVersion(7) }]);
    // The late answer of the lost copy changes nothing.
    assert_eq!(f.answer(0, o[0].1, Status::NOCHUNK), []);
}

#[test]
fn a_server_that_goes_takes_its_copies_and_its_writes_along() {
    let mut f = Fixture::new(&[0; 2]);
    let id = f.chunk(7, 5, 2, &[(0, 5), (1, 5)]);
    f.write(Some(id), 2).unwrap();
    for (n, order) in f.orders() {
        f.answer(n, order, Status::OK);
    }
    assert_eq!(f.disconnect(0), [Event::ForgetLocations]);
    assert_eq!(f.cluster.progress(f.now()), 1);
    f.pass(40);
    assert_eq!((f.states(id).len(), f.cluster.progress(f.now())), (1, 0));
    f.info(id).locked_until = 0;
    let grant = f.write(Some(id), 2).unwrap();
    assert!(matches!(grant, Grant::Started { version: ChunkVersion(7), .. }), "{grant:?}");
}

#[test]
fn unfinished_operations_give_way_to_whoever_has_the_old_version() {
    let mut f = Fixture::new(&[0; 1]);
    let id = f.chunk(7, 5, 1, &[(0, 5)]);
    f.write(Some(id), 1).unwrap();
    let events = f.disconnect(0);
    assert!(events.contains(&Event::OperationDone { chunk: id, status: Status::NOTDONE }));
    assert_eq!(f.meta.chunks[&id].version, ChunkVersion(5));
    f.servers[0] = f.register(1);
    f.found(0, id, 5);
    assert_eq!(f.states(id), [(0, Valid, 0)]);
    // Or it did apply the version before it went: then that one, once everybody is here.
    f.info(id).locked_until = 0;
    f.disconnect(0);
    f.servers[0] = f.register(1);
    f.found(0, id, 6);
    f.cluster.registered(f.servers[0]);
    f.events();
    let events = f.pass(8000);
    assert!(events.contains(&Event::SetVersion { chunk: id, version: ChunkVersion(6) }), "{events:?}");
    assert_eq!(f.states(id), [(0, Valid, 0)]);
}

#[test]
fn an_unused_chunk_goes_when_its_last_copy_does() {
    let mut f = Fixture::new(&[0; 1]);
    let id = f.chunk(7, 5, 1, &[(0, 5)]);
    f.info(id).references = 0;
    f.pass(1000);
    let orders = f.orders();
    assert_eq!(orders, [(0, Order::Delete { chunk: id, version: ChunkVersion(5) })]);
    let events = f.answer(0, orders[0].1, Status::OK);
    assert_eq!(events, [Event::RemoveChunk { chunk: id, version: ChunkVersion(5) }]);
    assert_eq!((f.cluster.chunk_count(), f.cluster.replicas(ChunkId(7)).is_none()), (0, true));
}
