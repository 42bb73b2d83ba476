//! What a running daemon gets from its shell.

use crate::cli::Cli;
use crate::detach::Startup;
use crate::signals::{Signals, Trigger};
use crate::{Config, ConfigError, log};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The master's recovery options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// `-a`: recover from whatever image and changelogs there are.
    pub recover: bool,
    /// `-i`: go on in spite of damage.
    pub ignore_errors: bool,
    /// How often `-x`: say more while recovering.
    pub verbose: u8,
}

/// The shell's side of a running daemon.
#[derive(Debug)]
pub struct Context {
    /// The configuration in force.
    pub config: Arc<Config>,
    /// Terminate, reload and info requests, with a descriptor to poll.
    pub signals: Signals,
    /// `-a -i -x`.
    pub recovery: Recovery,
    /// True when it stays in the foreground.
    pub foreground: bool,
    name: &'static str,
    startup: Startup,
    ready: AtomicBool,
}

impl Context {
    pub(crate) fn new(
        name: &'static str,
        config: Config,
        cli: &Cli,
        signals: Signals,
        startup: Startup,
    ) -> Context {
        let recovery =
            Recovery { recover: cli.recover, ignore_errors: cli.ignore_errors, verbose: cli.verbose };
        let (config, foreground) = (Arc::new(config), cli.foreground);
        Context { config, signals, recovery, foreground, name, startup, ready: AtomicBool::new(false) }
    }

    /// A context inside another process: signals come from the [`Trigger`], nobody waits for readiness.
    pub fn embedded(name: &'static str, config: Config) -> std::io::Result<(Context, Trigger)> {
        let (signals, trigger) = Signals::manual()?;
        let (startup, recovery) = (Startup::nobody_waits(), Recovery::default());
        let (config, ready) = (Arc::new(config), AtomicBool::new(false));
        Ok((Context { config, signals, recovery, foreground: true, name, startup, ready }, trigger))
    }

    /// Tells whoever started the daemon that it serves now, so that the start command returns with success. Warns
    /// about options that are set and were never asked for. Later calls do nothing.
    pub fn ready(&self) {
        if self.ready.swap(true, Ordering::Relaxed) {
            return;
        }
        for warning in self.config.unused() {
            tracing::warn!("{warning}");
        }
        tracing::info!("{} daemon initialized properly", self.name);
        self.startup.release();
    }

    /// True after [`Context::ready`].
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Reads the configuration file again, after a reload request. When it is invalid or unreadable the old one stays
    /// in force and the error says what is wrong; the daemon goes on as it was.
    pub fn reload(&mut self) -> Result<(), ConfigError> {
        let new = self.config.reload()?;
        for warning in new.warnings() {
            tracing::warn!("{warning}");
        }
        for option in new.needs_restart(&self.config) {
            tracing::warn!("{}: a new value of option {option} needs a restart", new.file().display());
        }
        log::configure(&new);
        self.config = Arc::new(new);
        Ok(())
    }
}
