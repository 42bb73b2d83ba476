//! `elkfs jobs`: the background jobs of a chunkserver, and a switch for each.

use anyhow::{Context, bail, ensure};
use clap::Args;
use net::{read_frame, write_frame};
use proto::Packet;
use proto::cs_data::{ConfigValue, GetConfig};
use proto::jobs::{JobList, JobListReply, JobSwitch, JobSwitchReply, OFFER, OFFER_OPTION};
use serde::Serialize;
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;
use types::{MsgId, Name, Wire};

const PORT: u16 = 9422;
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_ANSWER: u32 = 1 << 20;

/// What to do with which jobs.
#[derive(Args)]
pub(crate) struct JobsArgs {
    /// Chunkserver: HOST or HOST:PORT (port 9422 if it is not named)
    #[arg(short = 'H', long, value_name = "HOST[:PORT]")]
    host: String,
    /// Pause the jobs of this name; a paused job rests until it is resumed or the daemon restarts
    #[arg(long, value_name = "NAME", conflicts_with = "resume")]
    pause: Option<String>,
    /// Let the jobs of this name go on
    #[arg(long, value_name = "NAME")]
    resume: Option<String>,
    /// Only the jobs of the disk with this path
    #[arg(long, value_name = "PATH")]
    disk: Option<String>,
    /// JSON instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Job {
    name: String,
    disk: Option<String>,
    state: &'static str,
    done: u64,
    left: u64,
    bytes: u64,
    bytes_per_second: u64,
    detail: String,
}

/// Shows the jobs, after switching what was asked for.
pub(crate) fn run(args: &JobsArgs) -> anyhow::Result<ExitCode> {
    let mut stream = connect(&args.host)?;
    offered(&mut stream, &args.host)?;
    if let Some(name) = args.pause.as_ref().or(args.resume.as_ref()) {
        switch(&mut stream, name, args.disk.as_deref(), args.pause.is_some())?;
    }
    let wanted = |job: &Job| {
        args.disk.as_ref().is_none_or(|disk| {
            job.disk.as_ref().is_some_and(|path| path.trim_end_matches('/') == disk.trim_end_matches('/'))
        })
    };
    let jobs: Vec<Job> = list(&mut stream)?.into_iter().filter(wanted).collect();
    if args.json {
        println!("{}", serde_json::to_string_pretty(&jobs).context("JSON")?);
    } else {
        print(&jobs);
    }
    Ok(ExitCode::SUCCESS)
}

fn connect(host: &str) -> anyhow::Result<TcpStream> {
    let named = host.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
    let (name, port) = named.unwrap_or((host, PORT));
    let mut last = None;
    for address in (name, port).to_socket_addrs().with_context(|| format!("resolve {name}"))? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE)).context("read timeout")?;
                stream.set_write_timeout(Some(PATIENCE)).context("write timeout")?;
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(error).with_context(|| format!("connect to {name}:{port}")),
        None => bail!("{name} has no address"),
    }
}

/// Asks one question; the answer's body replaces the content of `body`.
fn ask<'a, Q: Packet<'a>>(
    stream: &mut TcpStream,
    question: &Q,
    answer: u32,
    body: &mut Vec<u8>,
) -> anyhow::Result<()> {
    write_frame(stream, question).context("ask")?;
    let id = read_frame(stream, body, MAX_ANSWER).context("read the answer")?;
    ensure!(id == answer, "{} was answered with packet {id}", Q::NAME);
    Ok(())
}

/// A stock daemon would close the connection on a question it does not know.
fn offered(stream: &mut TcpStream, host: &str) -> anyhow::Result<()> {
    let option = Name::new(OFFER_OPTION.as_bytes()).context("a short name")?;
    let mut body = Vec::new();
    ask(stream, &GetConfig { msgid: MsgId(1), option }, ConfigValue::ID, &mut body)?;
    let value = ConfigValue::decode_whole(&body).context("answer")?.value;
    ensure!(
        value.as_bytes() == OFFER.as_bytes(),
        "{host} does not tell of its jobs; only ElkFS chunkservers do"
    );
    Ok(())
}

fn switch(stream: &mut TcpStream, name: &str, disk: Option<&str>, pause: bool) -> anyhow::Result<()> {
    let short = |text: &'static str| move || format!("{text} is longer than 255 bytes");
    let request = JobSwitch {
        name: Name::new(name.as_bytes()).with_context(short("the job's name"))?,
        disk: Name::new(disk.unwrap_or_default().as_bytes()).with_context(short("the path"))?,
        pause: pause.into(),
    };
    let mut body = Vec::new();
    ask(stream, &request, JobSwitchReply::ID, &mut body)?;
    let count = JobSwitchReply::decode_whole(&body).context("answer")?.jobs;
    ensure!(count > 0, "there is no job {name}{}", disk.map(|d| format!(" on {d}")).unwrap_or_default());
    Ok(())
}

fn list(stream: &mut TcpStream) -> anyhow::Result<Vec<Job>> {
    let mut body = Vec::new();
    ask(stream, &JobList {}, JobListReply::ID, &mut body)?;
    let text = |name: Name<'_>| String::from_utf8_lossy(name.as_bytes()).into_owned();
    let reply = JobListReply::decode_whole(&body).context("list of jobs")?;
    let job = |job: proto::jobs::JobEntry<'_>| Job {
        name: text(job.name),
        disk: Some(text(job.disk)).filter(|disk| !disk.is_empty()),
        state: match job.state {
            0 => "idle",
            1 => "running",
            2 => "paused",
            _ => "unknown",
        },
        done: job.done,
        left: job.left,
        bytes: job.bytes,
        bytes_per_second: job.rate,
        detail: text(job.detail),
    };
    Ok(reply.jobs.iter().map(job).collect())
}

fn print(jobs: &[Job]) {
    println!(
        "{:<12} {:<24} {:<8} {:>10} {:>10} {:>12} {:>10}",
        "JOB", "DISK", "STATE", "DONE", "LEFT", "MiB", "MiB/s"
    );
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    for job in jobs {
        let line = format!(
            "{:<12} {:<24} {:<8} {:>10} {:>10} {:>12.1} {:>10.1}  {}",
            job.name,
            job.disk.as_deref().unwrap_or("-"),
            job.state,
            job.done,
            job.left,
            mib(job.bytes),
            mib(job.bytes_per_second),
            job.detail,
        );
        println!("{}", line.trim_end());
    }
}
