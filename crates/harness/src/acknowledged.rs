//! Clients of a master that remember what it acknowledged, over its protocol: for tests that kill it often.

use anyhow::{Context, Result, bail, ensure};
use bench::master::requests::{lookup, mkdir, mknod, rename, text, unlink};
use bench::master::{Link, expect_ok, inode_of};
use proto::client_master as p;
use proto::{Packet, encode_frame};
use types::{Inode, MsgId, Status};

/// How many files are made, renamed and removed in one go.
const BURST: usize = 48;
/// Requests in flight.
const IN_FLIGHT: usize = 16;

/// What became of a file: it was made, then renamed if its number leaves 1 or 3 when divided by 4, then removed if it
/// leaves 2 or 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    None,
    Made,
    Renamed,
    Removed,
}

/// One client: its directory, and for each of its files the last stage that was acknowledged, and that was asked for.
#[derive(Debug)]
pub struct Client {
    dir: Inode,
    files: Vec<(Stage, Stage)>,
    /// Files before this one were found as they should be, with nothing in flight any more.
    checked: usize,
}

fn renames(n: usize) -> bool {
    n % 2 == 1
}

fn removes(n: usize) -> bool {
    n % 4 >= 2
}

/// What a file is called: before and after it is renamed.
fn names(n: usize) -> [String; 2] {
    [text("made", n), text("renamed", n)]
}

impl Client {
    /// Makes a directory for the client.
    pub fn new(link: &mut Link, index: usize) -> Result<Client> {
        let name = format!("client-{index}");
        let body = link.call(&mkdir(MsgId(0), types::ROOT, &name), p::FuseMkdirReply::ID)?;
        expect_ok("mkdir", &body)?;
        Ok(Client { dir: inode_of(&body)?, files: Vec::new(), checked: 0 })
    }

    /// How many changes were acknowledged.
    pub fn acknowledged(&self) -> usize {
        let steps = |(n, (done, _)): (usize, &(Stage, Stage))| match done {
            Stage::None => 0,
            Stage::Made => 1,
            Stage::Renamed => 2,
            Stage::Removed => 2 + usize::from(renames(n)),
        };
        self.files.iter().enumerate().map(steps).sum()
    }

    /// Works until the master is gone. An error if it refuses anything.
    pub fn work(&mut self, link: &mut Link) -> Result<()> {
        loop {
            let first = self.files.len();
            self.files.resize(first + BURST, (Stage::None, Stage::None));
            let all: Vec<usize> = (first..first + BURST).collect();
            let kept =
                |which: fn(usize) -> bool| all.iter().copied().filter(|n| which(*n)).collect::<Vec<_>>();
            let gone = self.step(link, &all, Stage::Made)?
                || self.step(link, &kept(renames), Stage::Renamed)?
                || self.step(link, &kept(removes), Stage::Removed)?;
            if gone {
                return Ok(());
            }
        }
    }

    /// One kind of change to some files; true when the connection is gone.
    fn step(&mut self, link: &mut Link, which: &[usize], to: Stage) -> Result<bool> {
        let (dir, files) = (self.dir, std::cell::RefCell::new(&mut self.files));
        let answer_id = match to {
            Stage::Renamed => p::FuseRenameReply::ID,
            Stage::Removed => p::FuseUnlinkReply::ID,
            Stage::Made | Stage::None => p::FuseMknodReply::ID,
        };
        let mut refused = None;
        let done = link.drive(
            which.len(),
            IN_FLIGHT,
            answer_id,
            &mut |i, msgid, out| {
                let n = which[i];
                files.borrow_mut()[n].1 = to;
                let [made, renamed] = names(n);
                match to {
                    Stage::Renamed => encode_frame(&rename(msgid, dir, (&made, &renamed)), out),
                    Stage::Removed => {
                        encode_frame(&unlink(msgid, dir, if renames(n) { &renamed } else { &made }), out);
                    }
                    Stage::Made | Stage::None => encode_frame(&mknod(msgid, dir, &made), out),
                }
            },
            &mut |i, body| {
                if let Err(error) = expect_ok("change", body) {
                    refused = Some(format!("{to:?} of file {}: {error}", which[i]));
                    bail!("refused");
                }
                files.borrow_mut()[which[i]].0 = to;
                Ok(())
            },
        );
        match refused {
            Some(what) => bail!(what),
            None => Ok(done.is_err()),
        }
    }

    /// Compares what is there with what was acknowledged: at least that, and at most what was asked for. Of requests
    /// without an answer those that took effect must be the first ones: a change is never there without all before it.
    pub fn verify(&mut self, link: &mut Link, all: bool) -> Result<()> {
        let from = if all { 0 } else { self.checked };
        let mut found = vec![[false; 2]; self.files.len() - from];
        for (which, kind) in [0, 1].into_iter().zip(["made", "renamed"]) {
            let dir = self.dir;
            link.drive(
                found.len(),
                64,
                p::FuseLookupReply::ID,
                &mut |i, msgid, out| encode_frame(&lookup(msgid, dir, &text(kind, from + i)), out),
                &mut |i, body| {
                    ensure!(
                        body.len() > 1 || body == [Status::ENOENT.0],
                        "lookup of {kind} {}: {body:?}",
                        from + i
                    );
                    found[i][which] = body.len() > 1;
                    Ok(())
                },
            )
            .context("look for what should be there")?;
        }
        // Whether a request without answer, in the order they were sent, had no effect.
        let mut lost_before = false;
        let mut in_flight: Vec<(Stage, usize, bool)> = Vec::new();
        for (i, found) in found.iter().enumerate() {
            let n = from + i;
            let (done, asked) = self.files[n];
            let is = match found {
                [true, true] => bail!("file {n} has both names"),
                [true, false] => Stage::Made,
                [false, true] => Stage::Renamed,
                [false, false] if done == Stage::None && asked < Stage::Removed => Stage::None,
                [false, false] => Stage::Removed,
            };
            ensure!(is >= done, "file {n}: {done:?} was acknowledged, {is:?} is found");
            ensure!(is <= asked, "file {n}: only {asked:?} was asked for, {is:?} is found");
            if done != asked {
                in_flight.push((asked, n, is == asked));
            }
            self.files[n] = (is, is);
        }
        in_flight.sort();
        for (asked, n, happened) in in_flight {
            ensure!(!(happened && lost_before), "{asked:?} of file {n} is there, an earlier change is not");
            lost_before |= !happened;
        }
        self.checked = self.files.len();
        Ok(())
    }
}
