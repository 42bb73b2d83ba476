//! Options of `mfsmaster.cfg` (`spec/config-and-daemons.md` 4 and 5).

use super::common::COMMON;
use super::{Kind, OptionDef, SECONDS, int, no_meaning, old, option};

/// All of `mfsmaster.cfg`.
pub const MASTER: &[&[OptionDef]] = &[COMMON, FILES, NETWORK, CHUNKS, CLIENTS, OLD];

const FILES: &[OptionDef] = &[
    option("EXPORTS_FILENAME", Kind::Path, "${ETC}/mfsexports.cfg", "who may mount what"),
    option("TOPOLOGY_FILENAME", Kind::Path, "${ETC}/mfstopology.cfg", "which addresses are near each other"),
    option("BACK_LOGS", int(0, 1000), "50", "rotated changelogs kept"),
    option("METADATA_SAVE_FREQ", int(1, 500), "1", "hours between images, at most BACK_LOGS/2"),
    option("BACK_META_KEEP_PREVIOUS", int(0, 99), "1", "previous images kept"),
    option(
        "CHANGELOG_PRESERVE_SECONDS",
        int(0, 15000),
        "1800",
        "seconds of changes kept in memory for metaloggers",
    ),
    option(
        "CHANGELOG_SAVE_MODE",
        int(0, 2),
        "",
        "not set: synced before the answer, many changes in one sync; 0 and 1: written, not synced; 2: synced",
    ),
    option("MISSING_LOG_CAPACITY", int(1000, 1_000_000), "100000", "entries in the list of missing chunks"),
];

const NETWORK: &[OptionDef] = &[
    option("MATOML_LISTEN_HOST", Kind::Host, "*", "address to listen on for metaloggers"),
    option("MATOML_LISTEN_PORT", Kind::Port, "9419", "port to listen on for metaloggers"),
    option("MATOCS_LISTEN_HOST", Kind::Host, "*", "address to listen on for chunkservers"),
    option("MATOCS_LISTEN_PORT", Kind::Port, "9420", "port to listen on for chunkservers"),
    option("MATOCS_TIMEOUT", int(10, 65535), "10", "seconds of silence after which a chunkserver is dropped"),
    option("AUTH_CODE", Kind::Text, "", "what chunkservers must present, if set"),
    option(
        "REMAP_BITS",
        int(0, 32),
        "",
        "first bits of chunkserver addresses that are replaced; all three REMAP options or none",
    ),
    option("REMAP_SOURCE_IP_CLASS", Kind::Text, "", "chunkserver addresses in this class are remapped"),
    option("REMAP_DESTINATION_IP_CLASS", Kind::Text, "", "where the first bits come from"),
    option("MATOCL_LISTEN_HOST", Kind::Host, "*", "address to listen on for clients"),
    option("MATOCL_LISTEN_PORT", Kind::Port, "9421", "port to listen on for clients"),
];

const CHUNKS: &[OptionDef] = &[
    option("REPLICATIONS_DELAY_INIT", SECONDS, "60", "seconds after start without replication"),
    option(
        "REPLICATIONS_DELAY_DISCONNECT",
        SECONDS,
        "0",
        "seconds without replication after a server was lost, so that a restart causes none (an option of 1.6)",
    ),
    option(
        "CHUNKS_QUARANTINE_TIME",
        SECONDS,
        "2419200",
        "seconds after which a chunk that the metadata does not know may be deleted, if nothing speaks against the metadata; \
         0 never (ElkFS only)",
    ),
    option(
        "REPLICATIONS_RESPECT_TOPOLOGY",
        int(0, 2),
        "0",
        "0 no, 1 from a near source, 2 prefer the same rack",
    ),
    option("CREATIONS_RESPECT_TOPOLOGY", int(0, 255), "0", "prefer servers nearer to the client than this"),
    option("CHUNKS_UNIQUE_MODE", int(0, 2), "0", "copies on different 0 servers, 1 addresses, 2 racks"),
    option("CHUNKS_LOOP_MAX_CPS", int(10, 10_000_000), "100000", "chunks looked at per second"),
    option("CHUNKS_LOOP_MIN_TIME", int(1, 7200), "300", "seconds for a walk over all chunks"),
    option("CHUNKS_SOFT_DEL_LIMIT", int(0, 100_000), "10", "concurrent deletions on a server"),
    option(
        "CHUNKS_HARD_DEL_LIMIT",
        int(0, 100_000),
        "25",
        "the same when many wait; not set: three times the soft limit",
    ),
    option(
        "CHUNKS_WRITE_REP_LIMIT",
        Kind::Four,
        "2,1,1,4",
        "copies a server receives at once: endangered, undergoal, rebalance, extreme rebalance",
    ),
    option("CHUNKS_READ_REP_LIMIT", Kind::Four, "10,5,2,5", "copies a server sends at once, same groups"),
    option("CS_HEAVY_LOAD_THRESHOLD", SECONDS, "150", "load from which a server counts as overloaded"),
    option(
        "CS_HEAVY_LOAD_RATIO_THRESHOLD",
        Kind::Real { min: 1.0, max: 1000.0 },
        "3.0",
        "and this many times the average",
    ),
    option("CS_HEAVY_LOAD_GRACE_PERIOD", SECONDS, "900", "seconds an overloaded server is spared"),
    option(
        "ACCEPTABLE_PERCENTAGE_DIFFERENCE",
        Kind::Real { min: 0.1, max: 10.0 },
        "1.0",
        "percent of difference in usage that is left alone",
    ),
    option("PRIORITY_QUEUES_LENGTH", int(10_000, 1_000_000_000), "1000000", "endangered chunks remembered"),
    option("CS_MAINTENANCE_MODE_TIMEOUT", SECONDS, "0", "seconds of maintenance mode, 0 is unlimited"),
    option(
        "CS_TEMP_MAINTENANCE_MODE_TIMEOUT",
        SECONDS,
        "1800",
        "seconds of maintenance mode after a server was stopped",
    ),
    option(
        "CS_DAYS_TO_REMOVE_UNUSED",
        int(0, 365),
        "7",
        "days after which an absent server without chunks is forgotten, 0 is never",
    ),
    option(
        "RESERVE_SPACE",
        Kind::Text,
        "0",
        "space hidden from clients: bytes, N%, N.NU (times the fullest server), N.NC (times the largest server)",
    ),
];

const CLIENTS: &[OptionDef] = &[
    option("SESSION_SUSTAIN_TIME", int(60, 604_800), "86400", "seconds a disconnected session lives"),
    option(
        "QUOTA_DEFAULT_GRACE_PERIOD",
        SECONDS,
        "604800",
        "seconds between exceeding a soft quota and being stopped",
    ),
    option(
        "ATIME_MODE",
        int(0, 4),
        "2",
        "0 always, 1 files only, 2 when older than a change or a day, 3 the same for files only, 4 never",
    ),
    option(
        "SUBSECOND_TIMES",
        Kind::Flag,
        "1",
        "keep times to the nanosecond (ElkFS only; stock ignores it, and loads what is written, to the second)",
    ),
    option("MAX_ALLOWED_HARD_LINKS", int(8, 65000), "32767", "names one file may have"),
    option(
        "INODE_REUSE_DELAY",
        int(300, 3_000_000),
        "86400",
        "seconds before a number of a deleted file is used again",
    ),
];

const OLD: &[OptionDef] = &[
    old("MATOCU_LISTEN_HOST", Kind::Host, "MATOCL_LISTEN_HOST"),
    old("MATOCU_LISTEN_PORT", Kind::Port, "MATOCL_LISTEN_PORT"),
    old("CHUNKS_LOOP_TIME", int(1, 7200), "CHUNKS_LOOP_MIN_TIME"),
    old("CHUNKS_DEL_LIMIT", int(0, 100_000), "CHUNKS_SOFT_DEL_LIMIT"),
    old("QUOTA_TIME_LIMIT", SECONDS, "QUOTA_DEFAULT_GRACE_PERIOD"),
    old("MATOML_LOG_PRESERVE_SECONDS", int(0, 15000), "CHANGELOG_PRESERVE_SECONDS"),
    // A fraction, not a percentage, so not just another name.
    option(
        "ACCEPTABLE_DIFFERENCE",
        Kind::Real { min: 0.001, max: 0.1 },
        "",
        "older form of ACCEPTABLE_PERCENTAGE_DIFFERENCE, as a fraction",
    ),
    no_meaning("REJECT_OLD_CLIENTS", "clients older than 3.0.117 are never served"),
];
