//! A chunkserver in the foreground, for this crate's own tests and measurements: reads the options it needs from
//! `-c FILE` and ends on SIGTERM. The real program is `elkfs`.

use anyhow::{Context, Result};
use chunkserver::Config;
use chunkstore::Durability;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

fn main() -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|a| a == "-c").context("-c FILE is missing")?;
    let file = arguments.get(at + 1).context("-c without a file")?;
    let text = std::fs::read_to_string(file).with_context(|| format!("read {file}"))?;
    let written: BTreeMap<String, String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let mut config = Config { written: written.clone(), ..Config::default() };
    for (name, value) in &written {
        match name.as_str() {
            "DATA_PATH" => config.data_path = value.into(),
            "HDD_CONF_FILENAME" => config.hdd_cfg = value.into(),
            "MASTER_HOST" => config.master_host = value.clone(),
            "MASTER_PORT" => config.master_port = value.parse()?,
            "BIND_HOST" => config.bind_host = value.clone(),
            "CSSERV_LISTEN_HOST" => config.listen_host = value.clone(),
            "CSSERV_LISTEN_PORT" => config.listen_port = value.parse()?,
            "MASTER_RECONNECTION_DELAY" => config.reconnection_delay = Duration::from_secs(value.parse()?),
            "LABELS" => config.labels = chunkserver::parse_labels(value).0,
            "AUTH_CODE" => config.auth_code = value.clone(),
            "HDD_FSYNC_BEFORE_CLOSE" if value == "0" => config.disks.durability = Durability::Never,
            "HDD_LEAVE_SPACE_DEFAULT" => {
                config.disks.leave_space =
                    chunkstore::parse_size(value).context("HDD_LEAVE_SPACE_DEFAULT")?;
            }
            _ => {}
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    chunkserver::run(config, &stop)
}
