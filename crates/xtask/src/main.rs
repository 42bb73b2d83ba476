//! `cargo xtask verify` checks everything that needs no cluster, `cargo xtask fix` repairs what a tool can.

use anyhow::{Context, Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "cargo xtask verify   formatting, lints, documentation, tidy rules; changes nothing
cargo xtask fix      format, and let clippy repair what it can
cargo xtask tidy     the tidy rules alone";

fn main() -> ExitCode {
    let word = env::args().nth(1).unwrap_or_default();
    let result = match word.as_str() {
        "verify" => verify(),
        "fix" => fix(),
        "tidy" => tidy(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {word}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// All checks; every one runs, so that one run shows everything.
fn verify() -> Result<()> {
    let checks: [(&str, &dyn Fn() -> Result<()>); 4] = [
        ("format", &|| cargo(&["fmt", "--all", "--check"], &[])),
        ("clippy", &|| cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])),
        ("docs", &|| cargo(&["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])),
        ("tidy", &tidy),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        eprintln!("== {name}");
        if let Err(error) = check() {
            eprintln!("{error:#}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn fix() -> Result<()> {
    cargo(&["clippy", "--workspace", "--all-targets", "--fix", "--allow-dirty", "--allow-staged"], &[])?;
    cargo(&["fmt", "--all"], &[])
}

fn tidy() -> Result<()> {
    let problems = xtask::tidy::check(&root())?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} tidy rules broken", problems.len());
    }
    Ok(())
}

fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_owned()
}

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root()).envs(environment.iter().copied());
    let status = command.status().context("run cargo")?;
    if !status.success() {
        bail!("cargo {}: {status}", arguments.join(" "));
    }
    Ok(())
}
