//! `mfsmaster` as the shell of all daemons knows it.

use daemon::{Context, Program, options};

/// The daemon.
pub const PROGRAM: Program = Program {
    name: "mfsmaster",
    options: options::MASTER,
    open_files: 65_536,
    recovery: true,
    run: super::run::run,
    restore: Some(restore),
};

/// The action `restore`: builds the newest state there is, stores it as `metadata.mfs`, and ends.
fn restore(ctx: &mut Context) -> anyhow::Result<()> {
    super::run::restore(ctx)
}
