//! Options of `mfsmetalogger.cfg` (`spec/config-and-daemons.md` 6).

use super::common::COMMON;
use super::{Kind, OptionDef, int, option};

/// All of `mfsmetalogger.cfg`.
pub const METALOGGER: &[&[OptionDef]] = &[COMMON, OWN];

const OWN: &[OptionDef] = &[
    option("BACK_LOGS", int(5, 10000), "50", "rotated changelogs kept; keep it equal to the master's"),
    option("BACK_META_KEEP_PREVIOUS", int(0, 99), "3", "previous images kept"),
    option(
        "META_DOWNLOAD_FREQ",
        int(0, 5000),
        "24",
        "hours between downloads of the image, at most BACK_LOGS/2; 0 is never",
    ),
    option(
        "META_DOWNLOAD_AT_ONCE",
        Kind::Flag,
        "1",
        "download at once whenever no good image is held, and retry soon when it fails; 0 waits for the next scheduled time (ElkFS only)",
    ),
    option("MASTER_RECONNECTION_DELAY", int(1, 65535), "5", "seconds between attempts to reach the master"),
    option("BIND_HOST", Kind::Host, "*", "local address for the connection to the master"),
    option("MASTER_HOST", Kind::Host, "mfsmaster", "name or address of the master"),
    option("MASTER_PORT", Kind::Port, "9419", "the master's port for metaloggers"),
    option(
        "MASTER_TIMEOUT",
        int(10, 65535),
        "10",
        "seconds of silence after which the connection is given up",
    ),
];
