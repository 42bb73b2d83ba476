//! Names: making, finding, moving and removing them.

use super::{Gen, wire_name};
use proto::client_master as p;
use types::{Bytes32, NodeType};

pub(super) fn statfs(g: &mut Gen<'_>) {
    g.put(&p::FuseStatfs { msgid: g.msgid });
}

pub(super) fn access(g: &mut Gen<'_>) {
    let (user, inode) = (g.user(), g.node());
    let mask = if g.once_in(20) { g.rng.u16(..) } else { g.rng.u16(..8) };
    g.put(&p::FuseAccess { msgid: g.msgid, inode, cred: Gen::cred(&user), mask });
}

pub(super) fn lookup(g: &mut Gen<'_>) {
    let user = g.user();
    let (parent, mut name) = if g.once_in(4) { (g.dir(), g.name()) } else { g.entry() };
    if g.once_in(15) {
        name = g.pick(&[&b"."[..], b".."]).to_vec();
    }
    g.put(&p::FuseLookup { msgid: g.msgid, parent, name: wire_name(&name), cred: Gen::cred(&user) });
}

pub(super) fn readlink(g: &mut Gen<'_>) {
    let inode = g.file();
    g.put(&p::FuseReadlink { msgid: g.msgid, inode });
}

pub(super) fn symlink(g: &mut Gen<'_>) {
    let (user, parent, name) = (g.user(), g.dir(), g.name());
    let long = vec![b'x'; g.pick(&[4095, 4096, 4097])];
    let target = g.pick(&[&b"abc\0"[..], b"/a/b/c\0", b"rel\0\0\0", b"no nul", b"", b"\0", b"a\0b\0", &long]);
    g.put(&p::FuseSymlink {
        msgid: g.msgid,
        parent,
        name: wire_name(&name),
        target: Bytes32::new(target),
        cred: Gen::cred(&user),
    });
}

pub(super) fn mknod(g: &mut Gen<'_>) {
    let (user, parent, name, mode, umask) = (g.user(), g.dir(), g.name(), g.mode(), g.umask());
    // A directory is never asked for: stock makes one, we refuse (spec 3.3.5).
    let kinds = [NodeType::Fifo, NodeType::BlockDev, NodeType::CharDev, NodeType::Socket, NodeType::Symlink];
    let kind = if g.once_in(4) { g.pick(&kinds) } else { NodeType::File };
    let kind = if g.once_in(60) { g.pick(&[NodeType::Trash, NodeType::Sustained]) } else { kind };
    let rdev = g.rng.u32(..);
    g.put(&p::FuseMknod {
        msgid: g.msgid,
        parent,
        name: wire_name(&name),
        kind,
        mode,
        umask,
        cred: Gen::cred(&user),
        rdev,
    });
}

pub(super) fn mkdir(g: &mut Gen<'_>) {
    let (user, parent, name, mode, umask) = (g.user(), g.dir(), g.name(), g.mode(), g.umask());
    let copy_sgid = g.pick(&[0, 1, 1, 2]);
    g.put(&p::FuseMkdir {
        msgid: g.msgid,
        parent,
        name: wire_name(&name),
        mode,
        umask,
        cred: Gen::cred(&user),
        copy_sgid,
    });
}

pub(super) fn unlink(g: &mut Gen<'_>) {
    let (user, (parent, name)) = (g.user(), g.entry());
    g.put(&p::FuseUnlink { msgid: g.msgid, parent, name: wire_name(&name), cred: Gen::cred(&user) });
}

pub(super) fn rmdir(g: &mut Gen<'_>) {
    let (user, (parent, name)) = (g.user(), g.entry());
    g.put(&p::FuseRmdir { msgid: g.msgid, parent, name: wire_name(&name), cred: Gen::cred(&user) });
}

pub(super) fn rename(g: &mut Gen<'_>) {
    let (user, (src, src_name)) = (g.user(), g.entry());
    let (dst, dst_name) = match g.rng.u32(..4) {
        0 => g.entry(),
        1 => (src, g.name()),
        2 => (g.dir(), src_name.clone()),
        _ => (g.dir(), g.name()),
    };
    g.put(&p::FuseRename {
        msgid: g.msgid,
        src,
        src_name: wire_name(&src_name),
        dst,
        dst_name: wire_name(&dst_name),
        cred: Gen::cred(&user),
    });
}

pub(super) fn link(g: &mut Gen<'_>) {
    let (user, inode, parent, name) = (g.user(), g.file(), g.dir(), g.name());
    g.put(&p::FuseLink { msgid: g.msgid, inode, parent, name: wire_name(&name), cred: Gen::cred(&user) });
}

pub(super) fn readdir(g: &mut Gen<'_>) {
    let (user, inode) = (g.user(), g.dir());
    let flags = g.pick(&[0, 1, 1, 2, 3, 0xFF]);
    let max_entries = g.pick(&[u32::MAX, u32::MAX, 1, 2, 5, 0]);
    let edge = g.pick(&[0, 0, 0, 1, 2, 0x7FFF_FFFF_FFFF_FF00, 0x7FFF_FFFF_FFFF_FFFF, u64::MAX]);
    g.put(&p::FuseReaddir { msgid: g.msgid, inode, cred: Gen::cred(&user), flags, max_entries, edge });
}

pub(super) fn open(g: &mut Gen<'_>) {
    let (user, inode) = (g.user(), g.file());
    let flags = if g.once_in(10) { g.rng.u8(..) } else { g.pick(&[1, 2, 3, 0x11, 0x16, 0x0A, 0x0B, 0]) };
    g.put(&p::FuseOpen { msgid: g.msgid, inode, cred: Gen::cred(&user), flags });
}

pub(super) fn create(g: &mut Gen<'_>) {
    let (user, parent, name, mode, umask) = (g.user(), g.dir(), g.name(), g.mode(), g.umask());
    g.put(&p::FuseCreate {
        msgid: g.msgid,
        parent,
        name: wire_name(&name),
        mode,
        umask,
        cred: Gen::cred(&user),
    });
}
