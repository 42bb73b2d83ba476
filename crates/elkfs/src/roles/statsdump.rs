//! `mfsstatsdump` and `mfscsstatsdump`: the charts that a daemon keeps on disk, as text or pictures (`spec/tools.md` 13).

use anyhow::{Context as _, bail};
use charts::{Axis, CHUNKSERVER, ChartId, Charts, MASTER, NO_DATA, Range, SAMPLES, Table};
use clap::Parser;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Shows the charts that a daemon keeps on disk
#[derive(Parser)]
#[command(disable_help_flag = true, version)]
struct Args {
    /// Names of series, separated by commas; * is all
    #[arg(short)]
    fields: String,
    /// The file; else that of the daemon in /var/lib/mfs
    #[arg(short)]
    input: Option<PathBuf>,
    /// Which samples: 0 minutes, 1 of six minutes, 2 half hours, 3 days
    #[arg(short, default_value_t = 0)]
    range: u32,
    /// What stands between columns
    #[arg(short, default_value = "\t")]
    separator: String,
    /// A picture for each series instead, named NAME_FIELD.png
    #[arg(short)]
    png: Option<String>,
    /// Width of pictures
    #[arg(short = 'x', default_value_t = 1600)]
    width: u16,
    /// Height of pictures
    #[arg(short = 'y', default_value_t = 320)]
    height: u16,
    /// Numbers with binary prefixes
    #[arg(short = 'h')]
    binary: bool,
    /// Numbers with decimal prefixes
    #[arg(short = 'H')]
    decimal: bool,
    /// Dates instead of Unix times
    #[arg(short = 'd')]
    dates: bool,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

/// A column: one series, or two that are one chart.
struct Field {
    name: &'static str,
    number: usize,
    axis: Axis,
    /// Of two the second is part of the first, so that the first says it all.
    parts: Vec<usize>,
}

/// Of the master's file.
pub(crate) fn master(args: Vec<OsString>) -> ExitCode {
    main("mfsstatsdump", args, MASTER, "/var/lib/mfs/stats.mfs")
}

/// Of a chunkserver's file.
pub(crate) fn chunkserver(args: Vec<OsString>) -> ExitCode {
    main("mfscsstatsdump", args, CHUNKSERVER, "/var/lib/mfs/csstats.mfs")
}

fn main(name: &str, args: Vec<OsString>, table: Table, file: &str) -> ExitCode {
    let args = Args::parse_from(std::iter::once(name.into()).chain(args));
    match dump(&args, table, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error)
            if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) =>
        {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dump(args: &Args, table: Table, file: &str) -> anyhow::Result<()> {
    let path = args.input.clone().unwrap_or_else(|| file.into());
    let bytes = std::fs::read(&path).with_context(|| format!("can't read {}", path.display()))?;
    let charts = Charts::from_file(&bytes, table).with_context(|| path.display().to_string())?;
    let range = Range::new(args.range).context("a range is 0, 1, 2 or 3")?;
    let fields = fields(&args.fields, table);
    if fields.is_empty() {
        bail!("none of these series is there, see * for all");
    }
    match &args.png {
        Some(name) => pictures(args, name, &charts, table, &fields),
        None => Ok(text(args, &charts, range, &fields)?),
    }
}

/// The fields of these names; unknown ones are told.
fn fields(names: &str, table: Table) -> Vec<Field> {
    let single = table.series.iter().enumerate().map(|(number, series)| Field {
        name: series.name,
        number,
        axis: series.axis,
        parts: vec![number],
    });
    let combined = table.combined.iter().enumerate().map(|(i, chart)| Field {
        name: chart.name,
        number: 100 + i,
        axis: table.series[chart.layers[0]].axis,
        parts: if chart.above { vec![chart.layers[0]] } else { chart.layers.to_vec() },
    });
    let mut all: Vec<Option<Field>> = single.chain(combined).map(Some).collect();
    if names == "*" {
        return all.into_iter().flatten().collect();
    }
    let take = |name: &str| {
        let at = all.iter().position(|field| field.as_ref().is_some_and(|field| field.name == name));
        if at.is_none() {
            eprintln!("statistic '{name}' not found");
        }
        all[at?].take()
    };
    names.split(',').filter_map(take).collect()
}

fn text(args: &Args, charts: &Charts, range: Range, fields: &[Field]) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let head =
        std::iter::once(if args.dates { "date" } else { "timestamp" }).chain(fields.iter().map(|f| f.name));
    writeln!(out, "{}", head.collect::<Vec<_>>().join(&args.separator))?;
    let series = |number| charts.data(ChartId::Series(number, range), SAMPLES);
    let columns: Vec<Vec<Vec<u64>>> = fields
        .iter()
        .map(|field| field.parts.iter().filter_map(|part| Some(series(*part)?.1.collect())).collect())
        .collect();
    let begin = series(0).map_or(0, |(begin, _)| begin);
    for back in (0..SAMPLES).rev() {
        let time = i64::from(begin) - back as i64 * 60 * i64::from(range.minutes());
        write!(out, "{}", if args.dates { date(time) } else { time.to_string() })?;
        for (field, parts) in fields.iter().zip(&columns) {
            let samples = parts.iter().map(|samples| Some(samples[back]).filter(|sample| *sample != NO_DATA));
            let sum = samples.sum::<Option<u64>>();
            let shown =
                sum.map_or_else(|| "-".into(), |sample| shown(args, field.axis, sample, range.minutes()));
            write!(out, "{}{shown}", args.separator)?;
        }
        writeln!(out)?;
    }
    out.flush()
}

fn shown(args: &Args, axis: Axis, sample: u64, minutes: u32) -> String {
    let value = axis.value(sample, minutes);
    let unit = if axis == Axis::Percent { "%" } else { "" };
    if args.decimal {
        scaled(value, 1000.0, &["u", "m", "", "k", "M", "G", "T", "P", "E"], 2) + unit
    } else if args.binary {
        scaled(value, 1024.0, &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"], 0) + unit
    } else {
        format!("{value:.6}{unit}")
    }
}

/// With the prefix that leaves a number from 1 on; `one` is the place of no prefix.
fn scaled(value: f64, base: f64, prefixes: &[&str], one: i32) -> String {
    let mut value = value * base.powi(one);
    let mut prefixes = prefixes.iter().peekable();
    let mut prefix = prefixes.next().copied().unwrap_or_default();
    while let Some(next) = prefixes.next_if(|_| value >= base) {
        value /= base;
        prefix = next;
    }
    format!("{value:.2}{prefix}")
}

/// A time that is local already.
fn date(local: i64) -> String {
    let time = jiff::Timestamp::from_second(local).unwrap_or_default();
    time.to_zoned_datetime(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}

fn pictures(args: &Args, name: &str, charts: &Charts, table: Table, fields: &[Field]) -> anyhow::Result<()> {
    let stem = name.strip_suffix(".png").unwrap_or(name);
    for field in fields {
        let id = ChartId::parse(field.number as u32 * 10 + args.range, table);
        let png = charts::picture(charts, id, Some((args.width, args.height)));
        let path = format!("{stem}_{}.png", field.name);
        std::fs::write(&path, png).with_context(|| format!("can't write {path}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(0), "1970-01-01 00:00");
        assert_eq!(date(-60), "1969-12-31 23:59");
        assert_eq!(date(1_795_582_740), "2026-11-25 04:59");
    }

    /// What stock showed of the same samples.
    #[test]
    fn numbers_as_stock_shows_them() {
        let args = |more: &[&str]| Args::parse_from(["x", "-f", "*"].iter().chain(more));
        let (plain, binary, decimal) = (args(&[]), args(&["-h"]), args(&["-H"]));
        for (axis, sample, want) in [
            (Axis::Percent, 196_970, ["0.328283%", "0.33%", "328.28m%"]),
            (Axis::Level, 791_683_072, ["791683072.000000", "755.01Mi", "791.68M"]),
            (Axis::BitsPerSecond, 260, ["34.666667", "34.67", "34.67"]),
            (Axis::PerMinute, 0, ["0.000000", "0.00", "0.00u"]),
            (Axis::PerSecond, 22, ["0.366667", "0.37", "366.67m"]),
        ] {
            assert_eq!([&plain, &binary, &decimal].map(|args| shown(args, axis, sample, 1)), want);
        }
    }
}
