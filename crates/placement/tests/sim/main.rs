//! One seed drives a cluster in virtual time: servers die, hang, lose disks, refuse orders and come back with old
//! versions, the master restarts; files are written, shared, cut and removed meanwhile. After every event the
//! invariants hold, and when the trouble ends the cluster heals by itself.

mod chaos;
mod clients;
mod meta;
mod server;
mod world;

use world::World;

fn run(seed: u64, servers: u8, minutes: u64) {
    let mut world = World::new(seed, servers);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        world.chaos_for(minutes * 60_000);
        world.heal();
    }));
    if let Err(panic) = result {
        eprintln!("seed {seed}, {servers} servers, at {} ms; last events:", world.now);
        for line in &world.log {
            eprintln!("  {line}");
        }
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn heals_after_chaos_with_six_servers() {
    for seed in 0..10 {
        run(seed, 6, 10);
    }
}

#[test]
fn heals_after_chaos_with_three_servers() {
    for seed in 100..106 {
        run(seed, 3, 10);
    }
}

/// `PLACEMENT_SEEDS=from..to cargo test -p placement --test sim -- --ignored`
#[test]
#[ignore = "as long as one likes"]
fn many_seeds() {
    let range = std::env::var("PLACEMENT_SEEDS").unwrap_or("1000..1200".into());
    let (from, to) = range.split_once("..").expect("from..to");
    for seed in from.parse().expect("a number")..to.parse().expect("a number") {
        run(seed, 3 + (seed % 6) as u8, 15);
    }
}
