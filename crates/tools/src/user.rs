//! Who runs the tool: the master checks permissions itself.

use types::{Cred, Gids};

/// User and groups, as packets carry them.
#[derive(Debug)]
pub(crate) struct User {
    uid: u32,
    /// `u32` big-endian each, the primary group first.
    gids: Vec<u8>,
}

impl User {
    /// Of this process.
    pub(crate) fn own() -> User {
        let primary = rustix::process::getgid();
        let more = rustix::process::getgroups().unwrap_or_default();
        let gids = std::iter::once(primary).chain(more.into_iter().filter(|gid| *gid != primary));
        let gids = gids.flat_map(|gid| gid.as_raw().to_be_bytes()).collect();
        User { uid: rustix::process::getuid().as_raw(), gids }
    }

    /// For a packet.
    pub(crate) fn cred(&self) -> Cred<'_> {
        let gids = Gids::from_be_bytes(&self.gids).expect("the primary group and no more than Linux allows");
        Cred { uid: self.uid, gids }
    }
}
