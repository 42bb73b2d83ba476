//! Creation: weights, labels, modes, results.

use crate::fixture::{A, ANY, B, Fixture};
use crate::{Command, Grant, HeavyLoad, Mode, Options, Order, Space, Topology, UniqueMode};
use std::net::Ipv4Addr;
use types::{CHUNK_SIZE, Status};

fn create(f: &mut Fixture, class: u8) -> Result<Vec<usize>, Status> {
    f.write(None, class)?;
    f.events();
    let orders = f.orders();
    for (n, order) in &orders {
        assert!(matches!(order, Order::Create { .. }));
        f.answer(*n, *order, Status::OK);
    }
    let chunk = orders[0].1.chunk();
    f.info(chunk).locked_until = 0;
    let now = f.now();
    f.cluster.unlocked(now, &f.meta, chunk);
    f.events();
    Ok(orders.into_iter().map(|(n, _)| n).collect())
}

fn load(f: &mut Fixture, n: usize, state: HeavyLoad) {
    let (now, id) = (f.now(), f.servers[n]);
    f.cluster.set_load(now, id, 1, state);
}

fn space(f: &mut Fixture, n: usize, used: u64, total: u64) {
    let space = Space { used: used * CHUNK_SIZE, total: total * CHUNK_SIZE, ..Space::default() };
    f.cluster.set_space(f.servers[n], space);
}

#[test]
fn creations_follow_total_space() {
    let mut f = Fixture::new(&[0; 4]);
    for (n, total) in [1000, 2000, 3000, 4000].into_iter().enumerate() {
        space(&mut f, n, 0, total);
    }
    let mut counts = [0; 4];
    for _ in 0..500 {
        let chosen = create(&mut f, 2).unwrap();
        assert_eq!(chosen.len(), 2);
        for n in chosen {
            counts[n] += 1;
        }
    }
    for (n, expected) in [100, 200, 300, 400].into_iter().enumerate() {
        let count: i32 = counts[n];
        assert!((count - expected).abs() < 40, "{counts:?}");
    }
}

#[test]
fn results_when_there_is_no_server() {
    let mut f = Fixture::new(&[]);
    assert_eq!(create(&mut f, 2), Err(Status::NOCHUNKSERVERS));
    let mut f = Fixture::new(&[0, 0]);
    space(&mut f, 0, 999, 1000);
    space(&mut f, 1, 999, 1000);
    assert_eq!(create(&mut f, 2), Err(Status::NOSPACE));
    space(&mut f, 1, 500, 1000);
    assert_eq!(create(&mut f, 2), Ok(vec![1]), "fewer copies than wanted are made");
    load(&mut f, 1, HeavyLoad::Overloaded);
    assert_eq!(create(&mut f, 1), Err(Status::EAGAIN), "busy servers are waited for");
    load(&mut f, 1, HeavyLoad::Ok);
    space(&mut f, 1, 999, 1000);
    f.disconnect(0);
    assert_eq!(create(&mut f, 1), Err(Status::EAGAIN), "absent servers are waited for");
    let mut f = Fixture::new(&[0]);
    space(&mut f, 0, 999, 1000);
    f.ms = 5000;
    assert_eq!(create(&mut f, 1), Err(Status::NOCHUNKSERVERS), "not stable yet");
}

#[test]
fn too_few_but_for_busy_ones_waits() {
    let mut f = Fixture::new(&[0; 3]);
    load(&mut f, 0, HeavyLoad::Overloaded);
    assert_eq!(create(&mut f, 3), Err(Status::EAGAIN));
    assert_eq!(create(&mut f, 2), Ok(vec![1, 2]));
}

#[test]
fn servers_in_grace_are_used_only_when_they_are_many() {
    let mut f = Fixture::new(&[0; 6]);
    load(&mut f, 0, HeavyLoad::Rebalance);
    for _ in 0..20 {
        assert!(!create(&mut f, 2).unwrap().contains(&0));
    }
    let now = f.now();
    f.cluster.command(now, ([10, 0, 0, 2].into(), 9422), Command::MaintenanceOn);
    f.events();
    assert_eq!(create(&mut f, 6).unwrap().len(), 6);
}

#[test]
fn open_writes_take_room_and_rank() {
    let mut f = Fixture::new(&[0, 0]);
    space(&mut f, 0, 988, 1000);
    space(&mut f, 1, 900, 1000);
    f.write(None, 2).unwrap();
    assert_eq!(f.orders().len(), 2);
    // 12 chunks free: room for one beside an open write would need 11, and another 21.
    f.write(None, 2).unwrap();
    let orders = f.orders();
    assert_eq!(orders.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [0, 1]);
    f.write(None, 2).unwrap();
    assert_eq!(f.orders().iter().map(|(n, _)| *n).collect::<Vec<_>>(), [1]);
}

#[test]
fn modes_decide_what_happens_without_label_servers() {
    let mut f = Fixture::new(&[1, 1, 2]);
    for (class, mode) in [(20, Mode::Loose), (21, Mode::Standard), (22, Mode::Strict)] {
        f.meta.classes.insert(class, (mode, vec![B, B]));
    }
    f.meta.classes.insert(23, (Mode::Standard, vec![A, B]));
    assert_eq!(create(&mut f, 23).unwrap().last(), Some(&2));
    for class in [20, 21] {
        let chosen = create(&mut f, class).unwrap();
        assert!(chosen.len() == 2 && chosen.contains(&2), "{chosen:?}");
    }
    assert_eq!(create(&mut f, 22), Ok(vec![2]));
    load(&mut f, 2, HeavyLoad::Overloaded);
    assert_eq!(create(&mut f, 20).map(|c| c.len()), Ok(2));
    f.meta.classes.insert(24, (Mode::Standard, vec![B]));
    f.meta.classes.insert(25, (Mode::Strict, vec![B]));
    assert_eq!(create(&mut f, 24), Err(Status::EAGAIN));
    assert_eq!(create(&mut f, 25), Err(Status::EAGAIN));
    space(&mut f, 2, 1000, 1000);
    assert_eq!(create(&mut f, 24).map(|c| c.len()), Ok(1));
    assert_eq!(create(&mut f, 25), Err(Status::NOSPACE));
}

struct Racks;

impl Topology for Racks {
    fn distance(&self, a: Ipv4Addr, b: Ipv4Addr) -> u32 {
        if a == b { 0 } else { 1 + u32::from(self.rack(a) != self.rack(b)) }
    }
    fn rack(&self, ip: Ipv4Addr) -> u32 {
        1 + u32::from(ip.octets()[3] > 2)
    }
}

#[test]
fn racks_and_nearness() {
    let options = Options { unique_mode: UniqueMode::Rack, delay_init_ms: 0, ..Options::default() };
    let mut f = Fixture::with(options, &[0; 4]);
    f.cluster.set_topology(Box::new(Racks));
    for _ in 0..20 {
        let chosen = create(&mut f, 2).unwrap();
        assert!(chosen[0] < 2 && chosen[1] >= 2, "{chosen:?} share a rack");
    }
    let options = Options { creations_respect_topology: 2, delay_init_ms: 0, ..Options::default() };
    let mut f = Fixture::with(options, &[0; 4]);
    f.cluster.set_topology(Box::new(Racks));
    for _ in 0..20 {
        // The client 10.0.1.1 is in the rack of hosts 1 and 2.
        assert_eq!(create(&mut f, 2), Ok(vec![0, 1]));
    }
}

#[test]
fn a_grant_names_the_next_id() {
    let mut f = Fixture::new(&[0]);
    f.meta.next = 42;
    f.meta.classes.insert(30, (Mode::Standard, vec![ANY]));
    let grant = f.write(None, 30).unwrap();
    assert!(matches!(grant, Grant::Started { chunk, version, .. } if (chunk.0, version.0) == (42, 1)));
    assert_eq!(f.write(None, 99), Err(Status::EINVAL));
}
