//! What the master can be told (`mfsmaster.cfg`, `spec/config-and-daemons.md` 4).

use crate::journal::Durability;
use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::time::Duration;

/// Options with their types; [`Config::default`] holds stock's defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// `DATA_PATH`: images and changelogs.
    pub data_path: PathBuf,
    /// `EXPORTS_FILENAME`.
    pub exports_file: PathBuf,
    /// `TOPOLOGY_FILENAME`.
    pub topology_file: PathBuf,
    /// `MATOML_LISTEN_HOST` and `_PORT`: metaloggers.
    pub metalogger_address: SocketAddrV4,
    /// `MATOCS_LISTEN_HOST` and `_PORT`: chunkservers.
    pub chunkserver_address: SocketAddrV4,
    /// `MATOCL_LISTEN_HOST` and `_PORT`: clients.
    pub client_address: SocketAddrV4,
    /// `MATOCS_TIMEOUT`: a chunkserver that says nothing for this long is dropped, unless it asked otherwise.
    pub chunkserver_timeout: Duration,
    /// `AUTH_CODE`: what chunkservers must know.
    pub auth_code: Option<String>,
    /// `CHANGELOG_SAVE_MODE`.
    pub durability: Durability,
    /// `BACK_LOGS`: old changelogs kept.
    pub back_logs: u32,
    /// `METADATA_SAVE_FREQ`: hours between images.
    pub image_hours: u32,
    /// `BACK_META_KEEP_PREVIOUS`: old images kept.
    pub keep_images: u32,
    /// `CHANGELOG_PRESERVE_SECONDS`: how long lines stay in memory for metaloggers.
    pub changelog_preserve: Duration,
    /// `SESSION_SUSTAIN_TIME`: how long a disconnected session lives, seconds.
    pub session_sustain: u32,
    /// `ATIME_MODE`, 0 to 4.
    pub atime_mode: u8,
    /// `MAX_ALLOWED_HARD_LINKS`.
    pub max_hard_links: u32,
    /// `INODE_REUSE_DELAY`, seconds.
    pub inode_reuse_delay: u32,
    /// `QUOTA_DEFAULT_GRACE_PERIOD`, seconds.
    pub quota_grace: u32,
    /// Options about chunks and their copies.
    pub placement: placement::Options,
    /// `-a`: recover from whatever image and changelogs there are.
    pub recover: bool,
    /// `-i`: go on in spite of damage.
    pub ignore_errors: bool,
    /// `-x`: say more while recovering.
    pub verbose: u8,
    /// Options as the configuration file has them, for peers that ask (GET_CONFIG).
    pub texts: BTreeMap<String, String>,
}

impl Config {
    /// What the configuration file says of an option; none when it says nothing. The secret is not told to anybody.
    pub fn text_of(&self, option: &str) -> Option<String> {
        match option {
            "AUTH_CODE" => self.auth_code.as_ref().map(|_| "[DEFINED]".into()),
            _ => self.texts.get(option).cloned(),
        }
    }
}
