//! The command line of `elkfs bench master`.

use anyhow::{Result, ensure};
use clap::Args;
use std::str::FromStr;

/// Measure a master: rates of single metadata operations over its client port, without any mount.
///
/// Works in a new directory in the root of the file system and removes it at the end.
#[derive(Debug, Clone, Args)]
pub struct MasterArgs {
    /// Name or address of the master
    #[arg(default_value = "mfsmaster")]
    pub host: String,

    /// Its port for clients
    #[arg(short = 'P', long, default_value_t = 9421)]
    pub port: u16,

    /// Connections x requests in flight on each; each pair is measured
    #[arg(long, value_delimiter = ',', default_value = "1x1,8x8", value_name = "NxM,...")]
    pub shapes: Vec<Shape>,

    /// Files per test, shared by the connections
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    pub files: usize,

    /// Listings of whole directories, a thousand names with attributes each, shared by the connections
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    pub listings: usize,

    /// Print the result as JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// So many connections with so many requests in flight on each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Connections, each in a session of its own.
    pub connections: usize,
    /// Requests in flight on each.
    pub in_flight: usize,
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Shape, String> {
        let parse = |n: &str| n.parse::<usize>().ok().filter(|n| (1..=1024).contains(n));
        let pair = text.split_once('x').and_then(|(n, m)| Some((parse(n)?, parse(m)?)));
        let (connections, in_flight) =
            pair.ok_or("two numbers from 1 to 1024 with an x between, as in 8x8")?;
        Ok(Shape { connections, in_flight })
    }
}

impl MasterArgs {
    /// Refuses numbers with which nothing could be measured, naming the option.
    pub fn check(&self) -> Result<()> {
        for shape in &self.shapes {
            ensure!(
                self.files / shape.connections >= 100,
                "--files must be at least 100 for each of {} connections",
                shape.connections
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        assert_eq!("8x16".parse(), Ok(Shape { connections: 8, in_flight: 16 }));
        for bad in ["", "8", "0x1", "8x", "8x2000", "1x1x1", "-1x3"] {
            assert!(bad.parse::<Shape>().is_err(), "{bad}");
        }
    }
}
