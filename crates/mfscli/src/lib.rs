//! `mfscli`: the state of a cluster (`spec/admin-and-monitoring.md` 9), as MooseFS's shows it to scripts and to people,
//! and as JSON; and commands to the master.

mod commands;
mod frames;
mod options;
mod output;
mod reverse;
mod run;
mod sections;
mod source;
mod table;
mod text;

pub use run::main;
