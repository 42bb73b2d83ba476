//! Storage classes.

use super::{Gen, wire_name};
use proto::client_master::{self as p, LabelSet};
use types::{Rest, Tag};

/// A class that may be there.
pub(super) fn name(g: &mut Gen<'_>) -> Vec<u8> {
    match g.rng.u32(..12) {
        0 => g.pick(&[&b""[..], b"nosuch", b"0", b"10", b"a\0b", &[b'c'; 255]]).to_vec(),
        1..=2 => g.pick(&[b"1", b"2", b"9"]).to_vec(),
        _ => format!("class{}", g.rng.u32(..8)).into_bytes(),
    }
}

/// Label sets for a number of copies that may be wrong.
fn sets(g: &mut Gen<'_>) -> Vec<LabelSet> {
    let count = if g.once_in(25) { g.pick(&[0, 9, 10, 255]) } else { g.rng.usize(1..4) };
    let mask = |g: &mut Gen<'_>| g.pick(&[0, 0, 1, 2, 3, 4, 1 << 25, u32::MAX]);
    (0..count).map(|_| [mask(g), if g.once_in(3) { mask(g) } else { 0 }, 0, 0]).collect()
}

/// A definition, whose parts `with` borrows.
fn with_class(g: &mut Gen<'_>, with: impl FnOnce(&mut Gen<'_>, p::SclassDef<'_>)) {
    let (create, keep, archive) = (sets(g), sets(g), sets(g));
    let admin_only = g.pick(&[0, 0, 0, 1, 2]);
    let mode = g.pick(&[0, 1, 1, 2, 3]);
    let archive_delay_days = g.pick(&[0, 0, 1, 30, 65535]);
    let class = p::SclassDef {
        admin_only,
        mode,
        archive_delay_days,
        create: Rest::Items(&create),
        keep: Rest::Items(&keep),
        archive: Rest::Items(&archive),
    };
    with(g, class);
}

pub(super) fn create(g: &mut Gen<'_>) {
    let name = name(g);
    with_class(g, |g, class| {
        g.put(&p::SclassCreate { msgid: g.msgid, name: wire_name(&name), form: Tag, class });
    });
}

pub(super) fn change(g: &mut Gen<'_>) {
    let (name, change_mask) =
        (name(g), g.pick(&[0, 0, 1, 2, 4, 8, 16, 32, 63, 0x8000, 0x8008, 0x803F, 0xFFFF]));
    with_class(g, |g, class| {
        g.put(&p::SclassChange { msgid: g.msgid, name: wire_name(&name), form: Tag, change_mask, class });
    });
}

pub(super) fn delete(g: &mut Gen<'_>) {
    let name = name(g);
    g.put(&p::SclassDelete { msgid: g.msgid, name: wire_name(&name) });
}

pub(super) fn duplicate(g: &mut Gen<'_>) {
    let (name, new) = (name(g), name(g));
    g.put(&p::SclassDuplicate { msgid: g.msgid, name: wire_name(&name), new_name: wire_name(&new) });
}

pub(super) fn rename(g: &mut Gen<'_>) {
    let (name, new) = (name(g), name(g));
    g.put(&p::SclassRename { msgid: g.msgid, name: wire_name(&name), new_name: wire_name(&new) });
}

pub(super) fn list(g: &mut Gen<'_>) {
    let long = g.pick(&[0, 1, 2, 3]);
    g.put(&p::SclassList { msgid: g.msgid, long });
}
