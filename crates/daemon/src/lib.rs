//! What all daemons share: configuration files, command line, lock file, detaching, limits, logging, signals
//! (`spec/config-and-daemons.md`).
//!
//! A role describes itself as a [`Program`] and hands it to [`main`]; everything an operator knows of `mfsmaster start`
//! and its kin happens here, then the program's `run` is called with a [`Context`].

pub mod cli;
mod config;
mod context;
mod control;
mod detach;
mod launch;
mod layout;
mod limits;
mod lock;
pub mod log;
pub mod options;
mod privileges;
mod program;
mod signals;
mod usage;

pub use config::{Config, ConfigError, Problem, parse_int, parse_size, resolve};
pub use context::{Context, Recovery};
pub use launch::main;
pub use layout::Layout;
pub use lock::Lock;
pub use privileges::default_user;
pub use program::Program;
pub use signals::{Pending, Signals, Trigger};
pub use usage::{Usage, local_time};
