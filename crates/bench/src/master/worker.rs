//! What one connection does in each test.

use super::link::{Link, expect_ok, inode_of};
use super::requests::{self, getattr, lookup, mknod, name, rename, root, text, unlink};
use anyhow::{Context, Result};
use fastrand::Rng;
use proto::client_master as p;
use proto::{Packet, encode_frame};
use std::time::Duration;
use types::{Inode, MsgId};

/// Names in one directory.
const PER_DIR: usize = 1000;

/// One connection's files: `count` of them in directories of a thousand, and what they are called just now.
pub(super) struct Worker {
    link: Link,
    in_flight: usize,
    base: Inode,
    dirs: Vec<Inode>,
    files: Vec<Inode>,
    count: usize,
    listings: usize,
    rng: Rng,
}

/// How much one connection has to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Files.
    pub(super) count: usize,
    /// Listings of whole directories.
    pub(super) listings: usize,
    /// Requests in flight.
    pub(super) in_flight: usize,
}

/// The tests, in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Create,
    Lookup,
    Getattr,
    Readdir,
    Rename,
    Mixed,
    Unlink,
}

impl Test {
    pub(super) const ALL: [Test; 7] =
        [Test::Create, Test::Lookup, Test::Getattr, Test::Readdir, Test::Rename, Test::Mixed, Test::Unlink];

    /// Stable between versions.
    pub(super) fn name(self) -> &'static str {
        match self {
            Test::Create => "create",
            Test::Lookup => "lookup",
            Test::Getattr => "getattr",
            Test::Readdir => "readdir",
            Test::Rename => "rename",
            Test::Mixed => "mixed",
            Test::Unlink => "unlink",
        }
    }
}

fn send<'a>(packet: &impl Packet<'a>, out: &mut Vec<u8>) {
    encode_frame(packet, out);
}

fn mkdir(link: &mut Link, parent: Inode, dir: &str) -> Result<Inode> {
    let body = link.call(&requests::mkdir(MsgId(0), parent, dir), p::FuseMkdirReply::ID)?;
    expect_ok("mkdir", &body)?;
    inode_of(&body)
}

impl Worker {
    /// A worker with a directory `dir` of its own, from which nothing goes to the trash.
    pub(super) fn new(mut link: Link, dir: &str, load: Load) -> Result<Worker> {
        let Load { count, listings, in_flight } = load;
        let base = mkdir(&mut link, types::ROOT, dir)?;
        let request = p::FuseSettrashtime { msgid: MsgId(0), inode: base, uid: 0, seconds: 0, smode: 0 };
        expect_ok("set trash time", &link.call(&request, p::FuseSettrashtimeReply::ID)?)?;
        let dirs = (0..count.div_ceil(PER_DIR)).map(|n| mkdir(&mut link, base, &text("dir", n)));
        let dirs = dirs.collect::<Result<Vec<Inode>>>()?;
        let files = vec![Inode(0); count];
        Ok(Worker { link, in_flight, base, dirs, files, count, listings, rng: Rng::with_seed(7) })
    }

    /// Runs one test and returns the time of each operation.
    pub(super) fn run(&mut self, test: Test) -> Result<Vec<Duration>> {
        match test {
            Test::Create => self.create(),
            Test::Lookup => self.lookup(),
            Test::Getattr => self.getattr(),
            Test::Readdir => self.readdir(),
            Test::Rename => self.rename(),
            Test::Mixed => self.mixed(),
            Test::Unlink => self.unlink(),
        }
        .with_context(|| test.name())
    }

    fn create(&mut self) -> Result<Vec<Duration>> {
        let (dirs, files) = (&self.dirs, &mut self.files);
        self.link.drive(
            self.count,
            self.in_flight,
            p::FuseMknodReply::ID,
            &mut |n, msgid, out| send(&mknod(msgid, dirs[n / PER_DIR], &text("file", n)), out),
            &mut |n, body| {
                expect_ok("mknod", body)?;
                files[n] = inode_of(body)?;
                Ok(())
            },
        )
    }

    fn lookup(&mut self) -> Result<Vec<Duration>> {
        let (dirs, rng, count) = (&self.dirs, &mut self.rng, self.count);
        let mut request = |_: usize, msgid, out: &mut Vec<u8>| {
            let n = rng.usize(0..count);
            send(&lookup(msgid, dirs[n / PER_DIR], &text("file", n)), out);
        };
        let id = p::FuseLookupReply::ID;
        self.link.drive(count, self.in_flight, id, &mut request, &mut |_, b| expect_ok("lookup", b))
    }

    fn getattr(&mut self) -> Result<Vec<Duration>> {
        let (files, rng, count) = (&self.files, &mut self.rng, self.count);
        let mut request = |_: usize, msgid, out: &mut Vec<u8>| {
            send(&getattr(msgid, files[rng.usize(0..count)]), out);
        };
        let id = p::FuseGetattrReply::ID;
        self.link.drive(count, self.in_flight, id, &mut request, &mut |_, b| expect_ok("getattr", b))
    }

    /// Whole directories of a thousand names with attributes.
    fn readdir(&mut self) -> Result<Vec<Duration>> {
        let (dirs, count) = (&self.dirs, self.listings);
        let mut request = |n: usize, msgid, out: &mut Vec<u8>| {
            let inode = dirs[n % dirs.len()];
            send(&p::FuseReaddir { msgid, inode, cred: root(), flags: 1, max_entries: 2000, edge: 0 }, out);
        };
        let id = p::FuseReaddirReply::ID;
        self.link.drive(count, self.in_flight, id, &mut request, &mut |_, b| expect_ok("readdir", b))
    }

    fn rename(&mut self) -> Result<Vec<Duration>> {
        let dirs = &self.dirs;
        let mut request = |n: usize, msgid, out: &mut Vec<u8>| {
            send(&rename(msgid, dirs[n / PER_DIR], (&text("file", n), &text("name", n))), out);
        };
        let id = p::FuseRenameReply::ID;
        self.link.drive(self.count, self.in_flight, id, &mut request, &mut |_, b| expect_ok("rename", b))
    }

    /// Of ten requests four look names up, three get attributes, one creates, one renames, one removes. The kinds
    /// come in blocks of the pipeline's length, since each kind has an answer of its own.
    fn mixed(&mut self) -> Result<Vec<Duration>> {
        let tenth = self.count / 10;
        let step = self.in_flight.max(8);
        let mut times = Vec::new();
        let mut at = 0;
        while at < tenth {
            let n = step.min(tenth - at);
            times.extend(self.mixed_block(at, n)?);
            at += n;
        }
        Ok(times)
    }

    fn mixed_block(&mut self, at: usize, n: usize) -> Result<Vec<Duration>> {
        let (dirs, files, rng) = (&self.dirs, &self.files, &mut self.rng);
        // The first tenth is renamed, the last one removed; what is between stays.
        let (count, tenth) = (self.count, self.count / 10);
        let mut times = Vec::new();
        let flight = self.in_flight;
        let id = p::FuseLookupReply::ID;
        times.extend(self.link.drive(
            4 * n,
            flight,
            id,
            &mut |_, msgid, out| {
                let n = rng.usize(tenth..count - tenth);
                send(&lookup(msgid, dirs[n / PER_DIR], &text("name", n)), out);
            },
            &mut |_, b| expect_ok("lookup", b),
        )?);
        let id = p::FuseGetattrReply::ID;
        times.extend(self.link.drive(
            3 * n,
            flight,
            id,
            &mut |_, msgid, out| send(&getattr(msgid, files[rng.usize(tenth..count - tenth)]), out),
            &mut |_, b| expect_ok("getattr", b),
        )?);
        let id = p::FuseMknodReply::ID;
        times.extend(self.link.drive(
            n,
            flight,
            id,
            &mut |i, msgid, out| send(&mknod(msgid, dirs[0], &text("more", at + i)), out),
            &mut |_, b| expect_ok("mknod", b),
        )?);
        let id = p::FuseRenameReply::ID;
        times.extend(self.link.drive(
            n,
            flight,
            id,
            &mut |i, msgid, out| {
                let n = at + i;
                send(&rename(msgid, dirs[n / PER_DIR], (&text("name", n), &text("file", n))), out);
            },
            &mut |_, b| expect_ok("rename", b),
        )?);
        let id = p::FuseUnlinkReply::ID;
        times.extend(self.link.drive(
            n,
            flight,
            id,
            &mut |i, msgid, out| {
                let n = count - 1 - at - i;
                send(&unlink(msgid, dirs[n / PER_DIR], &text("name", n)), out);
            },
            &mut |_, b| expect_ok("unlink", b),
        )?);
        Ok(times)
    }

    fn unlink(&mut self) -> Result<Vec<Duration>> {
        let (dirs, tenth) = (&self.dirs, self.count / 10);
        let mut request = |n: usize, msgid, out: &mut Vec<u8>| {
            let stem = if n < tenth { "file" } else { "name" };
            send(&unlink(msgid, dirs[n / PER_DIR], &text(stem, n)), out);
        };
        let id = p::FuseUnlinkReply::ID;
        let left = self.count - tenth;
        self.link.drive(left, self.in_flight, id, &mut request, &mut |_, b| expect_ok("unlink", b))
    }

    /// Removes what is left, and `dir` itself.
    pub(super) fn clean(mut self, dir: &str) -> Result<()> {
        let (dirs, tenth) = (&self.dirs, self.count / 10);
        let id = p::FuseUnlinkReply::ID;
        let mut request = |n: usize, msgid, out: &mut Vec<u8>| {
            send(&unlink(msgid, dirs[0], &text("more", n)), out);
        };
        self.link.drive(tenth, 64, id, &mut request, &mut |_, b| expect_ok("unlink", b))?;
        for n in 0..self.dirs.len() {
            rmdir(&mut self.link, self.base, &text("dir", n))?;
        }
        rmdir(&mut self.link, types::ROOT, dir)?;
        self.link.close()
    }
}

fn rmdir(link: &mut Link, parent: Inode, dir: &str) -> Result<()> {
    let request = p::FuseRmdir { msgid: MsgId(0), parent, name: name(dir), cred: root() };
    expect_ok("rmdir", &link.call(&request, p::FuseRmdirReply::ID)?)
}
