//! What `mfsmetalogger.cfg` says (`spec/config-and-daemons.md` 6).

use anyhow::Context;
use daemon::Config;
use std::net::Ipv4Addr;
use std::time::Duration;

/// The options, with limits that depend on each other applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `MASTER_HOST`.
    pub master_host: String,
    /// `MASTER_PORT`.
    pub master_port: u16,
    /// `BIND_HOST`.
    pub bind: Ipv4Addr,
    /// `MASTER_TIMEOUT`, whole seconds.
    pub timeout: Duration,
    /// `MASTER_RECONNECTION_DELAY`.
    pub reconnect: Duration,
    /// `BACK_LOGS`: rotated changelogs kept.
    pub back_logs: u32,
    /// `BACK_META_KEEP_PREVIOUS`: previous images kept.
    pub keep_images: u32,
    /// `META_DOWNLOAD_FREQ`: hours between downloads, 0 is never.
    pub download_hours: u32,
    /// `META_DOWNLOAD_AT_ONCE`.
    pub at_once: bool,
}

impl Settings {
    /// Reads them.
    pub fn new(config: &Config) -> anyhow::Result<Settings> {
        let back_logs: u32 = config.number("BACK_LOGS");
        let wanted: u32 = config.number("META_DOWNLOAD_FREQ");
        let download_hours = wanted.min(back_logs / 2);
        if download_hours < wanted && config.is_set("META_DOWNLOAD_FREQ") {
            tracing::warn!(
                "META_DOWNLOAD_FREQ = {wanted} is more than half of BACK_LOGS = {back_logs}, using {download_hours}"
            );
        }
        Ok(Settings {
            master_host: config.text("MASTER_HOST").to_owned(),
            master_port: config.port("MASTER_PORT"),
            bind: config
                .local_ip("BIND_HOST")
                .map_err(|problem| config.error(problem))
                .context("BIND_HOST")?,
            timeout: config.seconds("MASTER_TIMEOUT"),
            reconnect: config.seconds("MASTER_RECONNECTION_DELAY"),
            back_logs,
            keep_images: config.number("BACK_META_KEEP_PREVIOUS"),
            download_hours,
            at_once: config.flag("META_DOWNLOAD_AT_ONCE"),
        })
    }
}
