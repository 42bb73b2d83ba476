//! Results, as a table and as JSON.

use serde::Serialize;

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// 1,048,576 bytes per second; processor seconds are per GiB.
    #[serde(rename = "MiB/s")]
    MibPerSecond,
    /// Requests per second; processor seconds are per 1,000.
    #[serde(rename = "ops/s")]
    OpsPerSecond,
    /// Seconds; less is better.
    #[serde(rename = "s")]
    Seconds,
}

impl Unit {
    fn text(self) -> &'static str {
        match self {
            Unit::MibPerSecond => "MiB/s",
            Unit::OpsPerSecond => "/s",
            Unit::Seconds => "s",
        }
    }
}

/// One test of one kind of server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// What was done.
    pub test: String,
    /// Connections at once; 0 where there were none.
    pub connections: usize,
    /// What `value` counts.
    pub unit: Unit,
    /// The rate, or the time.
    pub value: f64,
    /// Processor seconds of all servers together, per GiB or per 1,000 requests, if the servers run here.
    pub cpu: Option<f64>,
}

/// A test of stock and of ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    stock: Option<Measured>,
    ours: Measured,
    /// How many times better ours is.
    ratio: Option<f64>,
    /// Our processor time as a part of stock's.
    cpu_ratio: Option<f64>,
}

/// All tests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// One kind of server only.
    pub(super) fn single(rows: Vec<Measured>) -> Report {
        let row = |ours| Row { stock: None, ours, ratio: None, cpu_ratio: None };
        Report { rows: rows.into_iter().map(row).collect() }
    }

    /// Both kinds, a list of results for each round; medians are shown.
    pub(super) fn both(stock: &[Vec<Measured>], ours: &[Vec<Measured>]) -> Report {
        let rows = median(stock).into_iter().zip(median(ours)).map(|(stock, ours)| {
            let ratio = match ours.unit {
                Unit::Seconds => stock.value / ours.value,
                _ => ours.value / stock.value,
            };
            let cpu_ratio = ours.cpu.zip(stock.cpu).filter(|(_, s)| *s > 0.0).map(|(o, s)| o / s);
            Row { stock: Some(stock), ours, ratio: Some(ratio), cpu_ratio }
        });
        Report { rows: rows.collect() }
    }

    /// As a table, which is Markdown too.
    pub fn print(&self) {
        println!(
            "| test | connections | unit | stock | ours | ours/stock | stock CPU | ours CPU | ours/stock |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for row in &self.rows {
            let m = &row.ours;
            let show = |value: Option<f64>| value.map(number).unwrap_or_default();
            let connections = if m.connections == 0 { String::new() } else { m.connections.to_string() };
            println!(
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                m.test,
                connections,
                m.unit.text(),
                show(row.stock.as_ref().map(|m| m.value)),
                number(m.value),
                show(row.ratio),
                show(row.stock.as_ref().and_then(|m| m.cpu)),
                show(m.cpu),
                show(row.cpu_ratio),
            );
        }
        println!("\nCPU: processor seconds of all servers per GiB, or per 1,000 requests.");
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// The median of each test over the rounds.
fn median(rounds: &[Vec<Measured>]) -> Vec<Measured> {
    let Some(first) = rounds.first() else { return Vec::new() };
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    first
        .iter()
        .enumerate()
        .map(|(i, one)| {
            let of = |get: &dyn Fn(&Measured) -> Option<f64>| {
                middle(rounds.iter().filter_map(|round| round.get(i)).filter_map(get).collect())
            };
            Measured {
                value: of(&|m| Some(m.value)).unwrap_or(one.value),
                cpu: of(&|m| m.cpu),
                ..one.clone()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: f64, unit: Unit, cpu: f64) -> Measured {
        Measured { test: "t".into(), connections: 1, unit, value, cpu: Some(cpu) }
    }

    #[test]
    fn medians_and_ratios() {
        let rounds = |values: [f64; 3], unit| values.map(|v| vec![one(v, unit, v / 100.0)]);
        let stock = rounds([100.0, 300.0, 200.0], Unit::MibPerSecond);
        let ours = rounds([400.0, 1000.0, 0.0], Unit::MibPerSecond);
        let report = Report::both(&stock, &ours);
        assert_eq!((report.rows[0].ratio, report.rows[0].cpu_ratio), (Some(2.0), Some(2.0)));
        let (stock, ours) = (rounds([4.0; 3], Unit::Seconds), rounds([1.0; 3], Unit::Seconds));
        assert_eq!(Report::both(&stock, &ours).rows[0].ratio, Some(4.0));
        assert_eq!(
            (number(0.0123), number(12.34), number(1234.5)),
            ("0.0123".into(), "12.3".into(), "1234".into())
        );
    }
}
