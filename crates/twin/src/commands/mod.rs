//! Commands drawn by lot: mostly such that could be meant, with a share of every kind of nonsense.

mod attrs;
mod classes;
mod data;
mod deleted;
mod info;
mod locks;
mod names;
mod table;
mod tools;

pub use table::{TABLE, Use, draw};

use crate::world::World;
use fastrand::Rng;
use proto::{Packet, encode_frame};
use types::{Cred, Gids, Inode, MsgId, Name};

/// Users and their groups.
const USERS: &[(u32, &[u32])] = &[
    (0, &[0]),
    (0, &[0, 1000, 1001]),
    (1000, &[1000]),
    (1001, &[1001, 1000]),
    (1002, &[1002]),
    (999, &[999]),
    (500, &[501, 7]),
    (1000, &[5000, 1, 2, 3, 1001, 1002, 999, 77]),
    (u32::MAX, &[u32::MAX]),
];

/// Inodes that no file system has: none, the mounts' own, the highest.
const NO_INODES: &[u32] = &[0, 0x7FFF_0000, 0x7FFF_FFFF, u32::MAX, 99_999_999];

const MODES: &[u16] =
    &[0o777, 0o755, 0o700, 0o1777, 0o770, 0o2775, 0o644, 0o600, 0o4755, 0o640, 0o000, 0o7777];

/// A command in the making.
pub struct Gen<'w> {
    /// Dice.
    pub rng: &'w mut Rng,
    /// What exists.
    pub world: &'w World,
    /// Who asks.
    pub client: usize,
    /// The message id to use.
    pub msgid: MsgId,
    out: Vec<u8>,
}

impl<'w> Gen<'w> {
    /// Begins a command.
    pub fn new(rng: &'w mut Rng, world: &'w World, client: usize, msgid: u32) -> Gen<'w> {
        Gen { rng, world, client, msgid: MsgId(msgid), out: Vec::new() }
    }

    /// The frame that was made.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn put<'a>(&mut self, packet: &impl Packet<'a>) {
        encode_frame(packet, &mut self.out);
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }

    /// True once in `n`.
    fn once_in(&mut self, n: u32) -> bool {
        self.rng.u32(..n) == 0
    }

    /// Somebody, root half of the time.
    fn user(&mut self) -> User {
        let (uid, gids) = if self.rng.bool() { USERS[0] } else { self.pick(USERS) };
        User { uid, gids: gids.iter().flat_map(|gid| gid.to_be_bytes()).collect() }
    }

    fn uid(&mut self) -> u32 {
        if self.rng.bool() { 0 } else { self.pick(USERS).0 }
    }

    /// A directory; now and then something else.
    fn dir(&mut self) -> Inode {
        match self.rng.u32(..20) {
            0 => self.node(),
            1..=4 => Inode(1),
            _ => self.existing(|e| e.dir).unwrap_or(Inode(1)),
        }
    }

    /// A file or such; now and then something else.
    fn file(&mut self) -> Inode {
        if self.once_in(20) {
            return self.node();
        }
        self.existing(|e| !e.dir).unwrap_or(Inode(1))
    }

    /// Anything, also what is gone or never was.
    fn node(&mut self) -> Inode {
        let drawn = match self.rng.u32(..100) {
            0..=4 => Some(self.pick(NO_INODES)),
            5..=9 if !self.world.removed.is_empty() => Some(self.pick(&self.world.removed)),
            10..=12 if !self.world.trash.is_empty() => Some(self.pick(&self.world.trash)),
            13..=16 => Some(1),
            17..=18 => Some(self.rng.u32(1..3000)),
            _ => None,
        };
        match drawn {
            Some(inode) if !self.world.limbo.contains(&inode) => Inode(inode),
            _ => self.existing(|_| true).unwrap_or(Inode(1)),
        }
    }

    fn existing(&mut self, want: impl Fn(&crate::world::Entry) -> bool) -> Option<Inode> {
        let entries = &self.world.entries;
        (0..30).find_map(|_| {
            let entry = entries.get(self.rng.usize(..entries.len().max(1)))?;
            (want(entry) && !self.world.limbo.contains(&entry.inode)).then_some(Inode(entry.inode))
        })
    }

    /// A name that may be there already; now and then one that no file can have.
    fn name(&mut self) -> Vec<u8> {
        const ODD: &[&[u8]] = &[b"", b".", b"..", b"a/b", b"a\0b", b"\xFF\xFE", b"blank name", b"|", b"%s\n"];
        match self.rng.u32(..40) {
            0 => self.pick(ODD).to_vec(),
            1 => vec![b'x'; 255],
            n => format!("{}{}", ["f", "d", "n", "lnk"][n as usize % 4], self.rng.u32(..40)).into_bytes(),
        }
    }

    /// A name that exists, with its directory; now and then neither.
    fn entry(&mut self) -> (Inode, Vec<u8>) {
        let entries = &self.world.entries;
        if entries.is_empty() || self.once_in(12) {
            return (self.dir(), self.name());
        }
        let entry = &entries[self.rng.usize(..entries.len())];
        let root = self.world.roots.get(&self.client).copied().unwrap_or(1);
        let parent = if entry.parent == root { 1 } else { entry.parent };
        (Inode(parent), entry.name.clone())
    }

    fn mode(&mut self) -> u16 {
        if self.once_in(10) { self.rng.u16(..) } else { self.pick(MODES) }
    }

    fn umask(&mut self) -> u16 {
        self.pick(&[0, 0o22, 0o77, 0o777, 0o7777, 0xFFFF])
    }

    /// Who asks, as packets say it.
    fn cred<'a>(user: &'a User) -> Cred<'a> {
        Cred { uid: user.uid, gids: Gids::from_be_bytes(&user.gids).expect("every user has a group") }
    }
}

/// A user as packets carry them.
struct User {
    uid: u32,
    gids: Vec<u8>,
}

/// A name of any bytes; cut to what fits.
fn wire_name(bytes: &[u8]) -> Name<'_> {
    Name::new(&bytes[..bytes.len().min(255)]).expect("cut")
}
