//! `twin run`, `twin shrink`, `twin explain`.

use anyhow::{Result, bail};
use clap::Parser;
use proto::HEADER_SIZE;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use twin::commands::{TABLE, Use};
use twin::driver::{Batch, Plan, run};
use twin::pair::{Sent, describe};
use twin::{image, rules, shrink};

#[derive(Parser)]
#[command(about = "The same random commands for a stock master and ours, every answer compared")]
enum Cli {
    /// Run commands until the masters part, or to the end
    Run(Args),
    /// Run until the masters part, then find the fewest commands that it takes
    Shrink {
        #[command(flatten)]
        args: Args,
        /// Seconds to spend on it
        #[arg(long, default_value_t = 600)]
        budget: u64,
        /// Seconds that both masters run before the first command (12 when chunks are needed)
        #[arg(long, default_value_t = 0)]
        settle: u64,
    },
    /// What may differ, and why; and which packets are sent how often
    Explain,
}

#[derive(clap::Args)]
struct Args {
    /// The dice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Commands
    #[arg(long, default_value_t = 20_000)]
    steps: u64,
    /// Print commands from this one on
    #[arg(long)]
    from: Option<u64>,
    /// Go on after divergences, so many at most
    #[arg(long, default_value_t = 1)]
    most: usize,
}

impl Args {
    fn plan(&self) -> Plan {
        Plan { seed: self.seed, steps: self.steps, show_from: self.from, most: self.most }
    }
}

fn main() -> Result<()> {
    match Cli::parse() {
        Cli::Run(args) => {
            let outcome = run(&args.plan())?;
            let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
            for one in &outcome.found {
                let count = kinds.entry(one.kind()).or_default();
                *count += 1;
                if *count <= 2 {
                    println!("{one}");
                }
            }
            for (kind, count) in &kinds {
                println!("{count} times: {kind}");
            }
            let (steps, time) = (outcome.steps, outcome.time.as_secs_f64());
            println!(
                "seed {}: {steps} commands in {time:.1} s, {} divergences",
                args.seed,
                outcome.found.len()
            );
            if !outcome.found.is_empty() {
                bail!("the masters part");
            }
            Ok(())
        }
        Cli::Shrink { args, budget, settle } => {
            let outcome = run(&args.plan())?;
            let Some(first) = outcome.found.first() else { bail!("no divergence to shrink") };
            println!("{first}");
            let deadline = Instant::now() + Duration::from_secs(budget);
            let settle = Duration::from_secs(settle);
            for batch in shrink::shrink(&outcome.batches, &first.kind(), settle, deadline)? {
                print_batch(&batch);
            }
            Ok(())
        }
        Cli::Explain => {
            explain();
            Ok(())
        }
    }
}

fn print_batch(batch: &Batch) {
    let Batch::Packets(client, frames) = batch else {
        println!("{batch:?}");
        return;
    };
    for frame in frames {
        let id = frame.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let body = frame[HEADER_SIZE..].to_vec();
        println!("client {client}: {}", describe(&Sent { step: 0, client: *client, id, body }));
    }
}

fn explain() {
    println!("Fields of answers that may differ:");
    for rule in rules::RULES {
        let packet = if rule.packet.is_empty() { "any packet" } else { rule.packet };
        println!("  {packet}.{}: {:?}: {}", rule.field, rule.may, rule.why);
    }
    println!("Lines of the images that may differ:");
    for (what, why) in image::ALLOWED {
        println!("  {what}: {why}");
    }
    println!("Packets:");
    for (id, one) in TABLE {
        let text = match one {
            Use::Mixed(n, _) => format!("weight {n}"),
            Use::Alone(n, _) => format!("weight {n}, in a batch of its own"),
            Use::Chunks(n, _) => format!("weight {n}, once there are chunkservers"),
            Use::Meta(n, _) => format!("weight {n}, by mounts of trash"),
            Use::Info(n, _) => format!("weight {n}, by anybody"),
            Use::Driver(why) => format!("by the driver: {why}"),
        };
        println!("  {id}: {text}");
    }
}
