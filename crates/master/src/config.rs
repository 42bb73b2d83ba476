//! What the master can be told (`mfsmaster.cfg`, `spec/config-and-daemons.md` 4).

use crate::cs::Remap;
use crate::journal::Durability;
use daemon::{Problem, Recovery};
use placement::{Options, RepLimits, UniqueMode};
use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Options with their types.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// `EXPORTS_FILENAME`.
    pub(crate) exports_file: PathBuf,
    /// `TOPOLOGY_FILENAME`.
    pub(crate) topology_file: PathBuf,
    /// `MATOML_LISTEN_HOST` and `_PORT`: metaloggers.
    pub(crate) metalogger_address: SocketAddrV4,
    /// `MATOCS_LISTEN_HOST` and `_PORT`: chunkservers.
    pub(crate) chunkserver_address: SocketAddrV4,
    /// `MATOCL_LISTEN_HOST` and `_PORT`: clients.
    pub(crate) client_address: SocketAddrV4,
    /// `MATOCS_TIMEOUT`: a chunkserver that says nothing for this long is dropped, unless it asked otherwise.
    pub(crate) chunkserver_timeout: Duration,
    /// `AUTH_CODE`: what chunkservers must know.
    pub(crate) auth_code: Option<String>,
    /// `REMAP_*`: chunkservers' addresses as clients are told them.
    pub(crate) remap: Option<Remap>,
    /// `CHANGELOG_SAVE_MODE`.
    pub(crate) durability: Durability,
    /// `BACK_LOGS`: old changelogs kept.
    pub(crate) back_logs: u32,
    /// `METADATA_SAVE_FREQ`: hours between images.
    pub(crate) image_hours: u32,
    /// `BACK_META_KEEP_PREVIOUS`: old images kept.
    pub(crate) keep_images: u32,
    /// `CHANGELOG_PRESERVE_SECONDS`: how long lines stay in memory for metaloggers.
    pub(crate) changelog_preserve: Duration,
    /// `SESSION_SUSTAIN_TIME`: how long a disconnected session lives, seconds.
    pub(crate) session_sustain: u32,
    /// `ATIME_MODE`, 0 to 4.
    pub(crate) atime_mode: u8,
    /// `SUBSECOND_TIMES`: times are kept to the nanosecond.
    pub(crate) subsecond_times: bool,
    /// `MAX_ALLOWED_HARD_LINKS`.
    pub(crate) max_hard_links: u32,
    /// `INODE_REUSE_DELAY`, seconds.
    pub(crate) inode_reuse_delay: u32,
    /// `QUOTA_DEFAULT_GRACE_PERIOD`, seconds.
    pub(crate) quota_grace: u32,
    /// Options about chunks and their copies.
    pub(crate) placement: Options,
    /// `-a`, `-i`, `-x`.
    pub(crate) recovery: Recovery,
    source: Arc<daemon::Config>,
}

impl Config {
    /// Takes the options from the file. The error names the option.
    pub(crate) fn new(cfg: &Arc<daemon::Config>, recovery: Recovery) -> Result<Config, Problem> {
        let back_logs = cfg.number("BACK_LOGS");
        Ok(Config {
            exports_file: cfg.path("EXPORTS_FILENAME"),
            topology_file: cfg.path("TOPOLOGY_FILENAME"),
            metalogger_address: cfg.listen("MATOML_LISTEN_HOST", "MATOML_LISTEN_PORT")?,
            chunkserver_address: cfg.listen("MATOCS_LISTEN_HOST", "MATOCS_LISTEN_PORT")?,
            client_address: cfg.listen("MATOCL_LISTEN_HOST", "MATOCL_LISTEN_PORT")?,
            chunkserver_timeout: cfg.seconds("MATOCS_TIMEOUT"),
            auth_code: cfg.optional("AUTH_CODE").map(str::to_owned),
            remap: remap(cfg)?,
            durability: durability(cfg),
            back_logs,
            image_hours: cfg.number::<u32>("METADATA_SAVE_FREQ").min((back_logs / 2).max(1)),
            keep_images: cfg.number("BACK_META_KEEP_PREVIOUS"),
            changelog_preserve: cfg.seconds("CHANGELOG_PRESERVE_SECONDS"),
            session_sustain: cfg.number("SESSION_SUSTAIN_TIME"),
            atime_mode: cfg.number("ATIME_MODE"),
            subsecond_times: cfg.flag("SUBSECOND_TIMES"),
            max_hard_links: cfg.number("MAX_ALLOWED_HARD_LINKS"),
            inode_reuse_delay: cfg.number("INODE_REUSE_DELAY"),
            quota_grace: cfg.number("QUOTA_DEFAULT_GRACE_PERIOD"),
            placement: placement_options(cfg)?,
            recovery,
            source: cfg.clone(),
        })
    }

    /// How careful to be at the start.
    pub(crate) fn recovery_rules(&self) -> recovery::Rules {
        let given = &self.recovery;
        recovery::Rules {
            recover: given.recover,
            ignore_errors: given.ignore_errors,
            verbose: given.verbose,
            ..recovery::Rules::default()
        }
    }

    /// What the configuration file says of an option; none when it says nothing. The secret is not told to anybody.
    pub(crate) fn text_of(&self, option: &str) -> Option<String> {
        match option {
            "AUTH_CODE" => self.auth_code.as_ref().map(|_| "[DEFINED]".into()),
            _ => self.source.written(option),
        }
    }
}

/// Not set means what 2 means: nothing is acknowledged before it is on disk.
fn durability(cfg: &daemon::Config) -> Durability {
    match cfg.optional_int("CHANGELOG_SAVE_MODE") {
        Some(0) => Durability::Background,
        Some(1) => Durability::Written,
        _ => Durability::Synced,
    }
}

fn remap(cfg: &daemon::Config) -> Result<Option<Remap>, Problem> {
    let names = ["REMAP_SOURCE_IP_CLASS", "REMAP_DESTINATION_IP_CLASS"];
    let [source, destination] = names.map(|name| cfg.optional(name));
    let (Some(bits), Some(source), Some(destination)) = (cfg.optional_int("REMAP_BITS"), source, destination)
    else {
        return Ok(None);
    };
    let ip = |name: &str, text: &str| {
        text.parse().map_err(|_| Problem {
            line: cfg.line(name),
            option: name.into(),
            message: format!("'{text}' is no IPv4 address"),
            allowed: "an IPv4 address such as 10.1.0.0".into(),
        })
    };
    let bits = u32::try_from(bits).unwrap_or(24);
    Ok(Some(Remap::new(bits, ip(names[0], source)?, ip(names[1], destination)?)))
}

fn placement_options(cfg: &daemon::Config) -> Result<Options, Problem> {
    let soft: u32 = cfg.number("CHUNKS_SOFT_DEL_LIMIT");
    let hard_set = cfg.is_set("CHUNKS_HARD_DEL_LIMIT");
    let hard = if hard_set { cfg.number("CHUNKS_HARD_DEL_LIMIT") } else { soft.saturating_mul(3) };
    let difference = cfg.optional_real("ACCEPTABLE_DIFFERENCE");
    let reserve = cfg.text("RESERVE_SPACE");
    Ok(Options {
        delay_init_ms: cfg.number::<u64>("REPLICATIONS_DELAY_INIT") * 1000,
        delay_disconnect_ms: cfg.number::<u64>("REPLICATIONS_DELAY_DISCONNECT") * 1000,
        quarantine_s: cfg.number("CHUNKS_QUARANTINE_TIME"),
        loop_min_time_s: cfg.number("CHUNKS_LOOP_MIN_TIME"),
        loop_max_cps: cfg.number("CHUNKS_LOOP_MAX_CPS"),
        soft_delete_limit: soft,
        hard_delete_limit: hard,
        write_limits: RepLimits(cfg.four("CHUNKS_WRITE_REP_LIMIT")),
        read_limits: RepLimits(cfg.four("CHUNKS_READ_REP_LIMIT")),
        unique_mode: match cfg.int("CHUNKS_UNIQUE_MODE") {
            1 => UniqueMode::Ip,
            2 => UniqueMode::Rack,
            _ => UniqueMode::Server,
        },
        creations_respect_topology: cfg.number("CREATIONS_RESPECT_TOPOLOGY"),
        replications_respect_topology: cfg.number("REPLICATIONS_RESPECT_TOPOLOGY"),
        acceptable_difference: difference
            .unwrap_or_else(|| cfg.real("ACCEPTABLE_PERCENTAGE_DIFFERENCE") / 100.0),
        queue_length: cfg.number("PRIORITY_QUEUES_LENGTH"),
        heavy_load_threshold: cfg.number("CS_HEAVY_LOAD_THRESHOLD"),
        heavy_load_ratio: cfg.real("CS_HEAVY_LOAD_RATIO_THRESHOLD"),
        heavy_load_grace_s: cfg.number("CS_HEAVY_LOAD_GRACE_PERIOD"),
        maintenance_timeout_s: cfg.number("CS_MAINTENANCE_MODE_TIMEOUT"),
        temp_maintenance_timeout_s: cfg.number("CS_TEMP_MAINTENANCE_MODE_TIMEOUT"),
        days_to_remove_unused: cfg.number("CS_DAYS_TO_REMOVE_UNUSED"),
        reserve_space: reserve.parse().map_err(|()| Problem {
            line: cfg.line("RESERVE_SPACE"),
            option: "RESERVE_SPACE".into(),
            message: format!("'{reserve}' is no amount of space"),
            allowed: "bytes with a unit (100GiB), N%, N.NU or N.NC".into(),
        })?,
    })
}
