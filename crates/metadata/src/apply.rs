//! How operations change the state (`spec/metadata-format.md` 15).

mod attrs;
mod chunks;
mod cluster;
mod data;
mod names;
mod recursive;
mod sessions;
mod snapshot;
mod trash;

use crate::fs::Fs;
use crate::ns::records::NodeRec;
use ondisk::{Op, Outcome};
use thiserror::Error;
use types::{Inode, Status, Time};

/// Why an operation cannot be applied. The state is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ApplyError(pub Status);

impl From<Status> for ApplyError {
    fn from(status: Status) -> Self {
        ApplyError(status)
    }
}

/// 32-bit places that must be left in every pool for one more operation to begin.
const MIN_ROOM: u32 = 1 << 16;

impl Fs {
    /// Changes the state as `op` says, at `ts`, and counts the version up by one. Nothing but the
    /// state, the time and the operation decides what happens.
    ///
    /// `REPAIR` is refused: what it yields is decided elsewhere. See [`Fs::apply_decided`].
    pub fn apply(&mut self, ts: impl Into<Time>, op: &Op<'_>) -> Result<Outcome, ApplyError> {
        self.apply_decided(ts, op, &Outcome::none())
    }

    /// As [`Fs::apply`], for operations whose outcome is a decision and not a consequence: the version a `REPAIR`
    /// found on the chunkservers. Old logs also decide by it whether `FREEINODES` looks at open files. All others
    /// ignore `decided`.
    pub fn apply_decided(
        &mut self,
        ts: impl Into<Time>,
        op: &Op<'_>,
        decided: &Outcome,
    ) -> Result<Outcome, ApplyError> {
        self.check_room()?;
        let outcome = self.dispatch(ts.into(), op, decided)?;
        self.version += 1;
        Ok(outcome)
    }

    /// Refuses to grow when 32-bit references run out.
    pub(crate) fn check_room(&self) -> Result<(), Status> {
        let rooms = [self.edges.room(), self.names.room(), self.tables.room(), self.chunks.recs.room()];
        if rooms.iter().any(|room| *room < MIN_ROOM) { Err(Status::NOSPACE) } else { Ok(()) }
    }

    #[allow(
        clippy::too_many_lines,
        reason = "one arm for each operation; the compiler sees that none is missing"
    )]
    fn dispatch(&mut self, ts: Time, op: &Op<'_>, decided: &Outcome) -> Result<Outcome, Status> {
        match *op {
            Op::Create { parent, name, node, uid, gid, rdev } => {
                self.create(ts, parent, name, node, (uid, gid), rdev)
            }
            Op::Symlink { parent, name, target, uid, gid } => {
                self.make_symlink(ts, parent, name, target.as_bytes(), (uid, gid))
            }
            Op::Link { inode, parent, name } => self.hard_link(ts, inode, parent, name),
            Op::Unlink { parent, name } => self.unlink_name(ts, parent, name),
            Op::Move { src_parent, src_name, dst_parent, dst_name } => {
                self.rename(ts, (src_parent, src_name), (dst_parent, dst_name))
            }
            Op::SetPath { inode, path } => self.set_path(inode, path.as_bytes()),
            Op::Undel { inode } => self.undelete(ts, inode),
            Op::Purge { inode } => self.purge_trash(ts, inode),
            Op::EmptyTrash { bucket } => self.empty_trash(ts, bucket),
            Op::EmptySustained { bucket } => self.empty_sustained(ts, bucket),
            Op::FreeInodes { delay } => self.free_inodes(ts, delay, decided),
            Op::RenumerateEdges {} => Ok(self.renumber_edges()),
            Op::Snapshot { src, parent, name, mode, session_flags, uid, gids, umask } => {
                let caller = snapshot::Caller { uid, gids: gids.0, session_flags, umask };
                self.snapshot_op(ts, src, (parent, name), mode, caller)
            }
            Op::Append { dst, src, range } => self.append(ts, dst, src, range),
            Op::Access { inode } => self.set_atime(ts, inode),
            Op::AmTime { inode, atime, mtime, ctime } => self.set_times(inode, [atime, mtime, ctime]),
            Op::Attr { inode, mode, uid, gid, atime, mtime, extra } => {
                self.set_attrs(ts, inode, mode, (uid, gid), (atime, mtime), extra)
            }
            Op::SetSclass { inode, uid, src, dst, smode } => {
                self.set_sclass(ts, inode, uid, (src, dst), smode)
            }
            Op::SetTrashTime { inode, uid, seconds, smode } => {
                self.set_trash_time(ts, inode, uid, seconds, smode)
            }
            Op::SetEattr { inode, uid, bits, smode } => self.set_eattr(ts, inode, uid, bits, smode),
            Op::SetXattr { inode, name, value, mode } => {
                self.set_xattr(ts, inode, name, value.as_bytes(), mode)
            }
            Op::SetAcl { .. } => self.set_acl_op(ts, op),
            Op::Quota { inode, exceeded, flags, stamp, limits, grace } => {
                let quota = crate::Quota { grace, exceeded, flags, stamp, limits };
                self.set_quota(inode, quota)
            }
            Op::Length { inode, length, set_mtime } => self.length_op(ts, inode, length, set_mtime),
            Op::Write { inode, index, new_version, set_mtime } => {
                self.write_chunk(ts, inode, index, new_version, set_mtime)
            }
            Op::Trunc { inode, index } => self.truncate_chunk(ts, inode, index),
            Op::Unlock { chunk } => self.unlock(chunk),
            Op::Rollback { inode, index, prev, cur } => self.rollback(inode, index, prev, cur),
            Op::Repair { inode, index } => self.repair(ts, inode, index, decided),
            Op::SetFileChunk { inode, index, chunk } => self.set_file_chunk(inode, index, chunk),
            Op::ChunkAdd { chunk, version, locked_to } => self.chunk_add(ts.low(), chunk, version, locked_to),
            Op::ChunkDel { chunk, version } => self.chunk_delete(ts.low(), chunk, version),
            Op::SetVersion { chunk, version } => self.change_version(chunk, |_| version.0),
            Op::IncVersion { chunk } => self.change_version(chunk, |old| old.wrapping_add(1)),
            Op::NextChunkId { chunk } => self.set_next_chunk_id(chunk),
            Op::ArchChg { inode, uid, cmd } => self.change_archived(ts, inode, uid, cmd),
            Op::SesAdd { fields } => self.session_add(&fields),
            Op::SesChanged { session, fields } => self.session_changed(session, &fields),
            Op::SesDel { session } => self.session_delete(session),
            Op::SesDisconnected { session } => self.session_disconnected(ts.low(), session),
            Op::Session {} => self.session_id_used(),
            Op::Acquire { session, inode } => self.acquire(session, inode),
            Op::Release { session, inode } => self.release(session, inode),
            Op::Flock { inode, session, owner, kind } => self.flock_op(inode, session, owner, kind),
            Op::PosixLock { inode, session, owner, kind, start, end, pid } => {
                self.posix_lock_op(inode, (session, owner, pid), kind, (start, end))
            }
            Op::SetMetaId { id } => self.set_meta_id(id),
            Op::Csdb { action, ip, port, arg } => self.csdb_op(action, (ip, port), arg),
            Op::ScSet { .. } => self.sclass_set(op),
            Op::ScDup { src, dst } => self.sclass_duplicate(src, dst),
            Op::ScRen { old, new } => self.sclass_rename(old, new),
            Op::ScDel { name } => self.sclass_delete(name),
            Op::Idle {} => Ok(Outcome::none()),
        }
    }

    /// The record of a node that exists.
    pub(crate) fn existing(&self, inode: Inode) -> Result<NodeRec, Status> {
        let rec = self.node(inode);
        if rec.exists() { Ok(rec) } else { Err(Status::ENOENT) }
    }

    /// The record of a directory.
    pub(crate) fn existing_dir(&self, inode: Inode) -> Result<NodeRec, Status> {
        let rec = self.existing(inode)?;
        if rec.is_dir() { Ok(rec) } else { Err(Status::ENOTDIR) }
    }

    /// The record of a file, living, in the trash, or sustained.
    pub(crate) fn existing_file(&self, inode: Inode) -> Result<NodeRec, Status> {
        let rec = self.existing(inode)?;
        if rec.has_chunks() { Ok(rec) } else { Err(Status::EPERM) }
    }
}
