//! `elkfs meta convert`.

use super::ConvertArgs;
use super::input::load;
use crate::restore::store;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(args: &ConvertArgs) -> Result<ExitCode> {
    let loaded = load(&args.input, &args.logs)?;
    let name = args.output.file_name().and_then(|name| name.to_str()).context("OUTPUT must name a file")?;
    let dir = match args.output.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    let like = if args.input.is_dir() { args.input.join(&loaded.base.name) } else { args.input.clone() };
    let (size, aside) = store(&loaded.fs, dir, name, &like)?;
    if let Some(aside) = aside {
        println!("what was there before is kept as {aside}");
    }
    let version = loaded.fs.version();
    println!(
        "{}: version {version}, {} changes replayed, {size} bytes, verified",
        args.output.display(),
        loaded.replayed
    );
    Ok(ExitCode::SUCCESS)
}
