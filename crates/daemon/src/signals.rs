//! Signals as events: flags, and a descriptor that becomes readable.

use nix::sys::signal::{SigHandler, Signal, signal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What was asked for since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// End in good order. Stays set once it was.
    pub terminate: bool,
    /// Read the configuration again.
    pub reload: bool,
    /// Write what you are doing to the log.
    pub info: bool,
}

#[derive(Debug, Default)]
struct Flags {
    terminate: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    info: Arc<AtomicBool>,
}

/// The source of requests from outside.
#[derive(Debug)]
pub struct Signals {
    wake: UnixStream,
    flags: Arc<Flags>,
}

/// Makes requests from inside the process, where there are no signals.
#[derive(Debug)]
pub struct Trigger {
    wake: UnixStream,
    flags: Arc<Flags>,
}

impl Signals {
    /// Takes over the process's signals: TERM (and INT in the foreground) terminate, HUP reloads, USR1 asks for
    /// information; the terminal's and the other user signal are ignored (`spec/config-and-daemons.md` 12).
    pub fn install(foreground: bool) -> io::Result<Signals> {
        let (signals, trigger) = Signals::manual()?;
        let flags = &signals.flags;
        let mut wanted = vec![(SIGTERM, &flags.terminate), (SIGHUP, &flags.reload), (SIGUSR1, &flags.info)];
        let mut ignored =
            vec![Signal::SIGQUIT, Signal::SIGPIPE, Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];
        ignored.extend([Signal::SIGUSR2, Signal::SIGALRM, Signal::SIGVTALRM, Signal::SIGPROF]);
        if foreground {
            wanted.push((SIGINT, &flags.terminate));
        } else {
            ignored.push(Signal::SIGINT);
        }
        for (number, flag) in wanted {
            // The flag first: whoever is woken must find it set.
            signal_hook::flag::register(number, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(number, trigger.wake.try_clone()?)?;
        }
        for number in ignored {
            // SAFETY: ignoring a signal runs no code of ours in a handler.
            unsafe { signal(number, SigHandler::SigIgn) }?;
        }
        Ok(signals)
    }

    /// A source that only its [`Trigger`] feeds.
    pub fn manual() -> io::Result<(Signals, Trigger)> {
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        write.set_nonblocking(true)?;
        let flags = Arc::new(Flags::default());
        Ok((Signals { wake: read, flags: Arc::clone(&flags) }, Trigger { wake: write, flags }))
    }

    /// What was asked for since the last call; the descriptor is no longer readable afterwards.
    pub fn take(&self) -> Pending {
        let mut sink = [0; 64];
        while (&self.wake).read(&mut sink).is_ok_and(|n| n > 0) {}
        Pending {
            terminate: self.terminating(),
            reload: self.flags.reload.swap(false, Ordering::SeqCst),
            info: self.flags.info.swap(false, Ordering::SeqCst),
        }
    }

    /// Waits until something is asked for or the time is over, which gives an empty answer.
    pub fn wait(&self, at_most: Duration) -> Pending {
        let end = Instant::now() + at_most;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 });
            let mut fds = [PollFd::new(&self.wake, PollFlags::IN)];
            match poll(&mut fds, Some(&timeout)) {
                // Interrupted by a signal handler: the pipe is readable now.
                Err(rustix::io::Errno::INTR) => {}
                _ => return self.take(),
            }
        }
    }

    /// True once the daemon was asked to end.
    pub fn terminating(&self) -> bool {
        self.flags.terminate.load(Ordering::SeqCst)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl Trigger {
    /// Asks the daemon to end.
    pub fn terminate(&self) {
        self.raise(&self.flags.terminate);
    }

    /// Asks it to read its configuration again.
    pub fn reload(&self) {
        self.raise(&self.flags.reload);
    }

    /// Asks it to tell what it is doing.
    pub fn info(&self) {
        self.raise(&self.flags.info);
    }

    fn raise(&self, flag: &AtomicBool) {
        flag.store(true, Ordering::SeqCst);
        // Full means that a wake-up is already waiting; closed means that nobody listens any more.
        let _ = (&self.wake).write(&[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_arrive_once_and_terminate_stays() {
        let (signals, trigger) = Signals::manual().unwrap();
        assert_eq!(signals.take(), Pending::default());
        trigger.reload();
        trigger.info();
        let both = signals.wait(Duration::from_secs(60));
        assert_eq!(both, Pending { terminate: false, reload: true, info: true });
        assert_eq!(signals.wait(Duration::ZERO), Pending::default());
        trigger.terminate();
        assert!(signals.wait(Duration::from_secs(60)).terminate);
        assert!(signals.take().terminate);
    }

    #[test]
    fn more_requests_than_the_pipe_holds() {
        let (signals, trigger) = Signals::manual().unwrap();
        for _ in 0..1_000_000 {
            trigger.reload();
        }
        assert!(signals.take().reload);
        assert!(!signals.take().reload);
    }
}
