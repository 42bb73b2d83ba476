//! What a daemon says of itself.

use crate::Context;
use crate::options::OptionDef;

/// A daemon.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its name: `mfsmaster`. The configuration file is `NAME.cfg`, the lock `.NAME.lock`.
    pub name: &'static str,
    /// Its options.
    pub options: &'static [&'static [OptionDef]],
    /// How many files it wants to have open at once.
    pub open_files: u64,
    /// True when it takes the master's recovery options `-a -i -x` and the action `restore`.
    pub recovery: bool,
    /// Everything between start and stop. Called in DATA_PATH, as the working user, holding the lock. It calls
    /// [`Context::ready`] once it serves, and returns after a terminate signal or when it cannot go on.
    pub run: fn(&mut Context) -> anyhow::Result<()>,
    /// The action `restore`: like `run`, in the foreground, never ready.
    pub restore: Option<fn(&mut Context) -> anyhow::Result<()>>,
}

impl Program {
    /// `mfsmaster.cfg`.
    pub fn config_name(&self) -> String {
        format!("{}.cfg", self.name)
    }

    /// `.mfsmaster.lock`.
    pub fn lock_name(&self) -> String {
        format!(".{}.lock", self.name)
    }
}
