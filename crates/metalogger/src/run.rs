//! The daemon: connect, serve, connect again.

use crate::Settings;
use crate::link::Link;
use crate::logger::Logger;
use anyhow::Context as _;
use daemon::{Context, Pending, Signals};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::net::SocketAddrV4;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// A failure that repeats is logged again after this long.
const REMIND: Duration = Duration::from_secs(600);

/// Runs in the working directory until told to stop.
pub fn run(context: &mut Context) -> anyhow::Result<()> {
    run_in(context, Path::new("."))
}

/// Runs in `dir` until told to stop.
pub(crate) fn run_in(context: &mut Context, dir: &Path) -> anyhow::Result<()> {
    let settings = Settings::new(&context.config)?;
    let mut logger = Logger::open(dir, settings)?;
    // Masters and metaloggers start in any order, so an unreachable master is no reason not to start.
    context.ready();
    let mut complaints = Complaints::default();
    loop {
        let result = connect(logger.settings(), &context.signals).and_then(|link| {
            tracing::info!("connected to Master");
            complaints.over();
            serve(context, &mut logger, link)
        });
        logger.disconnected();
        match result {
            Ok(()) if context.signals.terminating() => break,
            Ok(()) => {}
            Err(_) if context.signals.terminating() => break,
            Err(error) => complaints.about(&format!("{error:#}")),
        }
        if !pause(context, &mut logger) {
            break;
        }
    }
    tracing::info!("terminate signal received; last change {}", logger.last_change());
    Ok(())
}

/// Waits before the next attempt; false when it is time to end.
fn pause(context: &mut Context, logger: &mut Logger) -> bool {
    let end = Instant::now() + logger.settings().reconnect;
    while Instant::now() < end {
        let pending = context.signals.wait(end.saturating_duration_since(Instant::now()));
        if pending.terminate {
            return false;
        }
        react(context, logger, pending);
    }
    true
}

/// Does what signals ask for. True when the connection must be made anew.
fn react(context: &mut Context, logger: &mut Logger, pending: Pending) -> bool {
    if pending.info {
        logger.report();
    }
    if !pending.reload {
        return false;
    }
    tracing::info!("reloading config files");
    let loaded = context.reload().context("configuration").and_then(|()| Settings::new(&context.config));
    match loaded {
        Ok(settings) => {
            let old = logger.settings();
            let link = |s: &Settings| (s.master_host.clone(), s.master_port, s.bind, s.timeout);
            let changed = link(old) != link(&settings);
            logger.reload(settings);
            changed
        }
        Err(error) => {
            tracing::error!("{error:#}; the old configuration stays");
            false
        }
    }
}

fn connect(settings: &Settings, signals: &Signals) -> anyhow::Result<Link> {
    let master = resolve(settings, signals)?;
    Link::connect(settings.bind, master, CONNECT, |wait| {
        std::thread::sleep(wait);
        signals.terminating()
    })
}

/// Resolves the master's name each time, so that a master that moved is found. The resolver may take its time, so it
/// runs beside us.
fn resolve(settings: &Settings, signals: &Signals) -> anyhow::Result<SocketAddrV4> {
    let (host, port) = (settings.master_host.clone(), settings.master_port);
    let (send, receive) = channel();
    let name = host.clone();
    std::thread::Builder::new()
        .name("resolve".into())
        .spawn(move || {
            // Nobody listens any more when the daemon ends.
            let _ = send.send(daemon::resolve(&name, port));
        })
        .context("can't start a thread")?;
    loop {
        match receive.recv_timeout(Duration::from_millis(100)) {
            Ok(result) => {
                return result.with_context(|| format!("can't resolve master host/port ({host}:{port})"));
            }
            Err(RecvTimeoutError::Timeout) if !signals.terminating() => {}
            Err(_) => anyhow::bail!("given up"),
        }
    }
}

/// Serves one connection; comes back when it is lost, to be made anew, or when it is time to end.
fn serve(context: &mut Context, logger: &mut Logger, mut link: Link) -> anyhow::Result<()> {
    logger.register(&mut link)?;
    logger.tick(&mut link)?;
    loop {
        wait(&link, &context.signals, logger.patience());
        let pending = context.signals.take();
        if pending.terminate || react(context, logger, pending) {
            return Ok(());
        }
        while link.fill()? {
            while let Some((id, body)) = link.next_frame()? {
                logger.packet(&mut link, id, &body)?;
            }
            // Even if the master never stops talking.
            logger.flush()?;
            if context.signals.terminating() {
                return Ok(());
            }
        }
        logger.tick(&mut link)?;
        let timeout = logger.settings().timeout;
        link.keep_alive(timeout)?;
        link.check_alive(timeout)?;
    }
}

/// Until the master says something, a signal comes, or the time is over.
fn wait(link: &Link, signals: &Signals, at_most: Duration) {
    let mut fds = [PollFd::new(link, PollFlags::IN), PollFd::new(signals, PollFlags::IN)];
    let timeout = Timespec::try_from(at_most).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
    // An interruption is a signal, which the caller looks at anyway.
    let _ = poll(&mut fds, Some(&timeout));
}

/// Logs failures that repeat every few seconds only now and then.
#[derive(Default)]
struct Complaints {
    last: Option<(String, Instant)>,
}

impl Complaints {
    fn about(&mut self, text: &str) {
        let fresh = |(old, at): &(String, Instant)| old != text || at.elapsed() > REMIND;
        if self.last.as_ref().is_none_or(fresh) {
            tracing::warn!("{text}; trying again until it works");
            self.last = Some((text.to_owned(), Instant::now()));
        }
    }

    fn over(&mut self) {
        self.last = None;
    }
}
