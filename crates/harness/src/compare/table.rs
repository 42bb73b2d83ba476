//! Medians of several reports, side by side.

use anyhow::{Context, Result, ensure};
use bench::fs::{Report, Row, Unit};
use serde::Serialize;

/// All tests of all subjects.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// What was measured, the base of the ratios first.
    pub subjects: Vec<String>,
    /// One per test.
    pub lines: Vec<Line>,
    /// What the numbers depend on.
    pub note: String,
}

/// One test.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Name of the test.
    pub test: String,
    /// Threads.
    pub jobs: usize,
    /// Of the rates.
    pub unit: Unit,
    /// Median rate of each subject.
    pub medians: Vec<f64>,
    /// Each median divided by the first.
    pub ratios: Vec<f64>,
    /// Lowest and highest rate of each subject.
    pub spans: Vec<(f64, f64)>,
}

impl Comparison {
    /// Compares the rounds of each subject.
    pub fn new(reports: &[(String, Vec<Report>)]) -> Result<Comparison> {
        let first = reports.first().and_then(|(_, rounds)| rounds.first()).context("nothing was measured")?;
        let rows = |rounds: &[Report]| rounds.iter().map(|report| report.rows.clone()).collect();
        let rows: Vec<_> = reports.iter().map(|(name, rounds)| (name.clone(), rows(rounds))).collect();
        Comparison::of_rows(&rows, format!("cold: {}", first.cold))
    }

    /// Compares the rows of each round of each subject.
    pub fn of_rows(reports: &[(String, Vec<Vec<Row>>)], note: String) -> Result<Comparison> {
        let first = reports.first().and_then(|(_, rounds)| rounds.first()).context("nothing was measured")?;
        let mut lines = Vec::new();
        for (index, row) in first.iter().enumerate() {
            let mut medians = Vec::new();
            let mut spans = Vec::new();
            for (name, rounds) in reports {
                let mut rates = Vec::new();
                for rows in rounds {
                    let other = rows.get(index).with_context(|| format!("{name} lacks {}", row.test))?;
                    ensure!((&other.test, other.jobs) == (&row.test, row.jobs), "{name} ran other tests");
                    rates.push(other.rate);
                }
                rates.sort_by(f64::total_cmp);
                medians.push(median(&rates).with_context(|| format!("{name} was not measured"))?);
                spans.push((rates[0], rates[rates.len() - 1]));
            }
            let ratios = medians.iter().map(|rate| rate / medians[0]).collect();
            lines.push(Line {
                test: row.test.clone(),
                jobs: row.jobs,
                unit: row.unit,
                medians,
                ratios,
                spans,
            });
        }
        let subjects = reports.iter().map(|(name, _)| name.clone()).collect();
        Ok(Comparison { subjects, lines, note })
    }

    /// Aligned text: rates, then ratios to the first subject.
    pub fn table(&self) -> String {
        let mut text = format!("{}\n\n{:<34}{:>5} {:<6}", self.note, "median of each test", "jobs", "");
        for name in &self.subjects {
            text += &format!("{name:>13}");
        }
        for name in self.subjects.iter().skip(1) {
            text += &format!("{:>21}", format!("{name}/{}", self.subjects[0]));
        }
        for line in &self.lines {
            let unit = line.unit.label();
            text += &format!("\n{:<34}{:>5} {unit:<6}", line.test, line.jobs);
            for rate in &line.medians {
                text += &if *rate < 100.0 { format!("{rate:>13.1}") } else { format!("{rate:>13.0}") };
            }
            for ratio in line.ratios.iter().skip(1) {
                text += &format!("{:>21}", format!("{ratio:.2}x"));
            }
        }
        text
    }
}

/// Of ascending numbers; none of none.
fn median(rates: &[f64]) -> Option<f64> {
    let middle = rates.len() / 2;
    match rates.len() {
        0 => None,
        n if n % 2 == 1 => Some(rates[middle]),
        _ => Some((rates[middle - 1] + rates[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rates: [f64; 2]) -> Report {
        let row = |test: &str, unit, rate| Row {
            test: test.into(),
            jobs: 1,
            rate,
            unit,
            operations: 1,
            seconds: 1.0,
            p50_us: 1.0,
            p99_us: 1.0,
        };
        Report {
            dir: String::new(),
            fs_type: String::new(),
            source: String::new(),
            files: 1,
            stream_mib: 1,
            cold: "dropped".into(),
            rows: vec![row("stat", Unit::OpsPerSecond, rates[0]), row("read", Unit::MibPerSecond, rates[1])],
        }
    }

    #[test]
    fn medians_and_ratios() {
        let stock = vec![report([100.0, 50.0]), report([1.0, 40.0]), report([120.0, 60.0])];
        let ours = vec![report([300.0, 25.0]), report([200.0, 25.0])];
        let comparison = Comparison::new(&[("stock".into(), stock), ("ours".into(), ours)]).unwrap();
        assert_eq!(comparison.lines[0].medians, [100.0, 250.0]);
        assert_eq!(comparison.lines[0].spans[0], (1.0, 120.0));
        assert_eq!(comparison.lines[1].ratios, [1.0, 0.5]);
        let table = comparison.table();
        assert!(table.contains("ours/stock") && table.contains("2.50x"), "{table}");
        let widths: Vec<_> = table.lines().skip(2).map(str::len).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
        assert!(Comparison::new(&[("stock".into(), vec![])]).is_err());
    }
}
