//! The link between clients (mounts, tools) and the master (`spec/wire-client-master.md`).

pub mod data;
mod data_shapes;
pub mod locks;
pub mod meta;
pub mod namespace;
mod namespace_shapes;
pub mod notify;
pub mod register;
mod register_shapes;
pub mod sclass;
mod sclass_shapes;
pub mod tools;
mod tools_shapes;
pub mod xattr;
mod xattr_shapes;

use crate::admin::*;
pub use crate::any::{
    BadCommandSize, ConfigValue, GetConfig, GetVersion, Nop, UnknownCommand, VersionForm, VersionInfo,
};
use crate::health::{Health, HealthReply, StoreImage, StoreImageReply};
use crate::info::*;
pub use data::*;
pub use data_shapes::{ChunkPlace, FileChunk, Location, WriteEnd};
pub use locks::*;
pub use meta::*;
pub use namespace::*;
pub use namespace_shapes::{DirEntry, DirEntryAttr, LookupData, LookupFlags, StatfsData};
pub use notify::*;
pub use register::*;
pub use register_shapes::{
    NewMetaSession, NewSession, Register, RegisterReply, Rejoin, SessionLimits, SessionTail,
};
pub use sclass::*;
pub use sclass_shapes::{LabelSet, SclassDef, show_labels};
pub use tools::*;
pub use tools_shapes::{
    ArchChanged, ArchReply, ArchState, CheckReply, ChunkCopies, ChunkInfo, CopyInfo, Counters, DirStats,
    DirStatsReply, NodeInfo, OldDirStats, PosixConflict, QuotaLimits, QuotaState, SclassId, SclassTarget,
};
pub use xattr::*;
pub use xattr_shapes::{Acl, AclEntry, XattrValue};

/// Field tables of all parts of packets of this link.
pub(crate) const RECORDS_BY_FILE: &[&[crate::record::RecordDoc]] = &[
    register_shapes::RECORDS,
    namespace_shapes::RECORDS,
    data_shapes::RECORDS,
    xattr_shapes::RECORDS,
    tools_shapes::RECORDS,
];

direction! {
    /// From a client, a tool or a monitor to the master.
    CltoMa<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, GetVersion, GetConfig<'a>,
        FuseRegister<'a>,
        FuseStatfs, FuseAccess<'a>, FuseLookup<'a>, FuseGetattr, FuseSetattr<'a>, FineSetattr<'a>, FuseReadlink, FuseSymlink<'a>,
        FuseMknod<'a>, FuseMkdir<'a>, FuseUnlink<'a>, FuseRmdir<'a>, FuseRename<'a>, FuseLink<'a>, FuseReaddir<'a>,
        FuseOpen<'a>, FuseTruncate<'a>, FuseCreate<'a>,
        FuseReadChunk, FuseWriteChunk, FuseWriteChunkEnd,
        FuseAppendSlice<'a>, FuseCheck, FuseGettrashtime, FuseSettrashtime, FuseGetsclass, FuseSetsclass<'a>,
        FuseGetdirstats, FuseRepair<'a>, FuseSnapshot<'a>, FuseGeteattr, FuseSeteattr, FuseQuotacontrol, FuseParents,
        FusePaths, FuseArchctl, NodeInfoRequest,
        FuseGettrash, FuseGetdetachedattr, FuseGettrashpath, FuseSettrashpath<'a>, FuseUndel, FusePurge, FuseGetsustained,
        FuseGetxattr<'a>, FuseSetxattr<'a>, FuseGetfacl, FuseSetfacl<'a>,
        FuseFlock, FusePosixLock,
        SclassCreate<'a>, SclassChange<'a>, SclassDelete<'a>, SclassDuplicate<'a>, SclassRename<'a>, SclassList,
        FuseSustainedInodes<'a>, FuseAmtimeInodes<'a>, FineAmtimeInodes<'a>, FuseTimeSync,
        CservList, MonotonicData, Chart, ChartData, SessionList, Info, FsTestInfo, ChunksTestInfo, ChunksMatrix, QuotaInfo,
        ExportsInfo, MlogList, CsservCommand, SessionCommand, MemoryInfo, ModuleInfo, ListOpenFiles, ListAcquiredLocks,
        MassResolvePaths<'a>, SclassInfoRequest, MissingChunks,
        QuarantineList, QuarantineCommand, ConfirmMetadata,
        Health, StoreImage,
    }
}

direction! {
    /// From the master to a client, a tool or a monitor.
    MatoCl<'a> {
        Nop<'a>, UnknownCommand, BadCommandSize, VersionInfo<'a>, ConfigValue<'a>,
        FuseRegisterReply,
        FuseStatfsReply, FuseAccessReply, FuseLookupReply<'a>, FuseGetattrReply, FuseSetattrReply, FuseReadlinkReply<'a>,
        FuseSymlinkReply, FuseMknodReply, FuseMkdirReply, FuseUnlinkReply, FuseRmdirReply, FuseRenameReply, FuseLinkReply,
        FuseReaddirReply<'a>, FuseOpenReply, FuseTruncateReply, FuseCreateReply,
        FuseReadChunkReply<'a>, FuseWriteChunkReply<'a>, FuseWriteChunkEndReply,
        FuseAppendSliceReply, FuseCheckReply<'a>, FuseGettrashtimeReply<'a>, FuseSettrashtimeReply, FuseGetsclassReply<'a>,
        FuseSetsclassReply, FuseGetdirstatsReply, FuseRepairReply, FuseSnapshotReply, FuseGeteattrReply<'a>,
        FuseSeteattrReply, FuseQuotacontrolReply, FuseParentsReply<'a>, FusePathsReply<'a>, FuseArchctlReply,
        NodeInfoReply<'a>,
        FuseGettrashReply<'a>, FuseGetdetachedattrReply, FuseGettrashpathReply<'a>, FuseSettrashpathReply, FuseUndelReply,
        FusePurgeReply, FuseGetsustainedReply<'a>,
        FuseGetxattrReply<'a>, FuseSetxattrReply, FuseGetfaclReply<'a>, FuseSetfaclReply,
        FuseFlockReply, FusePosixLockReply,
        SclassCreateReply, SclassChangeReply<'a>, SclassDeleteReply, SclassDuplicateReply, SclassRenameReply,
        SclassListReply<'a>,
        FuseChunkHasChanged, FuseLengthHasChanged, FuseTimeSyncReply, FuseInvalidateChunkCache,
        CservListReply<'a>, MonotonicDataReply<'a>, ChartReply<'a>, ChartDataReply<'a>, SessionListReply<'a>, InfoReply,
        FsTestInfoReply<'a>, ChunksTestInfoReply, ChunksMatrixReply<'a>, QuotaInfoReply<'a>, ExportsInfoReply<'a>,
        MlogListReply<'a>, CsservCommandReply, SessionCommandReply, MemoryInfoReply, ModuleInfoReply,
        ListOpenFilesReply<'a>, ListAcquiredLocksReply<'a>, MassResolvePathsReply<'a>, SclassInfoReply<'a>,
        MissingChunksReply<'a>,
        QuarantineListReply<'a>, QuarantineCommandReply, ConfirmMetadataReply,
        HealthReply<'a>, StoreImageReply,
    }
}
