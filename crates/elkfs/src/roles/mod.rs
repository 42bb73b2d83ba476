//! Each role's way from command line and configuration file to its crate.

pub(crate) mod chunkserver;
pub(crate) mod chunktool;
pub(crate) mod master;
pub(crate) mod metalogger;
pub(crate) mod metatools;
pub(crate) mod mount;
pub(crate) mod statsdump;
