//! Options of `mfschunkserver.cfg` (`spec/wire-chunkserver.md` 5.2).

use super::common::COMMON;
use super::{Kind, OptionDef, SECONDS, fixed, int, option};

/// All of `mfschunkserver.cfg`.
pub const CHUNKSERVER: &[&[OptionDef]] = &[COMMON, DISKS, NETWORK];

const DISKS: &[OptionDef] = &[
    option("HDD_CONF_FILENAME", Kind::Path, "${ETC}/mfshdd.cfg", "list of folders that hold chunks"),
    option(
        "HDD_TEST_SPEED",
        Kind::Real { min: 0.0, max: 1_000_000.0 },
        "1.0",
        "MiB/s of checking per disk, 0 is off",
    ),
    // Deprecated, and used only when HDD_TEST_SPEED is absent: speed = 10 / value, so not just another name.
    option("HDD_TEST_FREQ", SECONDS, "10", "older form of HDD_TEST_SPEED: seconds between tests"),
    option(
        "HDD_TEST_PASS_DAYS",
        int(0, 365),
        "14",
        "days in which every chunk is tested once, however little time clients leave; 0 is stock's fixed speed",
    ),
    option(
        "HDD_MIN_TEST_INTERVAL",
        SECONDS,
        "86400",
        "seconds between the starts of two tests of a disk; with HDD_TEST_PASS_DAYS at 0 also after the last use of a chunk",
    ),
    option(
        "HDD_FADVISE_MIN_TIME",
        int(-1, u32::MAX as i64),
        "86400",
        "seconds unused after which a tested chunk leaves the page cache; -1 is never",
    ),
    option(
        "HDD_LEAVE_SPACE_DEFAULT",
        Kind::Size,
        "256MiB",
        "space left free on disks without a limit of their own",
    ),
    option(
        "HDD_REBALANCE_UTILIZATION",
        int(0, 100),
        "20",
        "percent of time spent on moving chunks between disks",
    ),
    option(
        "HDD_HIGH_SPEED_REBALANCE_LIMIT",
        int(0, 10),
        "0",
        "concurrent moves to a disk in fast rebalance, 0 is slow rebalance",
    ),
    option("HDD_ERROR_TOLERANCE_COUNT", int(1, 10), "2", "I/O errors after which a disk counts as damaged"),
    option("HDD_ERROR_TOLERANCE_PERIOD", int(10, 86400), "600", "seconds in which those errors must happen"),
    option(
        "HDD_FSYNC_BEFORE_CLOSE",
        Kind::Flag,
        "",
        "not set or 1: chunks are synced before a write is acknowledged for the last time; 0: never, as stock",
    ),
    option("HDD_SPARSIFY_ON_WRITE", Kind::Flag, "1", "leave holes for blocks of zeros"),
    option(
        "HDD_RR_CHUNK_COUNT",
        int(1, 100_000),
        "10000",
        "chunks by which the sub-folder in use may be ahead of the emptiest one",
    ),
    option(
        "HDD_KEEP_DUPLICATES_HOURS",
        int(0, 2400),
        "168",
        "hours for which a second copy of a chunk on another disk is kept",
    ),
    option(
        "HDD_KEEP_DAMAGED_HOURS",
        int(0, 8760),
        "72",
        "hours for which a damaged copy is kept aside after the master has replaced it",
    ),
    fixed(
        "ALLOW_STARTING_WITH_INVALID_DISKS",
        Kind::Flag,
        "0",
        "start although a line of the disk list cannot be used",
    ),
    option("WORKERS_MAX", int(1, 10_000), "250", "threads for disk work"),
    option("WORKERS_MAX_IDLE", int(1, 10_000), "40", "idle threads kept"),
];

const NETWORK: &[OptionDef] = &[
    option("LABELS", Kind::Text, "", "labels A to Z of this server, separated by commas"),
    option("BIND_HOST", Kind::Host, "*", "local address for the connection to the master"),
    option("MASTER_HOST", Kind::Host, "mfsmaster", "name or address of the master"),
    option("MASTER_PORT", Kind::Port, "9420", "the master's port for chunkservers"),
    option(
        "MASTER_TIMEOUT",
        int(0, 65535),
        "0",
        "seconds of silence after which the connection is given up, from 10; 0 lets the master say",
    ),
    option("MASTER_RECONNECTION_DELAY", int(1, 65535), "5", "seconds between attempts to reach the master"),
    option(
        "REPLICATION_BUSY_SPEED",
        Kind::Real { min: 0.0, max: 1_000_000.0 },
        "16.0",
        "MiB/s of replication, in and out each, while clients are served; 0 is no limit",
    ),
    option("AUTH_CODE", Kind::Text, "", "what the master wants to hear, if it has an AUTH_CODE"),
    option(
        "CHUNKS_PER_REGISTER_PACKET",
        int(1000, 100_000),
        "10000",
        "chunks in one packet of the registration",
    ),
    option("CSSERV_LISTEN_HOST", Kind::Host, "*", "address to listen on for clients and other chunkservers"),
    option("CSSERV_LISTEN_PORT", Kind::Port, "9422", "port to listen on for clients and other chunkservers"),
];
