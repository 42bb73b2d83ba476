//! The smaller tables. Their containers share structure, so that a snapshot of each costs nothing.

pub(crate) mod acl;
pub(crate) mod csdb;
pub(crate) mod flock;
pub(crate) mod free;
pub(crate) mod opens;
pub(crate) mod plock;
pub(crate) mod quota;
pub(crate) mod sclass;
pub(crate) mod sessions;
pub(crate) mod xattr;
