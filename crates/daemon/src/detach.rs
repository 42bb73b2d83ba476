//! Going into the background, with the start-up messages still on the terminal (`spec/config-and-daemons.md` 10).

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, setsid};
use rustix::pipe::{PipeFlags, pipe_with};
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Mutex;

/// The last byte on the pipe when the daemon serves. Ending without it is a failure, whatever the reason.
const READY: u8 = 1;

/// The daemon's way to whoever started it. Messages go to the terminal until it is released.
#[derive(Debug)]
pub(crate) struct Startup(&'static Mutex<Option<File>>);

/// One pipe per process: log output finds it here.
static PIPE: Mutex<Option<File>> = Mutex::new(None);
static NOBODY: Mutex<Option<File>> = Mutex::new(None);

impl Startup {
    /// For daemons in the foreground or inside another process.
    pub(crate) fn nobody_waits() -> Startup {
        Startup(&NOBODY)
    }

    /// Lets the starting command return with success.
    pub(crate) fn release(&self) {
        if let Some(mut pipe) = self.0.lock().unwrap_or_else(|e| e.into_inner()).take() {
            // Nobody reads any more when the starting command was killed; the daemon serves all the same.
            let _ = pipe.write_all(&[READY]);
        }
    }
}

/// Writes text to the terminal of the starting command, if it still waits. False when it does not.
pub(crate) fn tell(text: &str) -> bool {
    match PIPE.lock().unwrap_or_else(|e| e.into_inner()).as_mut() {
        Some(pipe) => {
            let _ = pipe.write_all(text.as_bytes());
            true
        }
        None => false,
    }
}

/// Forks twice. In the daemon returns the way to the starting command; in the starting command never returns: it
/// copies messages to its standard error and exits 0 when the daemon serves, 1 when it does not.
///
/// Must be called while the process has only one thread.
pub(crate) fn detach() -> io::Result<Startup> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    // SAFETY: the caller vouches for a single thread, so nothing is locked in the child.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => {
            drop(write);
            let started = copy_messages(File::from(read));
            let _ = waitpid(child, None);
            std::process::exit(if started { 0 } else { 1 });
        }
        ForkResult::Child => drop(read),
    }
    setsid()?;
    // The second fork makes sure that the daemon leads no session and so never gets a terminal.
    // SAFETY: as above.
    if let ForkResult::Parent { .. } = unsafe { fork() }? {
        std::process::exit(0);
    }
    let null = File::options().read(true).write(true).open("/dev/null")?;
    nix::unistd::dup2_stdin(&null)?;
    nix::unistd::dup2_stdout(&null)?;
    nix::unistd::dup2_stderr(&null)?;
    *PIPE.lock().unwrap_or_else(|e| e.into_inner()) = Some(File::from(write));
    Ok(Startup(&PIPE))
}

/// Copies to standard error until the pipe closes; true when the daemon said that it serves.
fn copy_messages(mut pipe: File) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) => return false,
            Ok(n) => {
                let text = &buffer[..n];
                let ready = text.last() == Some(&READY);
                let text = if ready { &text[..n - 1] } else { text };
                let _ = io::stderr().write_all(text);
                if ready {
                    return true;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}
