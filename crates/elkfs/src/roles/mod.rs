//! Each role's way from command line and configuration file to its crate.

pub(crate) mod master;
pub(crate) mod metalogger;
