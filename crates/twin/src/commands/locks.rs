//! Open files and locks.

use super::Gen;
use proto::client_master as p;
use types::{Inode, Rest};

/// A few files only, so that clients meet.
fn locked(g: &mut Gen<'_>) -> Inode {
    let hot: Vec<u32> = g.world.open.values().flatten().copied().take(400).collect();
    if hot.is_empty() || g.once_in(30) {
        return g.file();
    }
    let inode = hot[g.rng.usize(..hot.len().min(6))];
    if g.world.limbo.contains(&inode) { Inode(1) } else { Inode(inode) }
}

/// What the client keeps open: most of what it has, and something new.
pub(super) fn sustained_inodes(g: &mut Gen<'_>) {
    let none = Default::default();
    let open = g.world.open.get(&g.client).unwrap_or(&none);
    let drop_one_in = g.pick(&[2, 10, 100]);
    let mut inodes: Vec<Inode> = open.iter().map(|inode| Inode(*inode)).collect();
    inodes.retain(|_| g.rng.u32(..drop_one_in) != 0);
    for _ in 0..g.rng.u32(..6) {
        inodes.push(g.node());
    }
    let hot: Vec<u32> = g.world.open.values().flatten().copied().take(6).collect();
    inodes.extend(hot.into_iter().filter(|inode| !g.world.limbo.contains(inode)).map(Inode));
    inodes.sort();
    inodes.dedup();
    if g.once_in(4) {
        inodes.insert(0, Inode(0));
    }
    g.put(&p::FuseSustainedInodes { inodes: Rest::Items(&inodes) });
}

pub(super) fn flock(g: &mut Gen<'_>) {
    let (inode, owner) = (locked(g), g.rng.u64(1..4));
    let reqid = if g.once_in(4) { 0 } else { g.rng.u32(5..9) };
    let command = if g.once_in(30) { g.rng.u8(..) } else { g.pick(&[0, 0, 1, 2, 3, 4, 5, 6, 6]) };
    g.put(&p::FuseFlock { msgid: g.msgid, inode, reqid, owner, command });
}

pub(super) fn posix_lock(g: &mut Gen<'_>) {
    const ENDS: &[u64] = &[0, 1, 5, 10, 20, 100, u64::MAX];
    let (inode, owner) = (locked(g), g.rng.u64(1..4));
    let reqid = if g.once_in(4) { 0 } else { g.rng.u32(5..9) };
    let command = if g.once_in(40) { g.rng.u8(..) } else { g.pick(&[0, 1, 1, 2, 2, 2, 3]) };
    let kind = if g.once_in(40) { g.rng.u8(..) } else { g.pick(&[0, 0, 1, 2]) };
    let (a, b) = (g.pick(ENDS), g.pick(ENDS));
    let (start, end) = if g.once_in(30) { (a, b) } else { (a.min(b), a.max(b)) };
    let pid = g.rng.u32(70..75);
    g.put(&p::FusePosixLock { msgid: g.msgid, inode, reqid, owner, pid, command, kind, start, end });
}
