//! Lengths and chunks.

use super::Gen;
use proto::client_master as p;
use types::{ChunkId, ChunkIndex};

const LENGTHS: &[u64] =
    &[0, 1, 100, 65_536, 100_000, (64 << 20) - 1, 64 << 20, (64 << 20) + 1, 70_000_000, 300_000_000, 1 << 40];

/// No file can have these. The longest that can be had is not asked for: a stock master then makes a table of 16 GiB as
/// soon as something is appended.
const TOO_LONG: &[u64] = &[(1 << 57) + 1, 1 << 63, u64::MAX];

/// A place in a file that may be written to.
fn index(g: &mut Gen<'_>) -> ChunkIndex {
    ChunkIndex(if g.once_in(30) { g.pick(&[0x8000_0000, u32::MAX]) } else { g.pick(&[0, 0, 0, 1, 2, 5]) })
}

/// A place that is only looked at: also the last one, which a stock master can only write to with 16 GiB of memory.
fn place(g: &mut Gen<'_>) -> ChunkIndex {
    if g.once_in(30) { ChunkIndex(0x7FFF_FFFF) } else { index(g) }
}

fn op_flags(g: &mut Gen<'_>) -> Option<u8> {
    if g.once_in(30) { None } else { Some(g.pick(&[0, 4, 4, 2, 6, 1, 0xFF])) }
}

pub(super) fn truncate(g: &mut Gen<'_>) {
    let (user, inode) = (g.user(), g.file());
    let mut flags = if g.once_in(8) { g.rng.u8(..) } else { g.pick(&[0, 0, 0, 1, 1, 3, 11, 4, 5, 8]) };
    let mut length = g.pick(LENGTHS);
    if g.once_in(40) {
        length = g.pick(TOO_LONG);
        // As part of a write a length is not checked.
        flags &= !0x02;
    }
    g.put(&p::FuseTruncate { msgid: g.msgid, inode, flags, cred: Gen::cred(&user), length });
}

pub(super) fn read_chunk(g: &mut Gen<'_>) {
    let (inode, index, flags) = (g.file(), place(g), op_flags(g));
    g.put(&p::FuseReadChunk { msgid: g.msgid, inode, index, flags });
}

pub(super) fn write_chunk(g: &mut Gen<'_>) {
    let (inode, index, flags) = (g.file(), index(g), op_flags(g));
    g.put(&p::FuseWriteChunk { msgid: g.msgid, inode, index, flags });
}

/// The end of a write that has begun; now and then of none.
pub(super) fn write_end(g: &mut Gen<'_>) {
    let (chunk, inode, index, least) = if g.world.writes.is_empty() || g.once_in(15) {
        (g.rng.u64(..200), g.file().0, index(g).0, 0)
    } else {
        let w = g.pick(&g.world.writes);
        (w.chunk, w.inode, w.index, w.length)
    };
    let here = u64::from(index) << 26;
    let length = match g.rng.u32(..6) {
        0 => 0,
        1 => least,
        2 => least + 1,
        3 => here + g.rng.u64(1..64 << 20),
        4 => g.rng.u64(..1000),
        _ => g.pick(LENGTHS),
    };
    let flags = g.pick(&[0, 0, 1, 4]);
    let end = match g.rng.u32(..20) {
        0 => p::WriteEnd::Plain { length },
        1 => p::WriteEnd::Flagged { length, flags },
        _ => p::WriteEnd::Indexed { index: ChunkIndex(index), length, flags },
    };
    g.put(&p::FuseWriteChunkEnd { msgid: g.msgid, chunk: ChunkId(chunk), inode: types::Inode(inode), end });
}

pub(super) fn append(g: &mut Gen<'_>) {
    let (user, inode, src) = (g.user(), g.file(), g.file());
    let flags = g.pick(&[0, 0, 0, 1, 2, 3]);
    let (from, to) = (g.pick(&[0, 0, 0, 1, 2, 5]), g.pick(&[0x8000_0000, 0x8000_0000, 1, 2, 0, 7, u32::MAX]));
    g.put(&p::FuseAppendSlice { msgid: g.msgid, flags, inode, src, from, to, cred: Gen::cred(&user) });
}

pub(super) fn repair(g: &mut Gen<'_>) {
    let (user, inode) = (g.user(), g.file());
    g.put(&p::FuseRepair { msgid: g.msgid, inode, cred: Gen::cred(&user) });
}

pub(super) fn check(g: &mut Gen<'_>) {
    let inode = g.file();
    let index = if g.rng.bool() { None } else { Some(place(g)) };
    g.put(&p::FuseCheck { msgid: g.msgid, inode, index });
}
