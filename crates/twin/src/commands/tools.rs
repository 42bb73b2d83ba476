//! What the command line tools ask for.

use super::{Gen, wire_name};
use proto::client_master as p;

/// Set, increase, decrease, exchange; +4 everything below.
fn smode(g: &mut Gen<'_>) -> u8 {
    if g.once_in(20) { g.pick(&[8, 9, 16, 255]) } else { g.rng.u8(..8) }
}

/// The node, or everything below.
fn gmode(g: &mut Gen<'_>) -> u8 {
    g.pick(&[0, 0, 1, 1, 1, 2])
}

pub(super) fn get_trash_time(g: &mut Gen<'_>) {
    let (inode, gmode) = (g.node(), gmode(g));
    g.put(&p::FuseGettrashtime { msgid: g.msgid, inode, gmode });
}

pub(super) fn set_trash_time(g: &mut Gen<'_>) {
    let (inode, uid, smode) = (g.node(), g.uid(), smode(g));
    let seconds = g.pick(&[0, 0, 0, 1, 3600, 3601, 86_400, 90_000, 90_001, 235_926_000, u32::MAX]);
    g.put(&p::FuseSettrashtime { msgid: g.msgid, inode, uid, seconds, smode });
}

pub(super) fn get_sclass(g: &mut Gen<'_>) {
    let (inode, gmode) = (g.node(), gmode(g));
    g.put(&p::FuseGetsclass { msgid: g.msgid, inode, gmode });
}

pub(super) fn set_sclass(g: &mut Gen<'_>) {
    let (inode, uid, smode) = (g.node(), g.uid(), smode(g));
    let (old, new) = (super::classes::name(g), super::classes::name(g));
    let class = match g.rng.u32(..3) {
        0 => {
            let goal =
                if g.once_in(10) { g.pick(&[0, 10, 200, 254]) } else { g.pick(&[1, 1, 2, 2, 3, 4, 9]) };
            p::SclassTarget::Goal { goal, smode }
        }
        _ if smode & 3 == 3 => {
            p::SclassTarget::Exchange { smode, old: wire_name(&old), new: wire_name(&new) }
        }
        _ => p::SclassTarget::Named { smode, name: wire_name(&new) },
    };
    g.put(&p::FuseSetsclass { msgid: g.msgid, inode, uid, class });
}

pub(super) fn get_eattr(g: &mut Gen<'_>) {
    let (inode, gmode) = (g.node(), gmode(g));
    g.put(&p::FuseGeteattr { msgid: g.msgid, inode, gmode });
}

/// Mostly takes away what was set, or soon nothing can be changed any more.
pub(super) fn set_eattr(g: &mut Gen<'_>) {
    let (mut inode, mut uid) = (g.node(), g.uid());
    let (mut eattr, mut smode) = (g.pick(&[1, 2, 4, 8, 16, 32, 64, 128, 0, 7, 3, 255]), smode(g));
    if g.once_in(3) {
        (uid, eattr, smode) = (0, 0xE0, 6);
        inode = if g.rng.bool() { types::Inode(1) } else { inode };
    }
    g.put(&p::FuseSeteattr { msgid: g.msgid, inode, uid, eattr, smode });
}

pub(super) fn dir_stats(g: &mut Gen<'_>) {
    let inode = if g.rng.bool() { types::Inode(1) } else { g.node() };
    g.put(&p::FuseGetdirstats { msgid: g.msgid, inode });
}

/// How many nodes there may be before trees are only removed, not copied.
const CROWDED: u32 = 2000;

pub(super) fn snapshot(g: &mut Gen<'_>) {
    let user = g.user();
    let (src, dst, name, smode, umask);
    if g.world.size > CROWDED || g.once_in(2) {
        let entry = g.entry();
        (src, dst, name) = (types::Inode(g.pick(&[0, 0, 0, 0, 0, 1])), entry.0, entry.1);
        (smode, umask) = (g.pick(&[0x80, 0x84, 0x84]), 0);
    } else {
        (src, dst) = (if g.once_in(4) { g.dir() } else { g.file() }, g.dir());
        name = if g.once_in(3) { g.entry().1 } else { g.name() };
        (smode, umask) = (g.pick(&[0, 0, 1, 2, 3, 8, 9, 10, 11, 4, 0x40]), g.umask());
    }
    let dst_name = wire_name(&name);
    g.put(&p::FuseSnapshot { msgid: g.msgid, src, dst, dst_name, cred: Gen::cred(&user), smode, umask });
}

/// Limits low enough to be met, soft ones with hardly any or much grace: none that runs out in between.
pub(super) fn quota(g: &mut Gen<'_>) {
    let inode = g.dir();
    let (mut flags, mut set) = (0, None);
    match g.rng.u32(..5) {
        0 | 1 => {}
        2 | 3 => flags = g.pick(&[0xFF, 0xFF, 0xFF, 1, 0x10, 0x22, 0x0F]),
        _ => {
            let limits = |g: &mut Gen<'_>| p::QuotaLimits {
                inodes: g.pick(&[3, 10, 100, 0, u32::MAX]),
                length: g.pick(&[1000, 1_000_000_000, 10_000_000_000, 0, u64::MAX]),
                size: g.pick(&[1_000_000, 1_000_000_000, 100_000_000_000, u64::MAX]),
                real_size: g.pick(&[1_000_000, 10_000_000_000, u64::MAX]),
            };
            flags = g.pick(&[1, 0x10, 0x20, 0x40, 0x80, 0xFF, 0x33, 0x0F, 2, 4, 8]);
            set = Some((g.pick(&[0, 100_000, 604_800, u32::MAX]), limits(g), limits(g)));
        }
    }
    g.put(&p::FuseQuotacontrol { msgid: g.msgid, inode, flags, set });
}

pub(super) fn parents(g: &mut Gen<'_>) {
    let inode = g.node();
    g.put(&p::FuseParents { msgid: g.msgid, inode });
}

pub(super) fn paths(g: &mut Gen<'_>) {
    let inode = g.node();
    g.put(&p::FusePaths { msgid: g.msgid, inode });
}

pub(super) fn archive(g: &mut Gen<'_>) {
    let (inode, uid) = (g.node(), g.uid());
    let (command, uid) = g.pick(&[(2, None), (1, Some(uid)), (0, Some(uid)), (3, Some(uid))]);
    g.put(&p::FuseArchctl { msgid: g.msgid, inode, command, uid });
}

pub(super) fn node_info(g: &mut Gen<'_>) {
    let (inode, max_entries) = (g.node(), g.pick(&[1, 2, 500, 100_000]));
    let next = g.pick(&[0, 0, 0, 1, 5]);
    g.put(&p::NodeInfoRequest { msgid: g.msgid, inode, max_entries, next });
}
