//! Attributes, extended attributes and ACLs.

use super::{Gen, wire_name};
use proto::client_master as p;
use types::{Bytes32, TwoLists};

const TIMES: &[u32] = &[0, 1, 1_000_000_000, 1_500_000_000, 4_000_000_000, u32::MAX];

pub(super) fn getattr(g: &mut Gen<'_>) {
    let (inode, uid, opened) = (g.node(), g.uid(), g.pick(&[0, 0, 0, 1, 2]));
    let gid = g.uid();
    g.put(&p::FuseGetattr { msgid: g.msgid, inode, opened, uid, gid });
}

pub(super) fn setattr(g: &mut Gen<'_>) {
    let (user, inode, opened) = (g.user(), g.node(), g.pick(&[0, 0, 0, 1]));
    let set_mask = if g.once_in(4) {
        g.rng.u8(..)
    } else {
        g.pick(&[0, 1, 2, 2, 2, 4, 8, 0x0C, 0x0E, 0x10, 0x80, 0x90, 0x20, 0x40, 0x60])
    };
    let (mode, uid, gid, atime, mtime) = (g.mode(), g.uid(), g.uid(), g.pick(TIMES), g.pick(TIMES));
    let (winattr, sugid_clear_mode) = (g.rng.u8(..4), g.pick(&[4, 4, 0, 1, 2, 3, 5, 6, 255]));
    g.put(&p::FuseSetattr {
        msgid: g.msgid,
        inode,
        opened,
        cred: Gen::cred(&user),
        set_mask,
        mode,
        uid,
        gid,
        atime,
        mtime,
        winattr,
        sugid_clear_mode,
    });
}

/// Times far from now: what is close to now at one master may be past at the other.
pub(super) fn amtimes(g: &mut Gen<'_>) {
    let times: Vec<_> = (0..g.rng.u32(..4)).map(|_| (g.node(), g.pick(TIMES), g.pick(TIMES))).collect();
    g.put(&p::FuseAmtimeInodes { times: types::Rest::Items(&times) });
}

const XATTRS: &[&[u8]] = &[
    b"user.a",
    b"user.b",
    b"user.a",
    b"trusted.t",
    b"security.s",
    b"system.y",
    b"user.\0x",
    b"other",
    &[b'n'; 255],
];

pub(super) fn getxattr(g: &mut Gen<'_>) {
    let (user, inode) = (g.user(), g.node());
    let name = if g.once_in(3) { &b""[..] } else { g.pick(XATTRS) };
    let (mode, opened) = (g.pick(&[0, 0, 0, 1, 1, 2]), g.pick(&[0, 0, 1]));
    g.put(&p::FuseGetxattr {
        msgid: g.msgid,
        inode,
        name: wire_name(name),
        mode,
        opened,
        cred: Gen::cred(&user),
    });
}

/// Never with an empty name: stock stores that, we refuse it (spec 3.7).
pub(super) fn setxattr(g: &mut Gen<'_>) {
    let (user, inode, name) = (g.user(), g.node(), g.pick(XATTRS));
    let size = if g.once_in(40) { g.pick(&[65535, 65536, 65537]) } else { g.pick(&[0, 1, 5, 300]) };
    let value = vec![g.rng.u8(..); size];
    let (mode, opened) = (g.pick(&[0, 0, 0, 1, 2, 3, 3, 4]), g.pick(&[0, 0, 1]));
    g.put(&p::FuseSetxattr {
        msgid: g.msgid,
        inode,
        name: wire_name(name),
        value: Bytes32::new(&value),
        mode,
        opened,
        cred: Gen::cred(&user),
    });
}

pub(super) fn getfacl(g: &mut Gen<'_>) {
    let (inode, kind) = (g.node(), g.pick(&[1, 1, 2, 2, 0, 3]));
    g.put(&p::FuseGetfacl { msgid: g.msgid, inode, kind });
}

pub(super) fn setfacl(g: &mut Gen<'_>) {
    let (inode, uid) = (g.node(), g.uid());
    let kind = if g.once_in(15) { g.pick(&[0, 3, 255]) } else { g.rng.u8(1..3) };
    let perm = |g: &mut Gen<'_>| match g.rng.u32(..20) {
        0 => 0xFFFF,
        1 => g.rng.u16(..),
        _ => g.rng.u16(..8),
    };
    let (mut user, mut group, mut other, mut mask) = (perm(g), perm(g), perm(g), perm(g));
    if g.once_in(3) {
        mask = 0xFFFF;
    }
    let mut named = Vec::new();
    let counts = [g.rng.u16(..4), g.rng.u16(..4)];
    for _ in 0..counts[0] + counts[1] {
        named.push(p::AclEntry { id: g.pick(&[0, 1000, 1001, 1002, 999, 77]), perm: g.rng.u16(..8) });
    }
    let (mut users, mut groups) = named.split_at(counts[0].into());
    if g.once_in(4) {
        (users, groups) = (&[], &[]);
    }
    if g.once_in(6) {
        (user, group, other, mask, users, groups) = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, &[], &[]);
    }
    let acl = p::Acl { user, group, other, mask, named: TwoLists::new(users, groups) };
    g.put(&p::FuseSetfacl { msgid: g.msgid, inode, uid, kind, acl });
}
