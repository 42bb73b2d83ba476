//! `elkfs health`: how a master is, in numbers and alarms.

use crate::local::ask::Master;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use proto::Packet;
use proto::any::{GetVersion, VersionInfo};
use proto::health::{Health, HealthReply, OFFER, StoreImage, StoreImageReply};
use serde::Serialize;
use std::net::ToSocketAddrs;
use std::process::ExitCode;
use std::time::Duration;
use types::{MsgId, Status, Wire};

/// Show what a master measures of itself, and its alarms
///
/// The exit status is 0 when all is well, 1 when the master cannot be asked, 2 with a warning, 3 with an alarm.
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// Name or address of the master
    #[arg(short = 'H', long, default_value = "mfsmaster")]
    host: String,

    /// Its port for clients
    #[arg(short = 'P', long, default_value_t = 9421)]
    port: u16,

    /// Let it write an image first, and wait until that is in place and verified
    #[arg(long)]
    store_image: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One line as it is printed.
#[derive(Debug, Serialize)]
struct Reading {
    name: String,
    value: u64,
    severity: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
}

/// An image of a hundred million files on a slow disk.
const IMAGE_PATIENCE: Duration = Duration::from_secs(3600);

/// Asks and prints.
pub(crate) fn run(args: &HealthArgs) -> Result<ExitCode> {
    let mut master = connect(&args.host, args.port)?;
    let mut body = Vec::new();
    if args.store_image {
        master.be_patient(IMAGE_PATIENCE)?;
        master.ask(&StoreImage { msgid: MsgId(1) }, StoreImageReply::ID, &mut body)?;
        let status = StoreImageReply::decode_whole(&body)?.status;
        ensure!(status == Status::OK, "the master could not store an image ({status}); its log says why");
    }
    master.ask(&Health { msgid: MsgId(2) }, HealthReply::ID, &mut body)?;
    let reply = HealthReply::decode_whole(&body)?;
    let (mut readings, mut worst) = (Vec::new(), 0);
    for line in reply.lines.iter() {
        worst = worst.max(line.severity);
        readings.push(Reading {
            name: line.name.to_string(),
            value: line.value,
            severity: word(line.severity),
            text: String::from_utf8_lossy(line.text.as_bytes()).into_owned(),
        });
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&readings)?);
    } else {
        print!("{}", table(&readings));
    }
    Ok(match worst {
        0 => ExitCode::SUCCESS,
        1 => ExitCode::from(2),
        _ => ExitCode::from(3),
    })
}

fn word(severity: u8) -> &'static str {
    match severity {
        0 => "ok",
        1 => "warning",
        _ => "ALARM",
    }
}

fn table(readings: &[Reading]) -> String {
    let width = |len: fn(&Reading) -> usize| readings.iter().map(len).max().unwrap_or(0);
    let (names, values) = (width(|r| r.name.len()), width(|r| r.value.to_string().len()));
    let mut text = String::new();
    for r in readings {
        let line = format!("{:<names$}  {:>values$}  {:<7}  {}", r.name, r.value, r.severity, r.text);
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Connects, and makes sure that the peer knows our packets: a stock master would close the connection on them.
pub(crate) fn connect(host: &str, port: u16) -> Result<Master> {
    let at = format!("{host}:{port}");
    let mut addresses = at.to_socket_addrs().with_context(|| format!("can't resolve {at}"))?;
    let mut master = Master::connect_to(addresses.next().with_context(|| format!("{at} has no address"))?)?;
    let mut body = Vec::new();
    master.ask(&GetVersion { msgid: None }, VersionInfo::ID, &mut body)?;
    let info = VersionInfo::decode_whole(&body)?.info;
    if !info.text.0.windows(OFFER.len()).any(|part| part == OFFER.as_bytes()) {
        bail!("{at} is no ElkFS master ({}): ask it with mfscli", info.text.0.escape_ascii());
    }
    Ok(master)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let reading = |name: &str, value, severity, text: &str| Reading {
            name: name.into(),
            value,
            severity: word(severity),
            text: text.into(),
        };
        let table = table(&[reading("a.long.name", 7, 0, ""), reading("b", 12345, 2, "help")]);
        assert_eq!(table, "a.long.name      7  ok\nb            12345  ALARM    help\n");
    }
}
