//! Settings of a chunkserver (`mfschunkserver.cfg`, `spec/wire-chunkserver.md` 5.2).

use chunkstore::Tunables;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Everything a chunkserver is told. Options that concern the process (user, locks, niceness, …) are the caller's.
#[derive(Debug, Clone)]
pub struct Config {
    /// DATA_PATH: where `chunkserverid.mfs` is.
    pub data_path: PathBuf,
    /// HDD_CONF_FILENAME.
    pub hdd_cfg: PathBuf,
    /// ALLOW_STARTING_WITH_INVALID_DISKS.
    pub allow_invalid_disks: bool,
    /// The HDD_* options.
    pub disks: Tunables,
    /// WORKERS_MAX: requests in work at once, 1 to 10,000. More are answered NOTDONE.
    pub workers_max: u32,
    /// WORKERS_MAX_IDLE: threads kept for orders of the master.
    pub workers_max_idle: u32,
    /// LABELS; bit 0 is A.
    pub labels: u32,
    /// BIND_HOST: address for the connection to the master; `*` is any.
    pub bind_host: String,
    /// MASTER_HOST.
    pub master_host: String,
    /// MASTER_PORT.
    pub master_port: u16,
    /// MASTER_TIMEOUT in seconds; 0 lets the master say.
    pub master_timeout: u16,
    /// MASTER_RECONNECTION_DELAY.
    pub reconnection_delay: Duration,
    /// REPLICATION_BUSY_SPEED: bytes per second of replication, in and out each, while clients are served; 0 is no
    /// limit.
    pub replication_busy_speed: u64,
    /// AUTH_CODE; empty is none.
    pub auth_code: String,
    /// CHUNKS_PER_REGISTER_PACKET, 1,000 to 100,000.
    pub chunks_per_packet: usize,
    /// CSSERV_LISTEN_HOST; `*` is any.
    pub listen_host: String,
    /// CSSERV_LISTEN_PORT; 0 lets the system choose one.
    pub listen_port: u16,
    /// What the configuration file says, for those who ask (GET_CONFIG). AUTH_CODE is never told.
    pub written: BTreeMap<String, String>,
}

impl Default for Config {
    /// Stock's defaults; paths below `/var/lib/mfs` and `/etc/mfs`.
    fn default() -> Self {
        Config {
            data_path: "/var/lib/mfs".into(),
            hdd_cfg: "/etc/mfs/mfshdd.cfg".into(),
            allow_invalid_disks: false,
            disks: Tunables::default(),
            workers_max: 250,
            workers_max_idle: 40,
            labels: 0,
            bind_host: "*".into(),
            master_host: "mfsmaster".into(),
            master_port: 9420,
            master_timeout: 0,
            reconnection_delay: Duration::from_secs(5),
            replication_busy_speed: 16 << 20,
            auth_code: String::new(),
            chunks_per_packet: 10_000,
            listen_host: "*".into(),
            listen_port: 9422,
            written: BTreeMap::new(),
        }
    }
}

/// LABELS as a mask: letters of any case between `,` or `;`. What is neither is reported in words.
pub fn parse_labels(text: &str) -> (u32, Vec<String>) {
    let (mut mask, mut problems) = (0, Vec::new());
    for label in text.split([',', ';']).map(str::trim).filter(|label| !label.is_empty()) {
        let bytes = label.as_bytes();
        if bytes.len() != 1 || !bytes[0].is_ascii_alphabetic() {
            problems.push(format!("{label:?} is no label (one letter, separated by commas)"));
            continue;
        }
        let bit = 1 << (bytes[0].to_ascii_uppercase() - b'A');
        if mask & bit != 0 {
            problems.push(format!("label {label} is there twice"));
        }
        mask |= bit;
    }
    (mask, problems)
}

#[cfg(test)]
mod tests {
    use super::parse_labels;

    #[test]
    fn labels() {
        assert_eq!(parse_labels(""), (0, vec![]));
        assert_eq!(parse_labels("A, c;Z"), (1 | 4 | 1 << 25, vec![]));
        let (mask, problems) = parse_labels("A,a,BC,1");
        assert_eq!((mask, problems.len()), (1, 3));
    }
}
