//! One process of a cluster: started, killed, stopped and started again.

use crate::kinds::{Make, Role};
use crate::namespace::Namespace;
use crate::process::ProcessId;
use crate::rundir::{Kind, RunDir};
use crate::wait::until;
use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

/// Longest time an orderly stop may take.
const STOP: Duration = Duration::from_secs(60);

/// A process in the foreground whose output goes to a file.
#[derive(Debug)]
pub struct Daemon {
    role: Role,
    make: Make,
    name: String,
    namespace: Namespace,
    arguments: Vec<OsString>,
    log: PathBuf,
    child: Option<Child>,
}

impl Daemon {
    pub(crate) fn new(
        name: String,
        (role, make): (Role, Make),
        namespace: &Namespace,
        dir: &Path,
        arguments: Vec<OsString>,
    ) -> Daemon {
        let log = dir.join("log");
        Daemon { role, make, name, namespace: namespace.clone(), arguments, log, child: None }
    }

    /// Name in messages, such as `chunkserver-1 (stock)`.
    pub fn name(&self) -> String {
        format!("{} ({})", self.name, self.make)
    }

    /// Whose program it is.
    pub fn make(&self) -> Make {
        self.make
    }

    /// From the next start on another one's program plays the role.
    pub(crate) fn set_make(&mut self, make: Make) {
        self.make = make;
    }

    /// Its pid while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Everything it has printed since the cluster was made.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    pub(crate) fn start(&mut self, dir: &RunDir, more: &[&str]) -> Result<()> {
        ensure!(self.child.is_none(), "{} runs already", self.name());
        let (program, first) = self.make.program(self.role)?;
        let log = OpenOptions::new().create(true).append(true).open(&self.log).context("open log")?;
        let mut command = self.namespace.command(&program);
        command.args(first).args(&self.arguments).args(more).stdin(Stdio::null());
        command.stdout(log.try_clone().context("share log")?).stderr(log);
        let child = command.spawn().with_context(|| format!("start {}", self.name()))?;
        if let Some(process) = ProcessId::of(child.id()) {
            dir.record(Kind::Process, &process.to_string())?;
        }
        self.child = Some(child);
        Ok(())
    }

    /// An error, with its last words, if it has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        if let Some(child) = &mut self.child
            && let Some(status) = child.try_wait().context("wait for a child")?
        {
            self.child = None;
            bail!("{} ended by itself: {status}\n{}", self.name(), self.tail());
        }
        Ok(())
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().with_context(|| format!("{} does not run", self.name()))?;
        child.kill().context("kill")?;
        child.wait().context("wait for a killed child")?;
        Ok(())
    }

    /// Sends a signal, if it runs.
    fn signal(&self, signal: Signal) {
        if let Some(process) = self.pid().and_then(ProcessId::of) {
            process.signal(signal);
        }
    }

    /// It stands still until [`Daemon::resume`].
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Has it read its configuration again.
    pub fn reload(&self) {
        self.signal(Signal::HUP);
    }

    /// Asks it to stop and demands that it does, with status 0.
    pub fn stop(&mut self) -> Result<()> {
        self.signal(Signal::TERM);
        let status = self.wait_end()?;
        ensure!(status.success(), "{} stopped with {status}\n{}", self.name(), self.tail());
        Ok(())
    }

    /// Waits until it has ended.
    pub(crate) fn wait_end(&mut self) -> Result<ExitStatus> {
        let name = self.name();
        let mut child = self.child.take().with_context(|| format!("{name} does not run"))?;
        let mut status = None;
        let ended = until(&format!("end of {name}"), STOP, || {
            status = child.try_wait().context("wait for a child")?;
            Ok(status.is_some())
        });
        if let Err(error) = ended {
            child.kill().context("kill")?;
            child.wait().context("wait for a killed child")?;
            return Err(error.context(self.tail()));
        }
        status.context("a status")
    }

    /// The last lines of its log.
    pub(crate) fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        let from = lines.len().saturating_sub(30);
        format!("--- last lines of {}:\n{}", self.name(), lines[from..].join("\n"))
    }
}
