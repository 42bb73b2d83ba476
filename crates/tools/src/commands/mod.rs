//! What each tool does; the [table](crate::table) names them.

pub(crate) mod append;
pub(crate) mod archive;
pub(crate) mod attributes;
pub(crate) mod check;
pub(crate) mod class;
pub(crate) mod class_admin;
pub(crate) mod class_options;
pub(crate) mod dirinfo;
pub(crate) mod eattr;
pub(crate) mod fileinfo;
pub(crate) mod paths;
pub(crate) mod precise;
pub(crate) mod quota;
pub(crate) mod repair;
pub(crate) mod snapshot;
pub(crate) mod trash_time;
