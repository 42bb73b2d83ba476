//! Leaving the terminal: the command returns when the mount works or has failed, and says which.

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::io::{self, Write};

/// Where the outcome of a start is reported.
pub(crate) struct Report<'a>(Target<'a>);

enum Target<'a> {
    Call(Box<dyn FnOnce(&str) + 'a>),
    Parent(OwnedFd),
}

/// On the pipe to the parent the first byte says what follows.
const READY: u8 = b'+';
const FAILED: u8 = b'-';

impl<'a> Report<'a> {
    pub(crate) fn to(ready: impl FnOnce(&str) + 'a) -> Self {
        Report(Target::Call(Box::new(ready)))
    }

    /// The mount works.
    pub(crate) fn ready(self, line: &str) {
        match self.0 {
            Target::Call(call) => call(line),
            Target::Parent(pipe) => {
                tell(&pipe, READY, line);
                detach_output();
            }
        }
    }
}

fn tell(pipe: &OwnedFd, what: u8, text: &str) {
    let mut message = vec![what];
    message.extend_from_slice(text.as_bytes());
    // The parent may have been killed; the mount is there all the same.
    let _ = rustix::io::write(pipe, &message);
}

/// From here on nothing goes to the terminal.
fn detach_output() {
    if let Ok(null) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
}

/// Runs `start` in a daemon, and waits for its report. Returns the exit code of the command. Must be called while
/// the process has one thread.
pub(crate) fn daemonize(start: impl FnOnce(Report<'_>) -> Result<(), String>) -> io::Result<u8> {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    // SAFETY: there are no other threads, whose locks the child could miss.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            drop(read);
            std::process::exit(child(write, start))
        }
        _ => {
            drop(write);
            wait(&read)
        }
    }
}

fn child(write: OwnedFd, start: impl FnOnce(Report<'_>) -> Result<(), String>) -> i32 {
    // A session of its own, led by nobody: no terminal can ever become its own.
    let _ = rustix::process::setsid();
    // SAFETY: as above.
    match unsafe { libc::fork() } {
        0 => {}
        -1 => {
            tell(&write, FAILED, "cannot fork");
            return 1;
        }
        _ => return 0,
    }
    let _ = rustix::process::chdir("/");
    let Ok(for_errors) = rustix::io::fcntl_dupfd_cloexec(&write, 3) else {
        tell(&write, FAILED, "cannot duplicate a descriptor");
        return 1;
    };
    match start(Report(Target::Parent(write))) {
        Ok(()) => 0,
        Err(message) => {
            tell(&for_errors, FAILED, &message);
            1
        }
    }
}

/// Prints what the daemon reports.
fn wait(read: &OwnedFd) -> io::Result<u8> {
    let mut message = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match rustix::io::read(read, &mut piece) {
            Ok(0) => break,
            Ok(n) => {
                message.extend_from_slice(&piece[..n]);
                // The daemon keeps its end open; a report is one write.
                break;
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let text = String::from_utf8_lossy(message.get(1..).unwrap_or_default()).into_owned();
    match message.first() {
        Some(&READY) => {
            if !text.is_empty() {
                writeln!(io::stdout(), "{text}")?;
            }
            Ok(0)
        }
        Some(_) => {
            writeln!(io::stderr(), "{text}")?;
            Ok(1)
        }
        None => {
            writeln!(io::stderr(), "mfsmount died at its start")?;
            Ok(1)
        }
    }
}
