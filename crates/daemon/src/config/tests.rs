//! Every option of every daemon is known, and reads as stock reads it.

use super::*;
use crate::options::{CHUNKSERVER, Effect, Kind, MASTER, METALOGGER};

fn layout() -> Layout {
    Layout::new("/etc/mfs".into(), "/var/lib/mfs".into())
}

fn master(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text.as_bytes(), Path::new("/x/mfsmaster.cfg"), MASTER, &layout())
}

fn good(text: &str) -> Config {
    master(text).unwrap()
}

#[test]
fn defaults_of_every_daemon_are_valid() {
    for tables in [MASTER, METALOGGER, CHUNKSERVER] {
        let config = Config::parse(b"", Path::new("x"), tables, &layout()).unwrap();
        assert!(config.warnings().is_empty());
        assert!(config.unused().is_empty());
        assert_eq!(config.text("DATA_PATH"), "/var/lib/mfs");
        assert_eq!(config.int("FILE_UMASK"), 0o27);
    }
    assert_eq!(good("").text("EXPORTS_FILENAME"), "/etc/mfs/mfsexports.cfg");
    assert_eq!(good("").four("CHUNKS_WRITE_REP_LIMIT"), [2.0, 1.0, 1.0, 4.0]);
    assert_eq!(good("").optional_int("REMAP_BITS"), None);
}

#[test]
fn lines() {
    let config = good(
        "# BACK_LOGS = 1\n\n  BACK_LOGS\t=  12  \r\nAUTH_CODE= a # b = c\nMATOCL_LISTEN_PORT=9521\nBACK_LOGS=13",
    );
    assert_eq!(config.int("BACK_LOGS"), 13, "the last one wins");
    assert_eq!(config.line("BACK_LOGS"), Some(6));
    assert_eq!(config.text("AUTH_CODE"), "a # b = c", "no comments behind values");
    assert_eq!(config.port("MATOCL_LISTEN_PORT"), 9521);
    assert!(config.warnings().is_empty());
    assert!(good("DATA_PATH = /数据/mfs").path("DATA_PATH").ends_with("数据/mfs"));
}

#[test]
fn nothing_is_ignored_silently() {
    let config = good(" # BACK_LOGS = 3\nNONSENSE\nNO_SUCH = 1\nREJECT_OLD_CLIENTS = 1\nBACK_LOGS = 7\n");
    let warnings = config.warnings().join("\n");
    for part in [
        "/x/mfsmaster.cfg, line 1: bad definition",
        "line 2: bad definition",
        "line 3: unknown option NO_SUCH",
        "line 4: option REJECT_OLD_CLIENTS has no meaning here",
    ] {
        assert!(warnings.contains(part), "{part} in {warnings}");
    }
    assert_eq!(config.unused(), ["/x/mfsmaster.cfg, line 5: option BACK_LOGS has no effect here"]);
    config.int("BACK_LOGS");
    assert!(config.unused().is_empty());
}

/// Every option that does not belong to a daemon's obeyed ones warns; every obeyed one can be read.
#[test]
fn every_option_is_obeyed_or_warned_about() {
    for tables in [MASTER, METALOGGER, CHUNKSERVER] {
        for def in tables.iter().flat_map(|part| part.iter()) {
            let value = if def.default.is_empty() { "1" } else { &layout().expand(def.default) };
            let text = format!("{} = {value}", def.name);
            let parsed = Config::parse(text.as_bytes(), Path::new("x"), tables, &layout());
            if let Kind::Word(_) = def.kind {
                continue;
            }
            let config = parsed.unwrap();
            match def.effect {
                Effect::Obeyed => assert!(config.is_set(def.name)),
                Effect::OldName(of) => assert!(config.is_set(of), "{} sets {of}", def.name),
                Effect::NoMeaning(_) => assert!(config.warnings()[0].contains(def.name)),
            }
        }
    }
}

#[test]
fn numbers() {
    assert_eq!(parse_int("0x1f rest"), Some((31, " rest")));
    assert_eq!(parse_int("027"), Some((23, "")));
    assert_eq!(parse_int("-5"), Some((-5, "")));
    assert_eq!(parse_int("0"), Some((0, "")));
    assert_eq!(parse_int("99999999999999999999"), Some((i64::MAX, "")));
    assert_eq!(parse_int("x"), None);
    assert_eq!(parse_int(""), None);
    let config = good("BACK_LOGS = 24 # one a day\nMATOCS_TIMEOUT = 5\nNICE_LEVEL = 010");
    assert_eq!(config.int("BACK_LOGS"), 24);
    assert_eq!(config.int("MATOCS_TIMEOUT"), 10);
    assert_eq!(config.int("NICE_LEVEL"), 8);
    assert!(config.warnings().iter().any(|w| w.contains("MATOCS_TIMEOUT: 5 is out of range, using 10")));
    assert!(config.warnings().iter().any(|w| w.contains("'# one a day' after the number is ignored")));
}

#[test]
fn bad_values_name_file_line_option_and_what_is_allowed() {
    let error = master(
        "\nBACK_LOGS = many\nMATOCL_LISTEN_PORT = 70000\nCHUNKS_READ_REP_LIMIT = 1,2\nNICE_LEVEL = 09",
    )
    .unwrap_err()
    .to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(
        lines[0],
        "/x/mfsmaster.cfg, line 2: option BACK_LOGS: 'many' is no number; allowed: a whole number from 0 to 1000"
    );
    assert!(lines[1].starts_with("/x/mfsmaster.cfg, line 3: option MATOCL_LISTEN_PORT: '70000' is no port"));
    assert!(lines[2].contains("four numbers"));
    assert!(lines[3].contains("octal"));
    assert_eq!(lines.len(), 4);
}

#[test]
fn old_names() {
    let config = good("MATOCU_LISTEN_PORT = 1234\nCHUNKS_LOOP_TIME = 60\nCHUNKS_LOOP_MIN_TIME = 70");
    assert_eq!(config.port("MATOCL_LISTEN_PORT"), 1234);
    assert_eq!(config.int("CHUNKS_LOOP_MIN_TIME"), 70);
    assert!(config.warnings()[0].contains("CHUNKS_LOOP_TIME is ignored because CHUNKS_LOOP_MIN_TIME is set"));
    let error = master("MATOCU_LISTEN_PORT = x").unwrap_err().to_string();
    assert!(error.contains("option MATOCU_LISTEN_PORT"));
}

#[test]
fn sizes() {
    for (text, bytes) in [
        ("0", 0),
        ("4096", 4096),
        ("4096B", 4096),
        ("256MiB", 256 << 20),
        ("1.5Gi", 3 << 29),
        (".5k", 500),
        ("2TB", 2_000_000_000_000),
        ("1E", 1_000_000_000_000_000_000),
    ] {
        assert_eq!(parse_size(text), Some(bytes), "{text}");
    }
    for bad in ["", ".", "MiB", "1K", "1ki", "1.2.3M", "-5", "20Ei", "5 apples", "1i"] {
        assert_eq!(parse_size(bad), None, "{bad}");
    }
}

#[test]
fn reload_keeps_the_old_and_tells_what_needs_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mfsmaster.cfg");
    std::fs::write(&file, "BACK_LOGS = 10\nDATA_PATH = /a\n").unwrap();
    let old = Config::load(&file, MASTER, &layout()).unwrap();
    std::fs::write(&file, "BACK_LOGS = 20\nDATA_PATH = /b\n").unwrap();
    let new = old.reload().unwrap();
    assert_eq!((old.int("BACK_LOGS"), new.int("BACK_LOGS")), (10, 20));
    assert_eq!(new.needs_restart(&old), ["DATA_PATH"]);
    std::fs::write(&file, "BACK_LOGS = ?\n").unwrap();
    assert!(matches!(old.reload(), Err(ConfigError::Invalid { .. })));
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(old.reload(), Err(ConfigError::Unreadable { .. })));
}
