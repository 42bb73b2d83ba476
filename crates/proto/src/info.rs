//! Administration and monitoring (`spec/admin-and-monitoring.md`): asked on the client port of the master and on the
//! data port of chunkservers, by anybody.
//!
//! Several requests have older, shorter forms for older monitors; here are those that a 3.0.117 monitor sends to a
//! 3.0.117 server.

mod disks;
mod master;
mod sclass;

pub use disks::{DiskEntry, DiskInfo, DiskStats, DiskTotals, Monotonic};
pub use master::*;
pub use sclass::{LabelMatch, SclassInfo, SclassPolicy};
use std::net::SocketAddrV4;
use types::{Counted, Inode, MsgId, Rest, RestBytes, SessionId, Status, Tag, Tag16};

/// Field tables of all parts of these packets.
pub(crate) const RECORDS_BY_FILE: &[&[crate::record::RecordDoc]] =
    &[master::RECORDS, sclass::RECORDS, disks::RECORDS];

packets! { <'a> {
    /// Which chunkservers are there?
    500 CservList {}
    /// Answers `CservList`, in no order.
    501 CservListReply<'a> { servers: Rest<'a, CservInfo> }

    /// What was counted since the daemon started?
    502 MonotonicData {}
    /// Answers `MonotonicData`: a sum for each chart series; from chunkservers, then for each disk.
    503 MonotonicDataReply<'a> { data: Monotonic<'a> }

    /// A chart as a picture.
    504 Chart {
        /// `spec/admin-and-monitoring.md` 8.3.
        chart: u32,
        /// Width and height.
        size: Option<(u16, u16)>
    }
    /// Answers `Chart` with a PNG file.
    505 ChartReply<'a> { png: RestBytes<'a> }

    /// The numbers of a chart.
    506 ChartData {
        /// `spec/admin-and-monitoring.md` 8.3.
        chart: u32,
        max_entries: Option<u32>
    }
    /// Answers `ChartData`: time of the newest entry (local time taken for UTC) and entries, newest first, all ones
    /// meaning "not known". Empty for a chart that is not there.
    507 ChartDataReply<'a> { data: Option<(u32, Counted<'a, u32, u64>)> }

    /// Which sessions are there? 4 is the form of the answer.
    508 SessionList { form: Tag<4> }
    /// Answers `SessionList`; 16 is the number of operations counted.
    509 SessionListReply<'a> { operations: Tag16<16>, sessions: Rest<'a, SessionInfo<'a>> }

    /// How is the master?
    510 Info {}
    /// Answers `Info`.
    511 InfoReply { info: MasterInfo }

    /// What did the check of files find? 0 (any value does) asks for this form of the answer.
    512 FsTestInfo { form: u8 }
    /// Answers `FsTestInfo`.
    513 FsTestInfoReply<'a> { info: FsTest<'a> }

    /// What did the check of chunks do?
    514 ChunksTestInfo {}
    /// Answers `ChunksTestInfo`.
    515 ChunksTestInfoReply { info: ChunksTest }

    /// How many chunks have how many copies? A matrix id asks for one of the two only.
    516 ChunksMatrix { matrix: Option<u8> }
    /// Answers `ChunksMatrix`.
    517 ChunksMatrixReply<'a> { matrix: MatrixForm<'a> }

    /// Which quotas are there?
    518 QuotaInfo {}
    /// Answers `QuotaInfo`.
    519 QuotaInfoReply<'a> { quotas: Rest<'a, QuotaEntry<'a>> }

    /// Which exports are there? 3 is the form of the answer.
    520 ExportsInfo { form: Tag<3> }
    /// Answers `ExportsInfo`.
    521 ExportsInfoReply<'a> { exports: Rest<'a, ExportEntry<'a>> }

    /// Which metaloggers are connected?
    522 MlogList {}
    /// Answers `MlogList`.
    523 MlogListReply<'a> { metaloggers: Rest<'a, MlogInfo> }

    /// Do something about a chunkserver.
    524 CsservCommand {
        /// 0 remove, 1 back to work, 2 maintenance on, 3 maintenance off.
        command: u8,
        addr: SocketAddrV4
    }
    /// Answers `CsservCommand`.
    525 CsservCommandReply { status: Status }

    /// Do something about a session.
    526 SessionCommand {
        /// 0 remove.
        command: u8,
        session: SessionId
    }
    /// Answers `SessionCommand`.
    527 SessionCommandReply { status: Status }

    /// What does the master use memory for?
    528 MemoryInfo {}
    /// Answers `MemoryInfo`: bytes allocated and used for chunk hash, chunks, chunkserver lists, edge hash, edges, node
    /// hash, nodes, deleted nodes, chunk tables, symlinks, quotas.
    529 MemoryInfoReply { bytes: [u64; 22] }

    /// Who are you?
    530 ModuleInfo { msgid: Option<MsgId> }
    /// Answers `ModuleInfo`.
    531 ModuleInfoReply { info: ModuleForm }

    /// Which files does a session have open? 0 is all sessions.
    532 ListOpenFiles { session: SessionId }
    /// Answers `ListOpenFiles` with a list of `Inode`; for all sessions, of `(SessionId, Inode)`.
    533 ListOpenFilesReply<'a> { files: RestBytes<'a> }

    /// Which locks are on a file? 0 is all files.
    534 ListAcquiredLocks { inode: Inode }
    /// Answers `ListAcquiredLocks` with a list of `LockInfo`; for all files, of `(Inode, LockInfo)`.
    535 ListAcquiredLocksReply<'a> { locks: RestBytes<'a> }

    /// What are the paths of these nodes?
    536 MassResolvePaths<'a> { inodes: Rest<'a, Inode> }
    /// Answers `MassResolvePaths`.
    537 MassResolvePathsReply<'a> { nodes: Rest<'a, NodePaths<'a>> }

    /// Which storage classes are there?
    542 SclassInfoRequest {}
    /// Answers `SclassInfoRequest`.
    543 SclassInfoReply<'a> {
        /// How many chunkservers are connected.
        servers: u16,
        classes: Rest<'a, SclassInfo<'a>>
    }

    /// Which chunks have no good copy? 1 is the form of the answer.
    544 MissingChunks { form: Tag<1> }
    /// Answers `MissingChunks`.
    545 MissingChunksReply<'a> { chunks: Rest<'a, MissingChunk> }

    /// How are the disks of this chunkserver?
    600 HddList {}
    /// Answers `HddList`; the order of `mfshdd.cfg` backwards.
    601 HddListReply<'a> { disks: Rest<'a, DiskInfo<'a>> }
} }
