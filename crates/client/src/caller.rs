//! On whose behalf a call is made.

use types::{Cred, Gids};

/// A user with groups. The master checks permissions; nobody else does.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Caller {
    uid: u32,
    /// Big-endian, the primary one first, never empty.
    gids: Vec<u8>,
}

impl Caller {
    /// `gid` is the primary group; `others` may repeat it. More than 65,536 groups are cut.
    pub fn new(uid: u32, gid: u32, others: &[u32]) -> Self {
        let groups = std::iter::once(gid).chain(others.iter().copied().filter(|&g| g != gid)).take(65_536);
        Caller { uid, gids: groups.flat_map(u32::to_be_bytes).collect() }
    }

    /// The superuser.
    pub fn root() -> Self {
        Caller::new(0, 0, &[])
    }

    /// The user.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The primary group.
    pub fn gid(&self) -> u32 {
        self.cred().gids.primary()
    }

    pub(crate) fn cred(&self) -> Cred<'_> {
        Cred { uid: self.uid, gids: Gids::from_be_bytes(&self.gids).expect("one to 65,536 groups") }
    }

    /// With the primary group alone, for packets that want no more.
    pub(crate) fn primary_only(&self) -> Cred<'_> {
        Cred { uid: self.uid, gids: Gids::from_be_bytes(&self.gids[..4]).expect("one group") }
    }
}
