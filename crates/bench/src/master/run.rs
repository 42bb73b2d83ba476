//! One whole measurement.

use super::args::{MasterArgs, Shape};
use super::link::Link;
use super::worker::{Load, Test, Worker};
use crate::fs::Row;
use crate::timing::{Done, Timing};
use anyhow::{Context, Result};
use serde::Serialize;
use std::io::{self, Write};
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The result of a run.
#[derive(Debug, Clone, Serialize)]
pub struct MasterReport {
    /// Which master.
    pub master: String,
    /// Files per test.
    pub files: usize,
    /// One per shape and test; `jobs` is the number of requests in flight on all connections together.
    pub rows: Vec<Row>,
}

/// Runs `elkfs bench master`: measures, and prints rows as they come, or JSON at the end.
pub fn run(args: &MasterArgs) -> Result<()> {
    if !args.json {
        println!("{}:{}, {} files per test\n\n{}", args.host, args.port, args.files, Row::columns());
    }
    let report = measure(args, &mut |row| {
        if !args.json {
            let mut out = io::stdout().lock();
            writeln!(out, "{}", row.line())?;
            out.flush()?;
        }
        Ok(())
    })?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report).context("write JSON")?);
    }
    Ok(())
}

/// Measures the master; `on_row` sees each row as soon as it is there.
pub fn measure(args: &MasterArgs, on_row: &mut dyn FnMut(&Row) -> Result<()>) -> Result<MasterReport> {
    args.check()?;
    let mut rows = Vec::new();
    for shape in &args.shapes {
        measure_shape(args, *shape, &mut |row| {
            on_row(&row)?;
            rows.push(row);
            Ok(())
        })?;
    }
    Ok(MasterReport { master: format!("{}:{}", args.host, args.port), files: args.files, rows })
}

/// A directory that nobody else has.
fn directory(index: usize) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("elkfs-bench-{}-{}-{index}", std::process::id(), since.as_nanos())
}

fn measure_shape(args: &MasterArgs, shape: Shape, on_row: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
    let mut workers = Vec::new();
    for index in 0..shape.connections {
        let (link, dir) = (Link::connect(&args.host, args.port)?, directory(index));
        let load = Load {
            count: args.files / shape.connections,
            listings: (args.listings / shape.connections).max(1),
            in_flight: shape.in_flight,
        };
        workers.push((Worker::new(link, &dir, load)?, dir));
    }
    for test in Test::ALL {
        let timing = timed(&mut workers, test)?;
        let jobs = shape.connections * shape.in_flight;
        on_row(Row::new(test.name(), jobs, &timing, Done::Operations(timing.each.len())))?;
    }
    workers.into_iter().try_for_each(|(worker, dir)| worker.clean(&dir))
}

/// Runs a test on all connections at once.
fn timed(workers: &mut [(Worker, String)], test: Test) -> Result<Timing> {
    let barrier = Barrier::new(workers.len());
    let each = Mutex::new(Vec::new());
    let spans = std::thread::scope(|scope| {
        let threads: Vec<_> = workers
            .iter_mut()
            .map(|(worker, _)| {
                let (barrier, each) = (&barrier, &each);
                scope.spawn(move || -> Result<(Instant, Instant)> {
                    barrier.wait();
                    let start = Instant::now();
                    let times = worker.run(test)?;
                    let end = Instant::now();
                    each.lock().unwrap_or_else(PoisonError::into_inner).extend(times);
                    Ok((start, end))
                })
            })
            .collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        threads.into_iter().map(join).collect::<Result<Vec<_>>>()
    })?;
    let start = spans.iter().map(|(start, _)| *start).min();
    let end = spans.iter().map(|(_, end)| *end).max();
    let wall = start.zip(end).map_or(Duration::ZERO, |(start, end)| end - start);
    let mut each = each.into_inner().unwrap_or_else(PoisonError::into_inner);
    each.sort_unstable();
    Ok(Timing { wall, each })
}
