//! What the master tells monitors.

use crate::client_master::{QuotaLimits, SessionLimits};
use std::net::{Ipv4Addr, SocketAddrV4};
use types::{
    Bytes32, ChunkId, ChunkIndex, DecodeError, Inode, MsgId, Reader, Rest, SessionId, Sized32, Version, Wire,
};

/// A version in three bytes: `u8 major | u8 mid | u8 minor*2`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShortVersion(pub Version);

impl<'a> Wire<'a> for ShortVersion {
    const MIN_SIZE: usize = 3;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let [major, mid, low] = r.array()?;
        Ok(ShortVersion(Version(u32::from_be_bytes([0, major, mid, low]))))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.0.to_be_bytes()[1..]);
    }
}

/// `[u32 msgid] | body`, the id being there exactly when the request had one, which the length tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ModuleForm {
    /// The request's message id.
    pub msgid: Option<MsgId>,
    /// What it is.
    pub module: Module,
}

impl<'a> Wire<'a> for ModuleForm {
    const MIN_SIZE: usize = Module::MIN_SIZE;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let msgid = if r.left() == 4 + Module::MIN_SIZE { Some(MsgId::decode(r)?) } else { None };
        Ok(ModuleForm { msgid, module: Module::decode(r)? })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.msgid.encode(out);
        self.module.encode(out);
    }
}

/// One or both matrices of chunks: row goal, column valid copies, each 0 to 10 or more.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum MatrixForm<'a> {
    /// 484 bytes: a list of the one that was asked for.
    One(Rest<'a, Matrix>),
    /// 969 bytes: whether the counters are final (0), and a list of two: all copies, copies on disks not marked for
    /// removal.
    Both(u8, Rest<'a, Matrix>),
}

/// 11 rows of 11 counters.
pub type Matrix = [u32; 121];

impl<'a> Wire<'a> for MatrixForm<'a> {
    const MIN_SIZE: usize = 484;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        if r.left() == 484 {
            return Rest::decode_n(r, 1).map(MatrixForm::One);
        }
        let progress = u8::decode(r)?;
        Rest::decode_n(r, 2).map(|both| MatrixForm::Both(progress, both))
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            MatrixForm::One(matrix) => matrix.encode(out),
            MatrixForm::Both(progress, both) => (*progress, *both).encode(out),
        }
    }
}

record! { <'a> {
    /// A chunkserver as the master sees it.
    #[derive(Eq)]
    CservInfo {
        /// 0x01 disconnected, 0x02 in maintenance, 0x04 for a while only.
        flags: u8,
        /// Its version; 0 when disconnected.
        version: ShortVersion,
        /// Its data port.
        addr: SocketAddrV4,
        /// Its id.
        csid: u16,
        /// Bytes used on disks not marked for removal.
        used: u64,
        /// Bytes in all on disks not marked for removal.
        total: u64,
        /// Chunks on disks not marked for removal.
        chunks: u32,
        /// Bytes used on disks marked for removal.
        td_used: u64,
        /// Bytes in all on disks marked for removal.
        td_total: u64,
        /// Chunks on disks marked for removal.
        td_chunks: u32,
        /// Errors reported.
        errors: u32,
        /// Its load.
        load: u32,
        /// 0 none, 0xC0000000 overloaded, 0x80000000 rebalancing, else seconds until it is used again.
        grace_time: u32,
        /// Its labels, bit 0 is A.
        labels: u32,
        /// Whether disks marked for removal may go: 0 not known, 1 no, 2 yes.
        removal_state: u8,
    }

    /// A session with what it did in this hour and the last.
    SessionInfo<'a> {
        /// The session.
        session: SessionId,
        /// Its address.
        ip: Ipv4Addr,
        /// Its version.
        version: Version,
        /// Files open.
        open_files: u32,
        /// Connections, 255 at most.
        connections: u8,
        /// 0xFFFFFFFF connected, else seconds to expiry.
        expire: u32,
        /// What it said of itself: the mount point.
        info: Bytes32<'a>,
        /// Its root; `.` is a meta session.
        path: Bytes32<'a>,
        /// As in `NewSession`, and 0x40.
        flags: u8,
        /// As in `NewSession`.
        umask: u16,
        /// As in `NewSession`.
        root_uid: u32,
        /// As in `NewSession`.
        root_gid: u32,
        /// As in `NewSession`.
        mapall_uid: u32,
        /// As in `NewSession`.
        mapall_gid: u32,
        /// Limits.
        limits: SessionLimits,
        /// As in `NewSession`.
        disables: u32,
        /// Operations in this hour (`spec/admin-and-monitoring.md` 5.3).
        current: [u32; 16],
        /// Operations in the last hour.
        last: [u32; 16],
    }

    /// The master's state: 149 bytes.
    #[derive(Eq)]
    MasterInfo {
        /// Its version.
        version: Version,
        /// Resident bytes.
        memory: u64,
        /// Of the last minute, 10^7 is 1 %.
        system_cpu: u64,
        /// Of the last minute, 10^7 is 1 %.
        user_cpu: u64,
        /// Bytes on all connected chunkservers.
        total_space: u64,
        /// Bytes that can be used.
        avail_space: u64,
        /// Bytes not used.
        free_space: u64,
        /// Bytes of files in the trash.
        trash_space: u64,
        /// Files in the trash.
        trash_files: u32,
        /// Bytes of deleted files that are open.
        sustained_space: u64,
        /// Deleted files that are open.
        sustained_files: u32,
        /// Nodes of every kind.
        nodes: u32,
        /// Directories.
        dirs: u32,
        /// Files.
        files: u32,
        /// Chunks.
        chunks: u32,
        /// Copies of chunks.
        all_copies: u32,
        /// Copies on disks not marked for removal.
        regular_copies: u32,
        /// When metadata were saved, Unix seconds.
        saved_at: u32,
        /// How long that took, milliseconds.
        save_ms: u32,
        /// 0 in the background, 1 downloaded, 2 in the foreground.
        save_status: u8,
        /// Role, next role, stable, in sync: 0xFF each for a single master.
        roles: [u8; 4],
        /// The leading master; 0 for a single one.
        leader: Ipv4Addr,
        /// When the role changed; 0 for a single master.
        role_since: u32,
        /// Version of the metadata.
        metadata_version: u64,
        /// Checksum over the exports.
        exports_checksum: u64,
        /// Now, microseconds since the epoch.
        time_us: u64,
        /// 0 for a single master.
        last_change: u32,
    }

    /// What the check of files found.
    #[derive(Eq)]
    FsTest<'a> {
        /// When it began; 0 before the first.
        loop_start: u32,
        /// When it ended.
        loop_end: u32,
        /// Files checked.
        files: u32,
        /// Files with fewer copies than wanted.
        undergoal_files: u32,
        /// Files with missing chunks.
        missing_files: u32,
        /// Of those, in the trash.
        missing_trash_files: u32,
        /// Of those, deleted and open.
        missing_sustained_files: u32,
        /// Chunks checked.
        chunks: u32,
        /// Chunks with fewer copies than wanted.
        undergoal_chunks: u32,
        /// Missing chunks.
        missing_chunks: u32,
        /// Errors of structure, lines.
        message: Bytes32<'a>,
    }

    /// What the check of chunks did, and could not do.
    #[derive(Eq)]
    ChunksTest {
        /// When it began; 0 before the end of the first.
        loop_start: u32,
        /// When it ended.
        loop_end: u32,
        /// Deleted, not deleted; for each of: invalid, unused, on disks to be cleaned, too many.
        deleted: [u32; 8],
        /// Replicated, not replicated; for each of: too few copies, wrong labels.
        replicated: [u32; 4],
        /// Moved to balance space.
        rebalanced: u32,
        /// Chunks whose labels cannot be satisfied.
        labels_dont_match: u32,
        /// Locked though unused.
        locked_unused: u32,
        /// Locked and used.
        locked_used: u32,
    }

    /// A quota.
    QuotaEntry<'a> {
        /// The directory.
        inode: Inode,
        /// Its path, beginning with `/`.
        path: Bytes32<'a>,
        /// Seconds; 0 is the default.
        grace: u32,
        /// 1: a limit is exceeded.
        exceeded: u8,
        /// Which limits are set, as in `FuseQuotacontrol`.
        flags: u8,
        /// Seconds until a soft limit becomes hard; 0xFFFFFFFF none is exceeded.
        time_to_block: u32,
        /// Soft limits.
        soft: QuotaLimits,
        /// Hard limits.
        hard: QuotaLimits,
        /// What is used.
        current: QuotaLimits,
    }

    /// A line of the exports.
    ExportEntry<'a> {
        /// First address.
        from_ip: Ipv4Addr,
        /// Last address.
        to_ip: Ipv4Addr,
        /// `.`, or beginning with `/`.
        path: Bytes32<'a>,
        /// The lowest version admitted, with the minor number not doubled.
        min_version: u32,
        /// 1 subdirectories too, 2 with a password.
        export_flags: u8,
        /// As in `NewSession`.
        flags: u8,
        /// As in `NewSession`.
        umask: u16,
        /// As in `NewSession`.
        root_uid: u32,
        /// As in `NewSession`.
        root_gid: u32,
        /// As in `NewSession`.
        mapall_uid: u32,
        /// As in `NewSession`.
        mapall_gid: u32,
        /// Limits.
        limits: SessionLimits,
        /// As in `NewSession`.
        disables: u32,
    }

    /// A metalogger.
    #[derive(Eq)]
    MlogInfo {
        /// Its version.
        version: Version,
        /// Its address.
        ip: Ipv4Addr,
    }

    /// Which daemon this is.
    #[derive(Eq)]
    Module {
        /// 1 master, 2 chunkserver.
        kind: u8,
        /// Its version.
        version: Version,
        /// A chunkserver's id; of a master 0.
        id: u16,
        /// The metadata it belongs to.
        metaid: u64,
        /// The master a chunkserver is registered with.
        master: SocketAddrV4,
    }

    /// A lock.
    #[derive(Eq)]
    LockInfo {
        /// Its session.
        session: SessionId,
        /// Its owner there.
        owner: u64,
        /// Its process; 0, as start and end, for a lock of the whole file.
        pid: u32,
        /// First byte.
        start: u64,
        /// Behind the last byte.
        end: u64,
        /// 1 read, 2 write.
        kind: u8,
    }

    /// The paths of a node, one per link.
    NodePaths<'a> {
        /// The node.
        inode: Inode,
        /// Relative to the root, without `/` in front.
        paths: Sized32<'a, Bytes32<'a>>,
    }

    /// A chunk without a good copy.
    #[derive(Eq)]
    MissingChunk {
        /// The chunk.
        chunk: ChunkId,
        /// A file that has it.
        inode: Inode,
        /// Where in the file.
        index: ChunkIndex,
        /// 0 no copy, 1 invalid ones, 2 ones of wrong versions.
        kind: u8,
    }
} }
