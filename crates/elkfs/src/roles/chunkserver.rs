//! `mfschunkserver`.

use anyhow::{Context as _, bail};
use chunkserver::Config;
use chunkstore::{Durability, Tunables};
use daemon::Context;
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

const PROGRAM: daemon::Program = daemon::Program {
    name: "mfschunkserver",
    options: daemon::options::CHUNKSERVER,
    open_files: 16_384,
    recovery: false,
    run,
    restore: None,
};

const MIB: f64 = (1_u64 << 20) as f64;

pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    daemon::main(&PROGRAM, args)
}

fn run(context: &mut Context) -> anyhow::Result<()> {
    let running = chunkserver::start(settings(&context.config)?)?;
    context.ready();
    loop {
        // Once a second also looks whether it has to give up.
        let pending = context.signals.wait(Duration::from_secs(1));
        if pending.terminate {
            tracing::info!("terminate signal received");
            running.stop();
            return Ok(());
        }
        if let Some(why) = running.failure() {
            running.stop();
            bail!(why);
        }
        if pending.reload {
            tracing::info!("reloading config files");
            let loaded = context.reload().context("configuration").and_then(|()| settings(&context.config));
            match loaded {
                Ok(settings) => running.reload(settings),
                Err(error) => tracing::error!("{error:#}; the old configuration stays"),
            }
        }
        if pending.info {
            let master =
                if running.is_registered() { "registered with the master" } else { "without a master" };
            tracing::info!("serving chunks on {}, {master}", running.addr());
        }
    }
}

/// `mfschunkserver.cfg` as the chunkserver wants it (`spec/wire-chunkserver.md` 5.2).
fn settings(config: &daemon::Config) -> anyhow::Result<Config> {
    let (labels, problems) = chunkserver::parse_labels(config.text("LABELS"));
    for problem in problems {
        tracing::warn!("{}: option LABELS: {problem}", config.file().display());
    }
    let timeout: u16 = config.number("MASTER_TIMEOUT");
    // The data port's address is checked now, so that a bad one is an error that names file and line.
    config.listen("CSSERV_LISTEN_HOST", "CSSERV_LISTEN_PORT").map_err(|problem| config.error(problem))?;
    config.local_ip("BIND_HOST").map_err(|problem| config.error(problem))?;
    Ok(Config {
        data_path: ".".into(),
        hdd_cfg: config.path("HDD_CONF_FILENAME"),
        allow_invalid_disks: config.flag("ALLOW_STARTING_WITH_INVALID_DISKS"),
        disks: tunables(config),
        workers_max: config.number("WORKERS_MAX"),
        workers_max_idle: config.number("WORKERS_MAX_IDLE"),
        labels,
        bind_host: config.text("BIND_HOST").to_owned(),
        master_host: config.text("MASTER_HOST").to_owned(),
        master_port: config.port("MASTER_PORT"),
        master_timeout: if timeout == 0 { 0 } else { timeout.max(10) },
        reconnection_delay: config.seconds("MASTER_RECONNECTION_DELAY"),
        replication_busy_speed: (config.real("REPLICATION_BUSY_SPEED") * MIB) as u64,
        auth_code: config.text("AUTH_CODE").to_owned(),
        chunks_per_packet: config.number("CHUNKS_PER_REGISTER_PACKET"),
        listen_host: config.text("CSSERV_LISTEN_HOST").to_owned(),
        listen_port: config.port("CSSERV_LISTEN_PORT"),
        written: config.all_written().clone(),
    })
}

fn tunables(config: &daemon::Config) -> Tunables {
    // The older option counts only when the newer one is absent.
    let speed = if config.is_set("HDD_TEST_SPEED") || !config.is_set("HDD_TEST_FREQ") {
        config.real("HDD_TEST_SPEED")
    } else {
        match config.int("HDD_TEST_FREQ") {
            0 => 0.0,
            seconds => 10.0 / seconds as f64,
        }
    };
    let synced = config.optional_int("HDD_FSYNC_BEFORE_CLOSE") != Some(0);
    let days: u64 = config.number("HDD_TEST_PASS_DAYS");
    Tunables {
        leave_space: config.size("HDD_LEAVE_SPACE_DEFAULT"),
        durability: if synced { Durability::SessionEnd } else { Durability::Never },
        sparsify: config.flag("HDD_SPARSIFY_ON_WRITE"),
        folder_spread: config.number("HDD_RR_CHUNK_COUNT"),
        keep_duplicates: Duration::from_secs(3600 * config.number::<u64>("HDD_KEEP_DUPLICATES_HOURS")),
        keep_damaged: Duration::from_secs(3600 * config.number::<u64>("HDD_KEEP_DAMAGED_HOURS")),
        move_percent: config.number("HDD_REBALANCE_UTILIZATION"),
        fast_moves: config.number("HDD_HIGH_SPEED_REBALANCE_LIMIT"),
        error_count: config.number("HDD_ERROR_TOLERANCE_COUNT"),
        error_period: config.seconds("HDD_ERROR_TOLERANCE_PERIOD"),
        test_speed: (speed * MIB) as u64,
        test_pass: (days > 0).then(|| Duration::from_secs(86_400 * days)),
        min_test_interval: config.seconds("HDD_MIN_TEST_INTERVAL"),
        fadvise_min_time: u64::try_from(config.int("HDD_FADVISE_MIN_TIME")).ok().map(Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon::Layout;
    use std::path::Path;

    fn parse(text: &str) -> daemon::Config {
        let layout = Layout::new("/etc/mfs".into(), "/var/lib/mfs".into());
        daemon::Config::parse(text.as_bytes(), Path::new("x.cfg"), PROGRAM.options, &layout).unwrap()
    }

    #[test]
    fn defaults() {
        let settings = settings(&parse("")).unwrap();
        assert_eq!(settings.hdd_cfg, Path::new("/etc/mfs/mfshdd.cfg"));
        assert_eq!(settings.disks.test_speed, 1 << 20);
        assert_eq!(settings.disks.durability, Durability::SessionEnd);
    }

    /// An option, a value that is not its default, and what it must show as; `None` in the end: obeyed elsewhere.
    type Row = (&'static str, &'static str, fn(&Config) -> String);

    fn show(value: impl std::fmt::Debug) -> String {
        format!("{value:?}")
    }

    const DISKS: &[(Row, &str)] = &[
        (("HDD_CONF_FILENAME", "/x/hdd.cfg", |c| show(&c.hdd_cfg)), "\"/x/hdd.cfg\""),
        (("HDD_TEST_SPEED", "2.5", |c| show(c.disks.test_speed)), "2621440"),
        (("HDD_TEST_FREQ", "20", |c| show(c.disks.test_speed)), "524288"),
        (("HDD_TEST_PASS_DAYS", "0", |c| show(c.disks.test_pass)), "None"),
        (("HDD_MIN_TEST_INTERVAL", "77", |c| show(c.disks.min_test_interval)), "77s"),
        (("HDD_FADVISE_MIN_TIME", "-1", |c| show(c.disks.fadvise_min_time)), "None"),
        (("HDD_LEAVE_SPACE_DEFAULT", "1GiB", |c| show(c.disks.leave_space)), "1073741824"),
        (("HDD_REBALANCE_UTILIZATION", "55", |c| show(c.disks.move_percent)), "55"),
        (("HDD_HIGH_SPEED_REBALANCE_LIMIT", "7", |c| show(c.disks.fast_moves)), "7"),
        (("HDD_ERROR_TOLERANCE_COUNT", "9", |c| show(c.disks.error_count)), "9"),
        (("HDD_ERROR_TOLERANCE_PERIOD", "60", |c| show(c.disks.error_period)), "60s"),
        (("HDD_FSYNC_BEFORE_CLOSE", "0", |c| show(c.disks.durability)), "Never"),
        (("HDD_SPARSIFY_ON_WRITE", "0", |c| show(c.disks.sparsify)), "false"),
        (("HDD_RR_CHUNK_COUNT", "12", |c| show(c.disks.folder_spread)), "12"),
        (("HDD_KEEP_DUPLICATES_HOURS", "2", |c| show(c.disks.keep_duplicates)), "7200s"),
        (("HDD_KEEP_DAMAGED_HOURS", "1", |c| show(c.disks.keep_damaged)), "3600s"),
        (("ALLOW_STARTING_WITH_INVALID_DISKS", "1", |c| show(c.allow_invalid_disks)), "true"),
    ];

    const NETWORK: &[(Row, &str)] = &[
        (("WORKERS_MAX", "99", |c| show(c.workers_max)), "99"),
        (("WORKERS_MAX_IDLE", "3", |c| show(c.workers_max_idle)), "3"),
        (("LABELS", "A,C", |c| show(c.labels)), "5"),
        (("BIND_HOST", "10.0.0.1", |c| show(&c.bind_host)), "\"10.0.0.1\""),
        (("MASTER_HOST", "there", |c| show(&c.master_host)), "\"there\""),
        (("MASTER_PORT", "1", |c| show(c.master_port)), "1"),
        (("MASTER_TIMEOUT", "3", |c| show(c.master_timeout)), "10"),
        (("MASTER_RECONNECTION_DELAY", "6", |c| show(c.reconnection_delay)), "6s"),
        (("REPLICATION_BUSY_SPEED", "0.5", |c| show(c.replication_busy_speed)), "524288"),
        (("AUTH_CODE", "secret", |c| show(&c.auth_code)), "\"secret\""),
        (("CHUNKS_PER_REGISTER_PACKET", "1234", |c| show(c.chunks_per_packet)), "1234"),
        (("CSSERV_LISTEN_HOST", "127.0.0.1", |c| show(&c.listen_host)), "\"127.0.0.1\""),
        (("CSSERV_LISTEN_PORT", "7", |c| show(c.listen_port)), "7"),
    ];

    #[test]
    fn every_option_arrives() {
        let default = settings(&parse("")).unwrap();
        let rows = || DISKS.iter().chain(NETWORK);
        for ((name, value, get), want) in rows() {
            let config = parse(&format!("{name} = {value}\n"));
            let settings = settings(&config).unwrap();
            assert_eq!(get(&settings), *want, "{name}");
            assert_ne!(get(&default), *want, "{name}: the value must not be the default");
            assert_eq!(settings.written[*name], *value);
            assert!(config.unused().is_empty(), "{name}: {:?}", config.unused());
        }
        // Every option that is not common to all daemons has its row.
        let common: Vec<_> = daemon::options::COMMON.iter().map(|option| option.name).collect();
        for option in PROGRAM.options.iter().copied().flatten().filter(|o| !common.contains(&o.name)) {
            assert!(rows().any(|((name, ..), _)| *name == option.name), "{} has no test", option.name);
        }
        let newer = tunables(&parse("HDD_TEST_FREQ = 20\nHDD_TEST_SPEED = 2.5\n"));
        assert_eq!(newer.test_speed, 5 << 19);
    }
}
