//! Commands for the operator of a running cluster: chunks in quarantine, metadata that is older than the data.

use crate::health;
use crate::local::ask::Master;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use proto::Packet;
use proto::admin::{
    ConfirmMetadata, ConfirmMetadataReply, FenceInfo, QuarantineCommand, QuarantineCommandReply,
    QuarantineList, QuarantineListReply, QuarantinedCopy,
};
use serde::Serialize;
use std::process::ExitCode;
use types::{ChunkId, Status, Wire};

/// Chunks asked for at once.
const PAGE: u32 = 5000;

/// Where the master is.
#[derive(Args)]
pub(crate) struct At {
    /// The master's name or address
    #[arg(short = 'H', long, default_value = "mfsmaster")]
    host: String,
    /// Its port for clients
    #[arg(short = 'P', long, default_value_t = 9421)]
    port: u16,
}

/// Chunks that chunkservers have and the metadata does not know
#[derive(Subcommand)]
pub(crate) enum Chunks {
    /// List them
    List {
        #[command(flatten)]
        at: At,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Make them known to the metadata: files that name them have them again, for others a file is made in /adopted
    Adopt(Which),
    /// Agree to their deletion
    Release(Which),
}

/// Which chunks.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Ids {
    /// Ids in hexadecimal, as listed
    #[arg(value_parser = parse_id)]
    ids: Vec<ChunkId>,
    /// All that are in quarantine
    #[arg(long)]
    all: bool,
}

/// Which chunks, and where the master is.
#[derive(Args)]
pub(crate) struct Which {
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    which: Ids,
}

fn parse_id(text: &str) -> Result<ChunkId, String> {
    let digits = text.trim_start_matches("0x");
    u64::from_str_radix(digits, 16).map(ChunkId).map_err(|_| format!("'{text}' is no hexadecimal number"))
}

/// One chunk, as JSON has it.
#[derive(Serialize)]
struct Listed {
    chunk: String,
    age_s: u32,
    released: bool,
    copies: Vec<ListedCopy>,
}

#[derive(Serialize)]
struct ListedCopy {
    version: u32,
    server: String,
}

impl At {
    fn connect(&self) -> Result<Master> {
        health::connect(&self.host, self.port)
    }
}

/// All chunks in quarantine with their copies, and how the metadata looks.
fn list(master: &mut Master) -> Result<(FenceInfo, Vec<QuarantinedCopy>)> {
    let (mut all, mut from, mut body) = (Vec::new(), ChunkId(0), Vec::new());
    loop {
        master.ask(&QuarantineList { from, limit: PAGE }, QuarantineListReply::ID, &mut body)?;
        let reply = QuarantineListReply::decode_whole(&body).context("chunks in quarantine")?;
        let before = all.len();
        all.extend(reply.copies.iter());
        match all[before..].last() {
            Some(last) if last.chunk.0 < u64::MAX => from = ChunkId(last.chunk.0 + 1),
            _ => return Ok((reply.fence, all)),
        }
    }
}

/// `elkfs chunks`.
pub(crate) fn chunks(command: &Chunks) -> Result<ExitCode> {
    match command {
        Chunks::List { at, json } => {
            let (fence, copies) = list(&mut at.connect()?)?;
            let listed = listed(&copies);
            if *json {
                let fence = serde_json::json!({
                    "metadata_looks_old": fence.up != 0, "new_ids": fence.new_ids, "new_versions": fence.new_versions
                });
                let all = serde_json::json!({ "fence": fence, "chunks": listed });
                println!("{}", serde_json::to_string_pretty(&all).context("write JSON")?);
            } else {
                show(&fence, &listed);
            }
            Ok(ExitCode::SUCCESS)
        }
        Chunks::Adopt(which) => command_each(which, 1, "adopted"),
        Chunks::Release(which) => command_each(which, 0, "released"),
    }
}

fn listed(copies: &[QuarantinedCopy]) -> Vec<Listed> {
    let of_chunk = copies.chunk_by(|a, b| a.chunk == b.chunk).map(|group| Listed {
        chunk: format!("{:016X}", group[0].chunk),
        age_s: group[0].age,
        released: group[0].released != 0,
        copies: group
            .iter()
            .map(|copy| ListedCopy { version: copy.version.0, server: format!("{}:{}", copy.ip, copy.port) })
            .collect(),
    });
    of_chunk.collect()
}

fn show(fence: &FenceInfo, listed: &[Listed]) {
    if fence.up != 0 {
        println!(
            "THE METADATA LOOKS OLDER THAN THE DATA: {} chunks with ids and {} with versions that it never gave.\n\
             Nothing is deleted until you say 'elkfs meta confirm'; look for newer metadata first.",
            fence.new_ids, fence.new_versions
        );
    }
    for Listed { chunk, age_s, released, copies } in listed {
        let copies: Vec<_> =
            copies.iter().map(|copy| format!("{} (version {})", copy.server, copy.version)).collect();
        let word = if *released { "released" } else { "kept" };
        println!("{chunk}  {word}  for {age_s} s  {}", copies.join(", "));
    }
    println!("{} chunks in quarantine", listed.len());
}

fn command_each(which: &Which, command: u8, done: &str) -> Result<ExitCode> {
    let mut master = which.at.connect()?;
    let ids: Vec<ChunkId> = if which.which.all {
        list(&mut master)?.1.chunk_by(|a, b| a.chunk == b.chunk).map(|group| group[0].chunk).collect()
    } else {
        which.which.ids.clone()
    };
    let (mut good, mut body) = (0, Vec::new());
    for chunk in &ids {
        let question = QuarantineCommand { command, chunk: *chunk };
        master.ask(&question, QuarantineCommandReply::ID, &mut body)?;
        let reply = QuarantineCommandReply::decode_whole(&body).context("the master's answer")?;
        match reply.status {
            Status::OK => good += 1,
            Status::NOCHUNK => eprintln!("{chunk:016X}: not in quarantine"),
            status => eprintln!("{chunk:016X}: {status}"),
        }
        if reply.inode.0 != 0 {
            println!("{chunk:016X}: file /adopted/chunk_{chunk:016X}_… (inode {})", reply.inode);
        }
    }
    println!("{good} chunks {done}");
    Ok(if good == ids.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `elkfs meta confirm`.
pub(crate) fn confirm(at: &At) -> Result<ExitCode> {
    let mut body = Vec::new();
    at.connect()?.ask(&ConfirmMetadata {}, ConfirmMetadataReply::ID, &mut body)?;
    let reply = ConfirmMetadataReply::decode_whole(&body).context("the master's answer")?;
    ensure!(reply.status == Status::OK, "the master refuses: {}", reply.status);
    println!(
        "confirmed: deletions go on; chunks in quarantine stay until they are released or their time is over"
    );
    Ok(ExitCode::SUCCESS)
}
