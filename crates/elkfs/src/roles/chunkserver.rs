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
        auth_code: config.text("AUTH_CODE").to_owned(),
        chunks_per_packet: config.number("CHUNKS_PER_REGISTER_PACKET"),
        listen_host: config.text("CSSERV_LISTEN_HOST").to_owned(),
        listen_port: config.port("CSSERV_LISTEN_PORT"),
        written: config.all_written().clone(),
    })
}

fn tunables(config: &daemon::Config) -> Tunables {
    let mib = (1_u64 << 20) as f64;
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
    Tunables {
        leave_space: config.size("HDD_LEAVE_SPACE_DEFAULT"),
        durability: if synced { Durability::SessionEnd } else { Durability::Never },
        sparsify: config.flag("HDD_SPARSIFY_ON_WRITE"),
        folder_spread: config.number("HDD_RR_CHUNK_COUNT"),
        keep_duplicates: Duration::from_secs(3600 * config.number::<u64>("HDD_KEEP_DUPLICATES_HOURS")),
        error_count: config.number("HDD_ERROR_TOLERANCE_COUNT"),
        error_period: config.seconds("HDD_ERROR_TOLERANCE_PERIOD"),
        test_speed: (speed * mib) as u64,
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

    #[test]
    fn every_option_arrives() {
        let text = "HDD_TEST_FREQ = 20\nHDD_FSYNC_BEFORE_CLOSE = 0\nMASTER_TIMEOUT = 3\nLABELS = A,C\n\
            HDD_FADVISE_MIN_TIME = -1\nHDD_LEAVE_SPACE_DEFAULT = 1GiB\nHDD_KEEP_DUPLICATES_HOURS = 2\n";
        let settings = settings(&parse(text)).unwrap();
        assert_eq!(settings.disks.test_speed, 1 << 19);
        assert_eq!(settings.disks.durability, Durability::Never);
        assert_eq!(settings.disks.fadvise_min_time, None);
        assert_eq!(settings.disks.leave_space, 1 << 30);
        assert_eq!(settings.disks.keep_duplicates, Duration::from_secs(7200));
        assert_eq!((settings.master_timeout, settings.labels), (10, 5));
        assert_eq!(settings.written["LABELS"], "A,C");
        let newer = tunables(&parse("HDD_TEST_FREQ = 20\nHDD_TEST_SPEED = 2.5\n"));
        assert_eq!(newer.test_speed, 5 << 19);
    }

    #[test]
    fn options_without_effect_are_named() {
        let config = parse("HDD_REBALANCE_UTILIZATION = 10\nLABELS = A\n");
        settings(&config).unwrap();
        assert_eq!(config.unused(), ["x.cfg, line 1: option HDD_REBALANCE_UTILIZATION has no effect here"]);
    }
}
