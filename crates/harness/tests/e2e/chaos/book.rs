//! What is broken now, and what may be broken next: never the last good copy of anything.

use super::harm::Harm;
use anyhow::{Context, Result, ensure};
use harness::{ChunkFile, Cluster, Part, Random};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Servers in trouble at the same time, at most: with goal 2 data may be out of reach, but never for long.
const AT_ONCE: usize = 2;
/// A flipped bit must be found and the copy replaced within this.
const FLIP_HEALS: Duration = Duration::from_secs(150);

/// What is not seen in so many looks is gone.
const LOOKS: usize = 5;
/// Between two failures of disks.
const FAILURES: Duration = Duration::from_secs(12);

/// A bit that was flipped. Until the chunk is as it should be again its other copies are guarded.
struct Flip {
    chunk: u64,
    server: usize,
    guarded: Vec<usize>,
    since: Instant,
    copies: usize,
}

pub(super) struct Book {
    random: Random,
    start: Instant,
    next: Instant,
    /// When the next disk fails: until it has, nothing else begins, so that all is well at that moment.
    next_failure: Instant,
    /// Per server: what it suffers, and until when.
    harms: Vec<Option<(Harm, Instant)>>,
    /// A disk has failed, and the cluster was not at full goal since.
    destroyed: bool,
    flips: Vec<Flip>,
    /// Chunks nobody writes, and how many copies they should have.
    known: BTreeMap<u64, usize>,
    story: Vec<String>,
}

impl Book {
    /// To be made while there are no chunks but those of files that will not be written any more, all at their goals.
    pub(super) fn new(cluster: &Cluster, random: Random) -> Result<Book> {
        let servers = cluster.chunkserver_count();
        let mut known = BTreeMap::new();
        for server in 0..servers {
            for file in ChunkFile::list(&cluster.disk(server))? {
                *known.entry(file.id).or_default() += 1;
            }
        }
        let now = Instant::now();
        let harms = vec![None; servers];
        Ok(Book {
            random,
            start: now,
            next: now,
            next_failure: now + FAILURES,
            harms,
            destroyed: false,
            flips: vec![],
            known,
            story: vec![],
        })
    }

    fn tell(&mut self, what: String) {
        self.story.push(format!("{:>7.2} {what}", self.start.elapsed().as_secs_f64()));
    }

    pub(super) fn story(&self) -> String {
        self.story.join("\n")
    }

    /// Ends what is over, and begins something now and then.
    pub(super) fn step(&mut self, cluster: &mut Cluster) -> Result<()> {
        let now = Instant::now();
        for server in 0..self.harms.len() {
            if self.harms[server].is_some_and(|(_, until)| until <= now) {
                self.end(cluster, server)?;
            }
        }
        self.look_at_flips(cluster)?;
        if self.destroyed && !self.harms.iter().flatten().any(|(harm, _)| harm.destroys()) {
            self.destroyed = !cluster.matrix()?.is_at_goal();
        }
        if now >= self.next {
            self.next = now + Duration::from_millis(300 + self.random.below(1500));
            self.begin(cluster)?;
        }
        Ok(())
    }

    fn end(&mut self, cluster: &mut Cluster, server: usize) -> Result<()> {
        if let Some((harm, _)) = self.harms[server].take() {
            self.tell(format!("{server}: end of {harm:?}"));
            harm.end(cluster, server).with_context(|| format!("end {harm:?} of {server}"))?;
        }
        Ok(())
    }

    pub(super) fn end_all(&mut self, cluster: &mut Cluster) -> Result<()> {
        (0..self.harms.len()).try_for_each(|server| self.end(cluster, server))
    }

    fn begin(&mut self, cluster: &mut Cluster) -> Result<()> {
        let server = self.random.below(self.harms.len() as u64) as usize;
        let kind = self.random.below(Harm::OFTEN.len() as u64 + 1) as usize;
        if Instant::now() >= self.next_failure && Harm::Failed.suits(cluster.chunkserver(server).make()) {
            return self.fail(cluster, server);
        }
        let Some(harm) = Harm::OFTEN.get(kind).copied() else { return self.flip(cluster, server) };
        let guarded = self.flips.iter().any(|flip| flip.server == server || flip.guarded.contains(&server));
        let troubled = self.harms.iter().flatten().count();
        let suits = harm.suits(cluster.chunkserver(server).make());
        if self.harms[server].is_some() || guarded || troubled >= AT_ONCE || !suits {
            return Ok(());
        }
        self.harm(cluster, server, harm)
    }

    /// Data may be lost: only when all else is there, and nothing is known to be in danger.
    fn fail(&mut self, cluster: &mut Cluster, server: usize) -> Result<()> {
        let trouble = self.harms.iter().flatten().count() + self.flips.len();
        if self.destroyed || trouble > 0 || !cluster.matrix()?.is_at_goal() {
            return Ok(());
        }
        self.destroyed = true;
        self.next_failure = Instant::now() + FAILURES;
        self.harm(cluster, server, Harm::Failed)
    }

    fn harm(&mut self, cluster: &mut Cluster, server: usize, harm: Harm) -> Result<()> {
        let (short, long) = harm.range();
        let spread = (long - short).as_millis() as u64;
        let lasts = short + Duration::from_millis(self.random.below(spread));
        self.tell(format!("{server}: {harm:?} for {:.1} s", lasts.as_secs_f64()));
        harm.begin(cluster, server).with_context(|| format!("begin {harm:?} of {server}"))?;
        self.harms[server] = Some((harm, Instant::now() + lasts));
        Ok(())
    }

    /// Flips a bit of a copy of a chunk that has another good one on a healthy server.
    fn flip(&mut self, cluster: &mut Cluster, server: usize) -> Result<()> {
        let ours = Harm::Killed.suits(cluster.chunkserver(server).make());
        let part = [Part::Data, Part::Data, Part::Checksums, Part::Header][self.random.below(4) as usize];
        let (pick, bit) = (self.random.below(1 << 32), self.random.below(1 << 40));
        if self.destroyed || self.harms[server].is_some() || !(ours || part == Part::Data) {
            return Ok(());
        }
        let here = self.known_copies(cluster, server)?;
        let Some(file) = here.get(pick as usize % here.len().max(1)) else { return Ok(()) };
        let good = self.good_copies(cluster, file.id)?;
        let others: Vec<usize> = good.iter().copied().filter(|other| *other != server).collect();
        let healthy = others.iter().all(|other| self.harms[*other].is_none());
        // With one copy too many the master, who does not know, might give up a good one for the bad one.
        let at_goal = self.known.get(&file.id) == Some(&good.len()) && good.contains(&server);
        if self.flips.iter().any(|flip| flip.chunk == file.id) || !at_goal || others.is_empty() || !healthy {
            return Ok(());
        }
        self.tell(format!("{server}: a bit of the {part:?} of chunk {:X}, others on {others:?}", file.id));
        file.flip(part, bit)?;
        if part != Part::Data {
            // Else what the server has in memory would be used until nobody reads the chunk any more.
            self.harm(cluster, server, Harm::Killed)?;
        }
        let since = Instant::now();
        self.flips.push(Flip { chunk: file.id, server, guarded: others, since, copies: good.len() });
        Ok(())
    }

    fn known_copies(&self, cluster: &Cluster, server: usize) -> Result<Vec<ChunkFile>> {
        let mut files = ChunkFile::list(&cluster.disk(server))?;
        files.retain(|file| self.known.contains_key(&file.id));
        files.sort_by_key(|file| file.id);
        Ok(files)
    }

    /// Servers with a good copy of a known chunk in its newest version. Those whose disk has failed are left out.
    fn good_copies(&self, cluster: &Cluster, chunk: u64) -> Result<Vec<usize>> {
        let mut good = Vec::new();
        for server in 0..self.harms.len() {
            if self.harms[server].is_some_and(|(harm, _)| harm.destroys()) {
                continue;
            }
            let files = ChunkFile::list(&cluster.disk(server))?;
            let copies = files.into_iter().filter(|file| file.id == chunk && file.blocks().is_ok());
            good.extend(copies.map(|file| (file.version, server)));
        }
        let newest = good.iter().map(|(version, _)| *version).max();
        Ok(good
            .into_iter()
            .filter(|(version, _)| Some(*version) == newest)
            .map(|(_, server)| server)
            .collect())
    }

    /// Flips are over when there are as many good copies as before.
    fn look_at_flips(&mut self, cluster: &Cluster) -> Result<()> {
        let mut left = Vec::new();
        for flip in std::mem::take(&mut self.flips) {
            let good = self.good_copies(cluster, flip.chunk)?;
            let age = flip.since.elapsed();
            if good.len() >= flip.copies {
                self.tell(format!(
                    "{}: chunk {:X} is whole after {:.1} s",
                    flip.server,
                    flip.chunk,
                    age.as_secs_f64()
                ));
                continue;
            }
            ensure!(
                self.still_exists(cluster, &good, flip.chunk)?,
                "no good copy of chunk {:X} is left",
                flip.chunk
            );
            ensure!(
                age < FLIP_HEALS,
                "the flipped bit of chunk {:X} on {} was not healed",
                flip.chunk,
                flip.server
            );
            left.push(flip);
        }
        self.flips = left;
        Ok(())
    }

    /// Servers are looked at one after the other: a copy that moves meanwhile may be seen on neither. Looking again hides
    /// nothing, since what is lost does not come back.
    fn still_exists(&mut self, cluster: &Cluster, good: &[usize], chunk: u64) -> Result<bool> {
        let mut found = !good.is_empty();
        for look in 1..LOOKS {
            if found {
                break;
            }
            self.tell(format!("chunk {chunk:X} was not seen, look {look}"));
            std::thread::sleep(Duration::from_millis(300));
            found = !self.good_copies(cluster, chunk)?.is_empty();
        }
        Ok(found)
    }

    /// Waits for the last of them.
    pub(super) fn all_healed(&mut self, cluster: &Cluster) -> Result<()> {
        harness::until("flipped bits healed", FLIP_HEALS, || {
            self.look_at_flips(cluster)?;
            Ok(self.flips.is_empty())
        })
    }
}
