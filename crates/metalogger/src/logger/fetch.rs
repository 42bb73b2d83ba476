//! Downloads from their order to files in place.

use super::Logger;
use crate::download::{Download, Failure, Next};
use crate::link::Link;
use crate::own_files::{back_name, covers};
use crate::{generations, verify};
use anyhow::{Context, bail};
use proto::metalogger::{DownloadEnd, DownloadFile, DownloadRequest, DownloadStart};
use std::sync::mpsc::{TryRecvError, channel};
use std::time::Instant;

impl Logger {
    pub(super) fn begin(&mut self, link: &mut Link, file: DownloadFile) -> anyhow::Result<()> {
        link.send(&DownloadStart { file })?;
        self.download = Some(Download::new(file));
        Ok(())
    }

    pub(super) fn go_on(&mut self, link: &mut Link, next: Result<Next, Failure>) -> anyhow::Result<()> {
        match next {
            Ok(Next::Request { offset, length }) => link.send(&DownloadRequest { offset, length }),
            Ok(Next::Complete(size)) => {
                link.send(&DownloadEnd {})?;
                self.arrived(link, size)
            }
            Err(Failure::Protocol(what)) => bail!("{what}"),
            Err(Failure::Abandon(why)) => {
                link.send(&DownloadEnd {})?;
                self.failed(&why);
                Ok(())
            }
        }
    }

    /// A file is complete: an image is read through beside this thread, a changelog is put in place at once.
    pub(super) fn arrived(&mut self, link: &mut Link, size: u64) -> anyhow::Result<()> {
        let Some(download) = &self.download else { return Ok(()) };
        let temporary = download.temporary(&self.dir);
        let number = match download.file {
            DownloadFile::Metadata => {
                let (send, receive) = channel();
                let check = move || {
                    // Nobody waits for the answer any more when the connection is gone.
                    let _ = send.send(verify::image(&temporary, size));
                };
                std::thread::Builder::new()
                    .name("check".into())
                    .spawn(check)
                    .context("can't start a thread")?;
                self.check = Some(receive);
                return Ok(());
            }
            DownloadFile::Changelog0 => 0,
            _ => 1,
        };
        let put = || {
            verify::changelog(&temporary)?;
            std::fs::rename(&temporary, self.dir.join(back_name(number)))
        };
        if let Err(error) = put() {
            self.failed(&format!("can't put the downloaded changelog in place: {error}"));
            return Ok(());
        }
        if number == 0 {
            return self.begin(link, DownloadFile::Changelog1);
        }
        self.download = None;
        self.all_arrived()
    }

    /// Looks whether the check of an image has ended.
    pub(super) fn checked(&mut self, link: &mut Link) -> anyhow::Result<()> {
        let Some(check) = &self.check else { return Ok(()) };
        let result = match check.try_recv() {
            Err(TryRecvError::Empty) => return Ok(()),
            Err(TryRecvError::Disconnected) => Err(anyhow::anyhow!("the check has failed")),
            Ok(result) => result,
        };
        self.check = None;
        let header = match result {
            Ok(header) => header,
            Err(error) => {
                self.failed(&format!("downloaded metadata is not usable: {error:#}"));
                return Ok(());
            }
        };
        let temporary = Download::new(DownloadFile::Metadata).temporary(&self.dir);
        match generations::install(&self.dir, &temporary, header, self.settings.keep_images) {
            Ok(foreign) => {
                if foreign {
                    tracing::warn!("the master's metadata has another id than what was held");
                    self.logs.set_older_aside().context("can't rename changelogs")?;
                }
                self.image = Some(header);
                tracing::info!("meta data version: {}, meta data id: 0x{:016X}", header.version, header.id);
            }
            Err(error) => {
                self.failed(&format!(
                    "can't rename downloaded metadata: {error} - do it manually before next download"
                ));
                return Ok(());
            }
        }
        self.begin(link, DownloadFile::Changelog0)
    }

    pub(super) fn all_arrived(&mut self) -> anyhow::Result<()> {
        self.logs.write().context("changelog")?;
        let Some(image) = self.image else { return Ok(()) };
        let last = self.logs.last();
        self.complete =
            last == 0 || covers(&self.dir, image.version, last).context("can't read changelogs")?;
        if self.complete {
            self.schedule.succeeded();
            self.hourly.succeeded();
        } else {
            self.failed(&format!(
                "the changelogs do not lead from version {} to change {last}",
                image.version
            ));
        }
        Ok(())
    }

    /// Gives up a download. A refused file stays where it is until the next one.
    pub(super) fn failed(&mut self, why: &str) {
        self.download = None;
        self.hourly.succeeded();
        match self.schedule.failed(Instant::now(), self.settings.at_once) {
            Some(wait) => tracing::warn!("{why}; next try in {} seconds", wait.as_secs()),
            None => tracing::warn!("{why}; next try at the next scheduled time"),
        }
    }
}
