//! Options of every daemon (`spec/config-and-daemons.md` 3).

use super::{Kind, OptionDef, fixed, int, no_meaning, option};

const LEVELS: Kind = Kind::Word(&["DEBUG", "INFO", "NOTICE", "WARNING", "ERR"]);

/// The part every daemon's table begins with.
pub const COMMON: &[OptionDef] = &[
    fixed(
        "WORKING_USER",
        Kind::Text,
        "",
        "user to run as when started by root; #N is a numeric uid (default: mfs if it exists, else nobody)",
    ),
    fixed(
        "WORKING_GROUP",
        Kind::Text,
        "",
        "group to run as; #N is a numeric gid; empty: the user's own group",
    ),
    fixed("SYSLOG_IDENT", Kind::Text, "", "name in the system log; empty: the program's name"),
    fixed("LOCK_MEMORY", Kind::Flag, "0", "keep all memory of the process in RAM"),
    fixed("NICE_LEVEL", int(-20, 19), "-19", "scheduling priority; needs root"),
    fixed("FILE_UMASK", int(0, 0o777), "027", "mode bits taken from new files, ANDed with 077"),
    fixed("DATA_PATH", Kind::Path, "${DATA}", "where the daemon keeps its files; its working directory"),
    fixed(
        "DISABLE_OOM_KILLER",
        Kind::Flag,
        "1",
        "ask the kernel never to kill this process for memory; needs root",
    ),
    fixed(
        "LIMIT_GLIBC_MALLOC_ARENAS",
        int(0, 1024),
        "4",
        "arenas of the C library's allocator, 0 is no limit; MALLOC_ARENA_MAX in the environment wins",
    ),
    option("SYSLOG_MIN_LEVEL", LEVELS, "INFO", "least important level that is logged"),
    option("LOG_FILE", Kind::Path, "", "also log to this file (ElkFS only; stock ignores it)"),
    no_meaning("SYSLOG_ELEVATE_TO", "messages keep the level they have"),
    no_meaning("LOCK_FILE", "the lock has been in DATA_PATH since 1.6.9"),
];
