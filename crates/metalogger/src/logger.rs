//! The metalogger's state and what each packet does to it.

mod fetch;

use crate::download::Download;
use crate::link::Link;
use crate::logs::{Fit, Logs};
use crate::own_files::{back_name, covers, log_name};
use crate::schedule::Schedule;
use crate::{Settings, generations, verify};
use anyhow::{Context, bail};
use ondisk::image::Header;
use proto::Direction;
use proto::health::OFFER;
use proto::metalogger::{
    ChangeLogEvent, DownloadFile, DownloadInfo, GetVersion, MatoMl, MlRegister, MlRegisterPacket, MlState,
    MlStatePacket,
};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use types::OUR_VERSION;

/// How often gathered lines are made durable, at most.
const SYNC: Duration = Duration::from_secs(1);

/// Everything but the connection.
pub(crate) struct Logger {
    dir: PathBuf,
    settings: Settings,
    logs: Logs,
    schedule: Schedule,
    /// Hourly, for as long as only the empty image of a new file system is held.
    hourly: Schedule,
    image: Option<Header>,
    /// The image and the changelogs held lead to the last change without a hole.
    complete: bool,
    download: Option<Download>,
    /// An image that arrived and is being read through.
    check: Option<Receiver<anyhow::Result<Header>>>,
    last_sync: Instant,
    lag: Lag,
    /// What the master was told last; none while it is not known to be ours.
    told: Option<Option<MlState>>,
}

/// How far behind the master's clock changes arrived.
#[derive(Debug, Default)]
struct Lag {
    /// Of the last change, seconds.
    last: u64,
    /// The largest since the last report.
    largest: u64,
    /// Changes since the last report.
    changes: u64,
}

impl Logger {
    /// Looks at what an earlier run has left in `dir`.
    pub(crate) fn open(dir: &Path, settings: Settings) -> anyhow::Result<Logger> {
        remove_temporaries(dir);
        for number in [0, 1] {
            verify::changelog(&dir.join(back_name(number))).context("can't repair a downloaded changelog")?;
        }
        let logs = Logs::open(dir).with_context(|| format!("can't read {}", log_name(0)))?;
        let image = generations::newest(dir);
        let unix = unix_now();
        let mut logger = Logger {
            dir: dir.to_owned(),
            schedule: Schedule::new(settings.download_hours, unix),
            hourly: Schedule::new(1, unix),
            settings,
            logs,
            image,
            complete: false,
            download: None,
            check: None,
            last_sync: Instant::now(),
            lag: Lag::default(),
            told: None,
        };
        logger.complete = logger.is_complete()?;
        match logger.image {
            Some(image) if logger.complete => tracing::info!(
                "image of version {} and changes up to {} are held",
                image.version,
                logger.logs.last()
            ),
            Some(image) => {
                tracing::info!("image of version {} is held, but not all changes since", image.version)
            }
            None => tracing::info!("no image is held yet"),
        }
        Ok(logger)
    }

    pub(crate) fn last_change(&self) -> u64 {
        self.logs.last()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Applies another configuration.
    pub(crate) fn reload(&mut self, settings: Settings) {
        if settings.download_hours != self.settings.download_hours {
            self.schedule.set(settings.download_hours, unix_now());
        }
        self.settings = settings;
    }

    /// True when a recovery with the files held would get everything up to the last change.
    fn is_complete(&self) -> anyhow::Result<bool> {
        let Some(image) = self.image else { return Ok(false) };
        Ok(self.logs.last() > 0
            && covers(&self.dir, image.version, self.logs.last()).context("can't read changelogs")?)
    }

    /// What to say first on a new connection.
    pub(crate) fn register(&mut self, link: &mut Link) -> anyhow::Result<()> {
        let first = (self.logs.last() > 0).then(|| self.logs.last() + 1);
        let timeout = u16::try_from(self.settings.timeout.as_secs()).unwrap_or(u16::MAX);
        link.send(&MlRegisterPacket { request: MlRegister { version: OUR_VERSION, timeout, first } })?;
        match first {
            Some(first) => tracing::info!("registered; changes wanted from {first} on"),
            None => tracing::info!("registered; all changes from now on wanted"),
        }
        // Only our own master wants to know how we are; a stock one would close the connection.
        self.told = None;
        link.send(&GetVersion { msgid: None })
    }

    /// The connection is gone.
    pub(crate) fn disconnected(&mut self) {
        if let Err(error) = self.logs.sync() {
            tracing::error!("can't write {}: {error}", log_name(0));
        }
        self.download = None;
        self.check = None;
        self.schedule.reconnected();
        remove_temporaries(&self.dir);
    }

    /// How long the connection may be left alone.
    pub(crate) fn patience(&self) -> Duration {
        if self.check.is_some() { Duration::from_millis(50) } else { Duration::from_millis(500) }
    }

    /// What the clock asks for.
    pub(crate) fn tick(&mut self, link: &mut Link) -> anyhow::Result<()> {
        self.flush()?;
        self.checked(link)?;
        self.tell_state(link)?;
        if self.download.is_none() {
            let (unix, now) = (unix_now(), Instant::now());
            let at_once = self.settings.at_once;
            let empty = self.image == Some(Header::EMPTY);
            let missing = self.image.is_none() || !self.complete;
            let due = self.schedule.is_due(unix, now, missing, at_once);
            // A new file system's first real image is written at the next full hour.
            let first_image = self.hourly.is_due(unix, now, false, false) && empty && at_once;
            if !empty {
                self.hourly.succeeded();
            }
            if due || first_image {
                self.begin(link, DownloadFile::Metadata)?;
            }
        }
        Ok(())
    }

    /// Writes lines, and syncs them now and then.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        let result = if self.last_sync.elapsed() >= SYNC {
            self.last_sync = Instant::now();
            self.logs.sync()
        } else {
            self.logs.write()
        };
        result.with_context(|| {
            format!(
                "can't write {}: make room or repair the disk; the master is asked again for what is missing",
                log_name(0)
            )
        })
    }

    /// Takes one packet of the master.
    pub(crate) fn packet(&mut self, link: &mut Link, id: u32, body: &[u8]) -> anyhow::Result<()> {
        match MatoMl::decode(id, body)? {
            MatoMl::MetaChangesLog(packet) => match packet.event {
                ChangeLogEvent::Change { number, text } => self.change(number, text),
                ChangeLogEvent::Rotate => {
                    self.logs.rotate(self.settings.back_logs).context("can't rotate changelogs")?;
                    self.report();
                    Ok(())
                }
            },
            MatoMl::VersionInfo(packet) => {
                if packet.info.text.0.windows(OFFER.len()).any(|word| word == OFFER.as_bytes()) {
                    self.told = Some(None);
                }
                Ok(())
            }
            MatoMl::DownloadInfoPacket(packet) => {
                let Some(download) = &mut self.download else {
                    bail!("download information that nobody asked for")
                };
                match packet.info {
                    DownloadInfo::Error(_) => {
                        self.failed("download start error");
                        Ok(())
                    }
                    DownloadInfo::Size(size) => {
                        let next = download.opened(&self.dir, size);
                        self.go_on(link, next)
                    }
                }
            }
            MatoMl::DownloadData(packet) => {
                let Some(download) = &mut self.download else { bail!("a block that nobody asked for") };
                let next = download.block(packet.offset, packet.block);
                self.go_on(link, next)
            }
            _ => Ok(()),
        }
    }

    fn change(&mut self, number: u64, text: &[u8]) -> anyhow::Result<()> {
        match self.logs.fit(number) {
            Fit::Next => {}
            Fit::Hole { from, to } => {
                tracing::warn!("some changes lost: [{from}-{to}], download metadata again");
                self.complete = false;
            }
            Fit::Back { last } => {
                tracing::warn!(
                    "the master goes on with change {number}, and {last} is held already: it has lost changes or is \
                     another one; download metadata again"
                );
                self.complete = false;
            }
        }
        self.logs
            .take(number, text, self.settings.back_logs)
            .with_context(|| format!("can't write {}", log_name(0)))?;
        let stamp =
            text.split(|&b| b == b'|').next().and_then(|stamp| str::from_utf8(stamp).ok()?.parse().ok());
        if let Some(stamp) = stamp {
            self.lag.last = unix_now().saturating_sub(stamp);
            self.lag.largest = self.lag.largest.max(self.lag.last);
            self.lag.changes += 1;
        }
        Ok(())
    }

    /// Tells our master what is held, when that has changed.
    fn tell_state(&mut self, link: &mut Link) -> anyhow::Result<()> {
        let Some(told) = self.told else { return Ok(()) };
        let state = MlState {
            synced: self.logs.synced(),
            image: self.image.map_or(0, |image| image.version),
            complete: self.complete,
            lag: u32::try_from(self.lag.last).unwrap_or(u32::MAX),
        };
        if told != Some(state) {
            link.send(&MlStatePacket { state })?;
            self.told = Some(Some(state));
        }
        Ok(())
    }

    /// Tells how things are.
    pub(crate) fn report(&mut self) {
        let lag = std::mem::take(&mut self.lag);
        let image = match self.image {
            Some(image) if self.complete => {
                format!("image of version {} and all changes since are held", image.version)
            }
            Some(image) => format!("image of version {} is held, but not all changes since", image.version),
            None => "no image is held".into(),
        };
        tracing::info!(
            "last change {}; {} changes since the last report, lag at most {} s, now {} s; {image}",
            self.logs.last(),
            lag.changes,
            lag.largest,
            lag.last
        );
    }
}

fn remove_temporaries(dir: &Path) {
    for name in ["metadata_ml.tmp", "changelog_ml.tmp"] {
        // Not there is the usual case; one that cannot be removed is overwritten by the next download.
        let _ = std::fs::remove_file(dir.join(name));
    }
}

/// Seconds since 1970.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
