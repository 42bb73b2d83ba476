//! Chart data as tables.

use super::chart_series::{Column, Daemon};
use super::{Blocks, SectionError};
use crate::options::{Chart, Set};
use crate::source::Source;
use crate::table::{Block, Cell, Table, column};
use crate::text::chart_time;
use admin::{AskError, Connection};
use proto::info::{ChartData, ChartDataReply};
use std::collections::HashMap;
use std::net::SocketAddrV4;

/// Seconds of one sample, by range.
const STEPS: [u32; 4] = [60, 360, 1800, 86_400];
const NO_DATA: u64 = u64::MAX;

/// A column that was asked for.
struct Wanted {
    /// Whom to ask; `None` is the master that answers.
    server: Option<SocketAddrV4>,
    raw: bool,
    column: Column,
    /// As it was written.
    name: String,
}

/// `MC`
pub(super) fn master(source: &mut Source, set: &Set, chart: &Chart) -> Blocks {
    table(source, set, chart, Daemon::Master)
}

/// `CC`
pub(super) fn chunkservers(source: &mut Source, set: &Set, chart: &Chart) -> Blocks {
    table(source, set, chart, Daemon::Chunkserver)
}

fn table(source: &mut Source, set: &Set, chart: &Chart, daemon: Daemon) -> Blocks {
    let wanted = chart.columns.iter().map(|spec| parse(spec, daemon)).collect::<Result<Vec<_>, _>>()?;
    let range = set.mode.min(3);
    let mut columns = vec![column("time", &["host/port ->", "Time"]).center()];
    let mut samples = Vec::new();
    for one in &wanted {
        let server = one.server.map_or_else(|| "leader".to_owned(), |server| server.to_string());
        columns.push(column(one.name.clone(), &[&server, one.column.head]));
        samples.push(ask(source, one, range, chart.rows)?);
    }
    let title = match daemon {
        Daemon::Master => "Master chart data",
        Daemon::Chunkserver => "Chunkserver chart data",
    };
    let mut table = Table::new(title, title, columns);
    let mut times: Vec<i64> = samples.iter().flat_map(HashMap::keys).copied().collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.dedup();
    let seconds = f64::from(STEPS[range as usize]);
    for time in times.into_iter().take(chart.rows as usize) {
        let mut row = vec![Cell::text(chart_time(time))];
        row.extend(wanted.iter().zip(&samples).map(|(one, samples)| match samples.get(&time) {
            Some(Some(sample)) => Cell::text(one.column.shown(*sample, seconds, one.raw)).json(*sample),
            _ => Cell::none("-"),
        }));
        table.rows.push(row);
    }
    if set.reverse {
        table.rows.reverse();
    }
    Ok(vec![Block::Table(table)])
}

/// `[host:[port:]][+]name`
fn parse(spec: &str, daemon: Daemon) -> Result<Wanted, SectionError> {
    let unknown = |name: &str| {
        let daemon = if daemon == Daemon::Master { "master" } else { "chunkserver" };
        SectionError::NotThere(format!("Unknown {daemon} chart name: {name}"))
    };
    let (place, last) = spec.rsplit_once(':').map_or((None, spec), |(place, last)| (Some(place), last));
    // The plus may stand before the host too.
    let (place, early_plus) = match place {
        Some(place) => (Some(place.strip_prefix('+').unwrap_or(place)), place.starts_with('+')),
        None => (None, false),
    };
    let name = last.strip_prefix('+').unwrap_or(last);
    let column = daemon.column(name).ok_or_else(|| unknown(name))?;
    let port = if daemon == Daemon::Master { 9421 } else { 9422 };
    let server = match place.and_then(admin::host_and_port) {
        Some((Some(host), own_port)) => {
            let ip = admin::addresses(host).into_iter().next();
            let ip = ip.ok_or_else(|| SectionError::NotThere(format!("Can't find {host}")))?;
            Some(SocketAddrV4::new(ip, own_port.unwrap_or(port)))
        }
        _ if daemon == Daemon::Chunkserver => {
            let text = "in chunkserver chart data server ip/host must be specified";
            return Err(SectionError::NotThere(text.into()));
        }
        _ => None,
    };
    Ok(Wanted { server, raw: early_plus || last.starts_with('+'), column, name: spec.to_owned() })
}

/// Samples by time, `None` where none is known; of several series the sum where all are known.
fn ask(source: &mut Source, wanted: &Wanted, range: u32, rows: u32) -> Result<Samples, AskError> {
    let mut server = wanted.server.map(Connection::new);
    let mut sums = Samples::new();
    for (i, series) in wanted.column.series.iter().enumerate() {
        let question = ChartData { chart: series * 10 + range, max_entries: Some(rows) };
        let reply: ChartDataReply<'_> = match &mut server {
            Some(server) => server.ask(&question)?,
            None => source.ask(&question)?,
        };
        let Some((newest, samples)) = reply.data else { return Ok(Samples::new()) };
        let step = i64::from(STEPS[range as usize]);
        // A master that has recorded nothing yet begins at 0 and goes on before it.
        let times = (0..).map(|back: i64| i64::from(newest) - back * step);
        for (time, sample) in times.zip(samples.list.iter()) {
            let sample = (sample != NO_DATA).then_some(sample);
            let sum = sums.entry(time).or_insert(if i == 0 { Some(0) } else { None });
            *sum = sum.zip(sample).map(|(sum, sample)| sum.saturating_add(sample));
        }
    }
    Ok(sums)
}

/// By time.
type Samples = HashMap<i64, Option<u64>>;
