//! Each option of `mfsmaster.cfg` about maintenance changes what is done.

use crate::ReplicaState::Valid;
use crate::fixture::{A, Fixture};
use crate::{Command, HeavyLoad, Mode, Options, Order, RepLimits, ReserveSpace, Space, Topology, UniqueMode};
use std::net::Ipv4Addr;
use types::{CHUNK_SIZE, ChunkId, Status};

fn options() -> Options {
    Options { delay_init_ms: 0, ..Options::default() }
}

/// Hosts 1 and 2 in one rack, the others in another.
struct Racks;

impl Topology for Racks {
    fn distance(&self, a: Ipv4Addr, b: Ipv4Addr) -> u32 {
        if a == b { 0 } else { 1 + u32::from(self.rack(a) != self.rack(b)) }
    }
    fn rack(&self, ip: Ipv4Addr) -> u32 {
        1 + u32::from(ip.octets()[3] > 2)
    }
}

/// The replications of the next three seconds: destination and source, by number.
fn replications(f: &mut Fixture) -> Vec<(usize, usize)> {
    f.pass(3000);
    let orders = f.orders();
    let pair = |(to, order): (usize, Order)| match order {
        Order::Replicate { ip, .. } => Some((to, usize::from(ip.octets()[3]) - 1)),
        _ => None,
    };
    orders.into_iter().filter_map(pair).collect()
}

fn used(f: &mut Fixture, n: usize, used: u64) {
    let space = Space { used: used * CHUNK_SIZE, total: 10_000 * CHUNK_SIZE, ..Space::default() };
    f.cluster.set_space(f.servers[n], space);
}

fn load(f: &mut Fixture, n: usize, load: u32, heavy: HeavyLoad) {
    let now = f.now();
    f.cluster.set_load(now, f.servers[n], load, heavy);
}

#[test]
fn replications_respect_topology() {
    let mut seen = [0; 4];
    for level in [0, 1, 2] {
        for round in 0..24 {
            let mut f = Fixture::with(Options { replications_respect_topology: level, ..options() }, &[0; 4]);
            f.cluster.rng = fastrand::Rng::with_seed(round);
            f.cluster.set_topology(Box::new(Racks));
            // 1: copies in both racks, one place left in each; 2: one copy in the rack of hosts 3 and 4.
            let copies: &[(usize, u32)] = if level == 2 { &[(2, 1)] } else { &[(0, 1), (2, 1)] };
            f.chunk(7, 1, 1 + copies.len() as u8, copies);
            let [(to, from)] = replications(&mut f)[..] else { panic!("one replication") };
            match level {
                0 => seen[usize::from(to / 2 != from / 2)] += 1,
                1 => assert_eq!(to / 2, from / 2, "the nearest source"),
                _ => assert_eq!(to, 3, "the same rack"),
            }
        }
    }
    assert!(seen[0] > 3 && seen[1] > 3, "0 takes any source: {seen:?}");
}

#[test]
fn copies_do_not_share_what_the_unique_mode_names() {
    for (mode, right) in [(UniqueMode::Server, None), (UniqueMode::Rack, Some([2, 3]))] {
        let mut f = Fixture::with(Options { unique_mode: mode, ..options() }, &[0; 4]);
        f.cluster.set_topology(Box::new(Racks));
        // Both copies in one rack: wrong only where racks count.
        f.chunk(7, 1, 2, &[(0, 1), (1, 1)]);
        let made = replications(&mut f);
        match right {
            None => assert_eq!(made, []),
            Some(right) => assert!(right.contains(&made[0].0), "{made:?}"),
        }
        // Rebalancing does not make it wrong either.
        let mut f = Fixture::with(Options { unique_mode: mode, ..options() }, &[0; 4]);
        f.cluster.set_topology(Box::new(Racks));
        (0..3).for_each(|n| used(&mut f, n, 6000));
        used(&mut f, 3, 6000);
        used(&mut f, 1, 100);
        f.chunk(7, 1, 2, &[(0, 1), (2, 1)]);
        let made = replications(&mut f);
        assert!(
            made.iter().all(|(to, from)| mode == UniqueMode::Server || (*to, *from) == (1, 0)),
            "{made:?}"
        );
    }
}

#[test]
fn fractions_of_limits_are_parts_of_the_time() {
    let limits = RepLimits([0.25; 4]);
    let mut f = Fixture::with(Options { write_limits: limits, ..options() }, &[0; 2]);
    let mut seconds_with_orders = 0;
    for id in 1..=400 {
        f.chunk_quietly(id, 1, 2, &[(0, 1)]);
    }
    // So that each round is one second of the clock.
    f.ms += 4980;
    for _ in 0..200 {
        f.pass(1000);
        let orders = f.orders();
        seconds_with_orders += u32::from(!orders.is_empty());
        for (n, order) in orders {
            f.answer(n, order, Status::OK);
        }
    }
    assert!((30..75).contains(&seconds_with_orders), "{seconds_with_orders} of 200");
}

#[test]
fn read_limits_hold_per_source_and_class() {
    let read_limits = RepLimits([3.0, 2.0, 1.0, 1.0]);
    let write_limits = RepLimits([100.0; 4]);
    let mut f = Fixture::with(Options { read_limits, write_limits, ..options() }, &[0; 3]);
    for id in 1..=20 {
        f.chunk_quietly(id, 1, 2, &[(0, 1)]);
    }
    f.ms += 5000;
    assert_eq!(replications(&mut f).len(), 3, "endangered");
    let mut f = Fixture::with(Options { read_limits, write_limits, ..options() }, &[0; 3]);
    for id in 1..=20 {
        f.chunk_quietly(id, 1, 3, &[(0, 1), (1, 1)]);
    }
    f.ms += 5000;
    assert_eq!(replications(&mut f).len(), 4, "two from each of two sources");
}

#[test]
fn busy_and_maintained_servers_take_only_what_is_endangered() {
    for maintained in [false, true] {
        let mut f = Fixture::new(&[0; 3]);
        if maintained {
            let now = f.now();
            f.cluster.command(now, ([10, 0, 0, 3].into(), 9422), Command::MaintenanceOn);
        } else {
            load(&mut f, 2, 10, HeavyLoad::Overloaded);
        }
        f.chunk(7, 1, 3, &[(0, 1), (1, 1)]);
        assert_eq!(replications(&mut f), [], "{maintained}");
        f.chunk(8, 1, 3, &[(0, 1)]);
        let made = replications(&mut f);
        assert_eq!(made.len(), 1, "{maintained}: {made:?}");
    }
}

#[test]
fn heavy_load_is_judged_by_threshold_ratio_and_grace() {
    let mut f = Fixture::with(
        Options { heavy_load_threshold: 100, heavy_load_ratio: 4.0, heavy_load_grace_s: 10, ..options() },
        &[0; 3],
    );
    let graceful = |f: &Fixture| {
        let now = f.now();
        f.cluster.server(f.servers[0]).unwrap().heavy_load(now.at) == HeavyLoad::Graceful
    };
    for (own, others, busy) in [(100, 1, false), (101, 26, false), (101, 25, true)] {
        f.pass(11_000);
        (1..3).for_each(|n| load(&mut f, n, others, HeavyLoad::Default));
        load(&mut f, 0, own, HeavyLoad::Default);
        assert_eq!(graceful(&f), busy, "{own} beside {others}");
    }
    f.pass(9_900);
    assert!(graceful(&f));
    f.pass(200);
    assert!(!graceful(&f));
    load(&mut f, 0, 101, HeavyLoad::Default);
    let now = f.now();
    f.cluster.command(now, ([10, 0, 0, 1].into(), 9422), Command::BackToWork);
    assert!(!graceful(&f), "an operator ends it");
}

#[test]
fn acceptable_difference_decides_when_small_ones_wait() {
    // 3 % apart: far for 1 %, near for 10 %.
    for (acceptable, class) in [(0.01, 3), (0.1, 2)] {
        let mut limits = [0.0; 4];
        limits[class] = 1.0;
        let write_limits = RepLimits(limits);
        let mut f =
            Fixture::with(Options { acceptable_difference: acceptable, write_limits, ..options() }, &[0; 2]);
        used(&mut f, 0, 1300);
        used(&mut f, 1, 1000);
        f.chunk(7, 1, 1, &[(0, 1)]);
        assert_eq!(replications(&mut f).len(), 1, "limits of class {class}");
    }
}

#[test]
fn the_pass_takes_its_time_and_no_more_than_its_chunks() {
    // 600 chunks in 3 s are four a tick.
    let mut f = Fixture::with(Options { loop_min_time_s: 3, ..options() }, &[0]);
    for id in 1..=600 {
        f.chunk_quietly(id, 1, 1, &[(0, 1)]);
    }
    f.ms += 5000;
    f.meta.take_looks();
    f.pass(1000);
    let looks = f.meta.take_looks();
    assert!((200..300).contains(&looks), "{looks}");
    // However often the tick is called.
    for _ in 0..1000 {
        let now = f.now();
        f.cluster.tick(now, &f.meta);
    }
    assert_eq!(f.meta.take_looks(), 0);
    let mut f = Fixture::with(Options { loop_min_time_s: 1, loop_max_cps: 10_000, ..options() }, &[0]);
    for id in 1..=30_000 {
        f.chunk_quietly(id, 1, 1, &[(0, 1)]);
    }
    f.ms += 5000;
    f.meta.take_looks();
    f.pass(1000);
    let looks = f.meta.take_looks();
    assert!((9_000..=10_000).contains(&looks), "{looks}");
}

#[test]
fn deletions_at_once_are_limited_per_server() {
    let mut f = Fixture::with(Options { soft_delete_limit: 3, hard_delete_limit: 3, ..options() }, &[0]);
    for id in 1..=20 {
        f.chunk_quietly(id, 1, 1, &[(0, 1)]);
        f.info(ChunkId(id)).references = 0;
    }
    f.ms += 5000;
    f.pass(3000);
    assert_eq!(f.orders().len(), 3);
}

#[test]
fn queues_are_as_long_as_configured() {
    let mut f = Fixture::with(Options { queue_length: 10_000, ..options() }, &[0]);
    for id in 1..=12_000 {
        f.chunk_quietly(id, 1, 2, &[]);
        // Reported after registration: looked at once.
        f.found(0, ChunkId(id), 1);
    }
    assert_eq!(f.cluster.queue_lengths()[1], 10_000);
}

#[test]
fn reserved_space() {
    for (reserve, left) in [
        (ReserveSpace::Bytes(CHUNK_SIZE), 15_999),
        (ReserveSpace::Percent(10.0), 14_000),
        (ReserveSpace::MostUsed(2.0), 10_000),
        (ReserveSpace::Largest(1.0), 6_000),
    ] {
        let mut f = Fixture::with(Options { reserve_space: reserve, ..options() }, &[0; 2]);
        used(&mut f, 0, 3000);
        used(&mut f, 1, 1000);
        let space = f.cluster.space();
        assert_eq!((space.free / CHUNK_SIZE, space.available / CHUNK_SIZE), (16_000, left), "{reserve:?}");
    }
}

#[test]
fn maintenance_by_an_operator_ends_after_its_time() {
    for (timeout, ends) in [(0, false), (100, true)] {
        let mut f = Fixture::with(Options { maintenance_timeout_s: timeout, ..options() }, &[0; 3]);
        f.chunk(7, 1, 2, &[(0, 1), (1, 1)]);
        let now = f.now();
        f.cluster.command(now, ([10, 0, 0, 2].into(), 9422), Command::MaintenanceOn);
        f.disconnect(1);
        f.pass(99_000);
        assert_eq!(f.orders(), []);
        f.pass(5_000);
        assert_eq!(!f.orders().is_empty(), ends);
    }
}

#[test]
fn strict_classes_wait_for_their_servers() {
    let mut f = Fixture::new(&[1, 0]);
    f.meta.classes.insert(20, (Mode::Strict, vec![A]));
    let id = f.chunk(7, 1, 20, &[(1, 1)]);
    load(&mut f, 0, 10, HeavyLoad::Overloaded);
    assert_eq!(replications(&mut f), []);
    load(&mut f, 0, 10, HeavyLoad::Ok);
    assert_eq!(replications(&mut f), [(0, 1)]);
    assert!(f.states(id).contains(&(1, Valid, 0)));
}
