//! The metalogger: writes every metadata change as it happens and downloads image and changelogs from time to time, so
//! that a new master can be made from its files (`spec/metalogger.md`).
//!
//! One thread: it waits for the master's packets, the clock and signals, and does everything itself. Only the check of
//! a downloaded image and name resolution run beside it.

mod download;
mod generations;
mod link;
mod logger;
mod logs;
mod own_files;
mod run;
mod schedule;
mod settings;
mod verify;

#[cfg(test)]
mod tests;

pub use run::run;
pub use settings::Settings;

/// `mfsmetalogger`.
pub const PROGRAM: daemon::Program = daemon::Program {
    name: "mfsmetalogger",
    options: daemon::options::METALOGGER,
    // Operators are told to allow at least this many.
    open_files: 5000,
    recovery: false,
    run,
    restore: None,
};
