//! The tests, one after the other.

use super::ChunkserverArgs;
use super::io;
use super::master::Server;
use super::report::{Measured, Unit};
use anyhow::{Context, Result};
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const MIB_PER_CHUNK: f64 = 64.0;
/// Ids of chunks that are copied, far from the others.
const COPIES: u64 = 1 << 40;

/// Streams and small requests with each number of connections. Leaves no chunk behind.
pub(super) fn all(servers: &mut [Server], args: &ChunkserverArgs, pids: &[u32]) -> Result<Vec<Measured>> {
    let mut rows = Vec::new();
    for connections in args.connections.iter().copied().filter(|n| *n > 0) {
        let each = (args.chunks / connections).max(1);
        let ids: Vec<u64> = (1..=(connections * each) as u64).collect();
        servers.iter().try_for_each(|server| server.create(&ids))?;
        let chain: Vec<_> = servers.iter().map(|server| server.addr).collect();
        let test = Test { chain, ids: ids.chunks(each).map(Into::into).collect(), pids };
        rows.extend(test.streams()?);
        rows.extend(test.small(args)?);
        if let [first, second, ..] = servers {
            rows.push(test.read_beside_replication(first, second)?);
        }
        servers.iter().try_for_each(|server| server.delete(&ids))?;
    }
    Ok(rows)
}

struct Test<'a> {
    chain: Vec<SocketAddrV4>,
    /// Chunks of each connection.
    ids: Vec<Vec<u64>>,
    pids: &'a [u32],
}

impl Test<'_> {
    fn streams(&self) -> Result<Vec<Measured>> {
        let mib = MIB_PER_CHUNK * self.ids.iter().map(Vec::len).sum::<usize>() as f64;
        let chain = &self.chain;
        Ok(vec![
            self.measure("chained write, new blocks", Unit::MibPerSecond, mib, |ids, _| {
                io::write(chain, ids)
            })?,
            self.measure("chained write, over old", Unit::MibPerSecond, mib, |ids, _| io::write(chain, ids))?,
            self.measure("read", Unit::MibPerSecond, mib, |ids, _| io::read(chain[0], ids))?,
        ])
    }

    fn small(&self, args: &ChunkserverArgs) -> Result<Vec<Measured>> {
        let (chain, n) = (&self.chain, self.ids.len() as f64);
        let (reads, writes) = (args.small_reads, args.small_writes);
        Ok(vec![
            self.measure("random read, 4 KiB", Unit::OpsPerSecond, n * f64::from(reads), |ids, seed| {
                io::read_small(chain[0], ids, reads, seed)
            })?,
            self.measure(
                "session of one 4 KiB write",
                Unit::OpsPerSecond,
                n * f64::from(writes),
                |ids, _| io::write_small(chain, ids, writes),
            )?,
        ])
    }

    /// Clients read from the first server while the second fetches copies from it, eight at once, again and again.
    fn read_beside_replication(&self, first: &Server, second: &Server) -> Result<Measured> {
        let ids: Vec<u64> = (COPIES..COPIES + 8).collect();
        first.create(&ids)?;
        io::write(&[first.addr], &ids)?;
        let stop = AtomicBool::new(false);
        let row = std::thread::scope(|scope| {
            let copies = scope.spawn(|| -> Result<()> {
                while !stop.load(Ordering::Relaxed) {
                    second.replicate(&ids, first.addr)?;
                    second.delete(&ids)?;
                }
                Ok(())
            });
            let mib = 4.0 * MIB_PER_CHUNK * self.ids.iter().map(Vec::len).sum::<usize>() as f64;
            let name = "read, copies being fetched";
            let row = self.measure(name, Unit::MibPerSecond, mib, |ids, _| {
                (0..4).try_for_each(|_| io::read(self.chain[0], ids))
            });
            stop.store(true, Ordering::Relaxed);
            copies.join().expect("no panic").and(row)
        })?;
        first.delete(&ids)?;
        Ok(row)
    }

    /// Lets every connection do `work`; all together do `amount` of `unit`.
    fn measure(
        &self,
        test: &str,
        unit: Unit,
        amount: f64,
        work: impl Fn(&[u64], u32) -> Result<()> + Sync,
    ) -> Result<Measured> {
        let (cpu, start) = (cpu_seconds(self.pids)?, Instant::now());
        std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .ids
                .iter()
                .enumerate()
                .map(|(seed, ids)| {
                    let work = &work;
                    scope.spawn(move || work(ids, seed as u32 * 7919 + 1))
                })
                .collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
        })
        .with_context(|| test.to_owned())?;
        let seconds = start.elapsed().as_secs_f64();
        let cpu = cpu_seconds(self.pids)? - cpu;
        // Per GiB, or per 1,000 requests.
        let per = if unit == Unit::MibPerSecond { amount / 1024.0 } else { amount / 1000.0 };
        Ok(Measured {
            test: test.into(),
            connections: self.ids.len(),
            unit,
            value: amount / seconds,
            cpu: (!self.pids.is_empty()).then_some(cpu / per),
        })
    }
}

/// User and system time of processes.
fn cpu_seconds(pids: &[u32]) -> Result<f64> {
    let mut ticks = 0;
    for pid in pids {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .with_context(|| format!("times of process {pid}"))?;
        // The name in parentheses may hold anything; behind it fields are numbered from 3.
        let behind = stat.rsplit(')').next().unwrap_or_default();
        let mut fields = behind.split_whitespace().skip(11);
        for _ in 0..2 {
            ticks += fields.next().context("a line without times")?.parse::<u64>()?;
        }
    }
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}
