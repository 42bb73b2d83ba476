//! Where a shorter or longer body is a legal packet, too.

use crate::common::Way;

/// A reason why a cut or grown body still decodes.
pub(crate) struct Slack {
    /// The reason.
    pub(crate) why: &'static str,
    prefix: Prefix,
    extra: Extra,
}

/// Whether one more byte is legal.
enum Extra {
    Never,
    Always,
    /// Behind a body of this length.
    Behind(usize),
}

enum Prefix {
    /// Bodies of exactly these lengths.
    Lengths(&'static [usize]),
    /// Bodies short of exactly these numbers of bytes.
    Cuts(&'static [usize]),
    /// Bodies short of a multiple of this.
    Every(usize),
    /// All bodies from this length on.
    From(usize),
}

impl Slack {
    const fn new(prefix: Prefix, extra: Extra, why: &'static str) -> Slack {
        Slack { why, prefix, extra }
    }

    /// Whether a byte more than `whole` may decode.
    pub(crate) fn allows_extra(&self, whole: usize) -> bool {
        match self.extra {
            Extra::Never => false,
            Extra::Always => true,
            Extra::Behind(len) => whole == len,
        }
    }

    /// What is legal for this packet.
    pub(crate) fn of(name: &str, way: &Way) -> Vec<&'static Slack> {
        let fields = way.packets.iter().find(|packet| packet.name == name).expect("declared").fields;
        let by_type = BY_TYPE.iter().filter(|(ty, _)| fields.iter().any(|field| field.ty.starts_with(ty)));
        let by_name = BY_NAME.iter().filter(|(names, _)| names.contains(&name));
        by_type.map(|(_, slack)| slack).chain(by_name.map(|(_, slack)| slack)).collect()
    }

    /// Whether `len` of `whole` bytes may decode.
    pub(crate) fn allows_prefix(&self, whole: usize, len: usize) -> bool {
        match self.prefix {
            Prefix::Lengths(lengths) => lengths.contains(&len),
            Prefix::Cuts(cuts) => cuts.contains(&(whole - len)),
            Prefix::Every(step) => (whole - len).is_multiple_of(step),
            Prefix::From(least) => len >= least,
        }
    }
}

/// Every exception made for a packet by name, to be checked for being needed.
pub(crate) fn exceptions() -> impl Iterator<Item = (&'static str, &'static str)> {
    BY_NAME.iter().flat_map(|(names, slack)| names.iter().map(|name| (*name, slack.why)))
}

const BY_TYPE: &[(&str, Slack)] = &[
    ("Reply<", Slack::new(Prefix::Lengths(&[5]), Extra::Behind(4), "message id and one byte are a status")),
    (
        "Cred<",
        Slack::new(
            Prefix::Cuts(&[4, 8]),
            Extra::Never,
            "without the gids, their count is the single-gid form",
        ),
    ),
];

const BY_NAME: &[(&[&str], Slack)] = &[
    (
        &["FuseSustainedInodes", "FuseParentsReply", "MassResolvePaths"],
        Slack::new(Prefix::Every(4), Extra::Never, "a list of fewer elements"),
    ),
    (
        &["ChunkDamaged", "ChunkLost", "MlogListReply"],
        Slack::new(Prefix::Every(8), Extra::Never, "a list of fewer elements"),
    ),
    (
        &["ChunkNew", "CsRegisterPacket", "FuseAmtimeInodes"],
        Slack::new(Prefix::Every(12), Extra::Never, "a list of fewer elements"),
    ),
    (
        &["FuseReadChunkReply", "FuseWriteChunkReply", "FuseLookupReply"],
        Slack::new(Prefix::Every(14), Extra::Never, "a list of fewer elements"),
    ),
    (&["FineAmtimeInodes"], Slack::new(Prefix::Every(20), Extra::Never, "a list of fewer elements")),
    (&["QuarantineListReply"], Slack::new(Prefix::Lengths(&[25]), Extra::Never, "a list of fewer elements")),
    (&["HealthReply"], Slack::new(Prefix::Lengths(&[4]), Extra::Never, "a list of fewer elements")),
    (&["CservListReply"], Slack::new(Prefix::Every(69), Extra::Never, "a list of fewer elements")),
    (
        &["FuseCheckReply"],
        Slack::new(
            Prefix::Lengths(&[16, 23, 30, 37, 44, 51]),
            Extra::Never,
            "a list of fewer elements, or chunks in place of counters",
        ),
    ),
    (
        &["Nop", "ChartReply", "ListOpenFilesReply", "ListAcquiredLocksReply"],
        Slack::new(Prefix::From(0), Extra::Always, "bytes of any number"),
    ),
    (&["VersionInfo", "SclassListReply"], Slack::new(Prefix::From(4), Extra::Always, "bytes of any number")),
    (&["FuseReaddirReply"], Slack::new(Prefix::From(12), Extra::Always, "bytes of any number")),
    (
        &["GetVersion", "ModuleInfo", "ChartDataReply"],
        Slack::new(Prefix::Lengths(&[0]), Extra::Never, "the end is optional"),
    ),
    (&["ChunksMatrix"], Slack::new(Prefix::Lengths(&[0]), Extra::Behind(0), "the end is optional")),
    (&["ChartData", "FuseGettrash"], Slack::new(Prefix::Lengths(&[4]), Extra::Never, "the end is optional")),
    (&["FuseCheck"], Slack::new(Prefix::Lengths(&[8]), Extra::Never, "the end is optional")),
    (&["FuseGetdetachedattr"], Slack::new(Prefix::Lengths(&[8]), Extra::Behind(8), "the end is optional")),
    (
        &["FuseArchctl", "FuseQuotacontrol"],
        Slack::new(Prefix::Lengths(&[9]), Extra::Never, "the end is optional"),
    ),
    (
        &["FuseReadChunk", "FuseWriteChunk"],
        Slack::new(Prefix::Lengths(&[12]), Extra::Behind(12), "the end is optional"),
    ),
    (&["MonotonicDataReply"], Slack::new(Prefix::Lengths(&[274]), Extra::Never, "the end is optional")),
    (&["FuseGetxattrReply"], Slack::new(Prefix::Lengths(&[8]), Extra::Never, "only the length of the value")),
    (
        &["UnknownCommand", "BadCommandSize"],
        Slack::new(Prefix::Lengths(&[12]), Extra::Never, "another form, told by its length"),
    ),
    (&["Read"], Slack::new(Prefix::Lengths(&[20]), Extra::Behind(20), "another form, told by its length")),
    (
        &["Write"],
        Slack::new(Prefix::Lengths(&[12, 13, 18, 19, 24]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["ChunkChecksum", "ChunkChecksumTab"],
        Slack::new(Prefix::Lengths(&[13]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["CsRegisterPacket"],
        Slack::new(Prefix::Lengths(&[55]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["ChunkReplicate"],
        Slack::new(Prefix::Lengths(&[18]), Extra::Never, "another form, told by its length"),
    ),
    (&["MasterAck"], Slack::new(Prefix::Lengths(&[1, 5]), Extra::Never, "another form, told by its length")),
    (
        &["DownloadInfoPacket"],
        Slack::new(Prefix::Lengths(&[1]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["FuseRegister"],
        Slack::new(Prefix::Lengths(&[69, 73, 90, 94, 102]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["FuseRegisterReply"],
        Slack::new(Prefix::Lengths(&[1, 5, 9, 27, 32, 49]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["FuseWriteChunkEnd"],
        Slack::new(Prefix::Lengths(&[24, 25]), Extra::Behind(24), "another form, told by its length"),
    ),
    (
        &["FuseArchctlReply"],
        Slack::new(Prefix::Lengths(&[24]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["FuseGetdirstatsReply"],
        Slack::new(Prefix::Lengths(&[44]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["ModuleInfoReply"],
        Slack::new(Prefix::Lengths(&[21]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["ChunksMatrixReply"],
        Slack::new(Prefix::Lengths(&[484]), Extra::Never, "another form, told by its length"),
    ),
    (
        &["HddListReply", "JobListReply", "QuotaInfoReply", "ExportsInfoReply", "MassResolvePathsReply"],
        Slack::new(Prefix::From(0), Extra::Never, "a list of fewer elements, which vary in size"),
    ),
    (
        &["SessionListReply", "SclassInfoReply"],
        Slack::new(Prefix::From(2), Extra::Never, "a list of fewer elements, which vary in size"),
    ),
    (
        &["FuseGettrashReply", "FuseGetsustainedReply", "FusePathsReply", "HealthReply"],
        Slack::new(Prefix::From(4), Extra::Never, "a list of fewer elements, which vary in size"),
    ),
    (
        &["NodeInfoReply"],
        Slack::new(Prefix::From(14), Extra::Never, "a list of fewer elements, which vary in size"),
    ),
];
