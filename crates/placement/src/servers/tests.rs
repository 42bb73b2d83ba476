//! Identity, maintenance and load.

use super::*;
use crate::{Event, Instant, Now, Options, RegistryChange};
use types::{OUR_VERSION, Status};

fn now(s: u64) -> Now {
    Now { at: Instant(s * 1000), unix: 1_000_000 + s as u32 }
}

fn reg(host: u8, csid: u16) -> Registration {
    Registration {
        ip: [10, 0, 0, host].into(),
        port: 9422,
        csid,
        version: OUR_VERSION,
        space: Space::default(),
    }
}

fn changes(out: &mut Vec<Event>) -> Vec<(u8, u8, u32)> {
    let tell = |event| match event {
        Event::Registry(RegistryChange { op, ip, arg, .. }) => (op, ip.octets()[3], arg),
        other => panic!("{other:?}"),
    };
    out.drain(..).map(tell).collect()
}

#[test]
fn identity_by_address_then_id() {
    let (mut servers, mut out) = (Servers::default(), Vec::new());
    let a = servers.register(now(0), &reg(1, 0), &mut out).unwrap();
    assert_eq!(changes(&mut out), [(0, 1, 0), (3, 1, 1)]);
    assert_eq!(servers.register(now(0), &reg(1, 1), &mut out), Err(Rejected::AlreadyConnected));
    // A cloned id while its owner is connected: a new entry with another id.
    let b = servers.register(now(0), &reg(2, 1), &mut out).unwrap();
    assert_eq!(changes(&mut out), [(0, 2, 0), (3, 2, 2)]);
    assert_ne!(a, b);
    // The same id from a new address once the owner is gone: it moved.
    servers.disconnect(now(1), a);
    assert!(!servers.all_present());
    let c = servers.register(now(2), &reg(3, 1), &mut out).unwrap();
    assert_eq!(changes(&mut out), [(2, 3, 1)]);
    assert_ne!(a, c, "an id is not reused before its copies are forgotten");
    assert!(servers.all_present());
    // The address wins over the id.
    servers.disconnect(now(3), b);
    servers.register(now(3), &reg(2, 77), &mut out).unwrap();
    assert_eq!(changes(&mut out), []);
    assert_eq!(servers.report().map(|r| r.csid).collect::<Vec<_>>(), [1, 2]);
    servers.bury(a);
    assert_eq!(servers.register(now(3), &reg(9, 40), &mut out), Ok(a));
    assert_eq!(changes(&mut out), [(0, 9, 40)]);
}

#[test]
fn temporary_maintenance_ends_when_the_server_is_back_or_late() {
    let (mut servers, mut out, options) = (Servers::default(), Vec::new(), Options::default());
    let a = servers.register(now(0), &reg(1, 0), &mut out).unwrap();
    servers.announced_stop(now(0), a, &options, &mut out);
    servers.disconnect(now(0), a);
    assert!(servers.only_maintained_absent());
    servers.check_maintenance(now(1800), &mut out);
    assert!(servers.only_maintained_absent());
    servers.check_maintenance(now(1801), &mut out);
    assert!(!servers.only_maintained_absent());
    let command = |servers: &mut Servers, host: u8, c, out: &mut Vec<_>| {
        servers.command(now(1801), ([10, 0, 0, host].into(), 9422), c, &options, out)
    };
    assert_eq!(command(&mut servers, 1, Command::MaintenanceTemporary, &mut out), Status::OK);
    servers.register(now(1900), &reg(1, 1), &mut out).unwrap();
    servers.check_maintenance(now(1901), &mut out);
    assert_eq!(changes(&mut out)[2..], [(6, 1, 1_001_800), (5, 1, 0), (6, 1, 1_003_601), (5, 1, 0)]);
    assert_eq!(command(&mut servers, 1, Command::Remove, &mut out), Status::ACTIVE);
    assert_eq!(command(&mut servers, 8, Command::Remove, &mut out), Status::NOTFOUND);
}

#[test]
fn unused_servers_are_dropped_after_their_days() {
    let (mut servers, mut out, options) = (Servers::default(), Vec::new(), Options::default());
    let a = servers.register(now(0), &reg(1, 0), &mut out).unwrap();
    servers.disconnect(now(10), a);
    servers.forget_unused(now(10 + 7 * 86_400), &options, &mut out);
    assert!(!servers.all_present());
    servers.forget_unused(now(11 + 7 * 86_400), &options, &mut out);
    assert!(servers.all_present());
    assert_eq!(changes(&mut out)[2..], [(1, 1, 0)]);
}
