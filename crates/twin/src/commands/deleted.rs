//! Trash, and files deleted while open.

use super::Gen;
use proto::client_master as p;
use types::{Bytes32, Inode};

/// Mostly what is in the trash.
fn detached(g: &mut Gen<'_>) -> Inode {
    let from = if g.rng.bool() { &g.world.trash } else { &g.world.removed };
    if from.is_empty() || g.once_in(8) {
        return g.node();
    }
    let inode = g.pick(from);
    if g.world.limbo.contains(&inode) { Inode(1) } else { Inode(inode) }
}

pub(super) fn trash(g: &mut Gen<'_>) {
    let bucket = g.pick(&[None, None, Some(u32::MAX), Some(4096), Some(17)]);
    g.put(&p::FuseGettrash { msgid: g.msgid, bucket });
}

pub(super) fn sustained(g: &mut Gen<'_>) {
    g.put(&p::FuseGetsustained { msgid: g.msgid });
}

pub(super) fn attr(g: &mut Gen<'_>) {
    let (inode, kind) = (detached(g), g.pick(&[None, Some(0), Some(1), Some(2), Some(3)]));
    g.put(&p::FuseGetdetachedattr { msgid: g.msgid, inode, kind });
}

pub(super) fn path(g: &mut Gen<'_>) {
    let inode = detached(g);
    g.put(&p::FuseGettrashpath { msgid: g.msgid, inode });
}

pub(super) fn set_path(g: &mut Gen<'_>) {
    let inode = detached(g);
    let new = format!("sub/new{}", g.rng.u32(..9));
    let long = "x".repeat(g.pick(&[1023, 1024, 1025]));
    let path = g.pick(&[
        "x/y", "/abs/z", "", "a\0b", "a\0", "d1/../e", &long, &new, &new, "f1//f", "x/", "f1/q", "//", "./a",
        "/",
    ]);
    g.put(&p::FuseSettrashpath { msgid: g.msgid, inode, path: Bytes32::new(path.as_bytes()) });
}

pub(super) fn undelete(g: &mut Gen<'_>) {
    let inode = detached(g);
    g.put(&p::FuseUndel { msgid: g.msgid, inode });
}

pub(super) fn purge(g: &mut Gen<'_>) {
    let inode = detached(g);
    g.put(&p::FusePurge { msgid: g.msgid, inode });
}
