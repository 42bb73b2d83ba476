//! From the command line to a running daemon, step by step (`spec/config-and-daemons.md` 10 and 11).

use crate::cli::{Action, Cli, Parsed, parse, usage};
use crate::control::{end_owner, open_lock, replace_owner, send};
use crate::detach::{Startup, detach};
use crate::limits::{lock_memory_and_dump, raise_limits};
use crate::lock::Lock;
use crate::privileges::drop_privileges;
use crate::{Config, ConfigError, Context, Layout, Program, Signals, log};
use anyhow::{Context as _, bail};
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::process::ExitCode;

/// Does what the command line of a daemon asks for. `args` are the arguments behind its name.
///
/// Must be called while the process has only one thread, because it forks. The exit status of a start says whether the
/// daemon serves.
pub fn main(program: &Program, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match parse(args, program.recovery) {
        Parsed::Run(cli) => cli,
        Parsed::Version => {
            println!("version: {}-1 ; build: elkfs-{}", STOCK_VERSION, env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Parsed::Usage(mistake) => {
            if let Some(mistake) = mistake {
                eprintln!("{}: {mistake}\n", program.name);
            }
            eprint!("{}", usage(program.name, program.recovery));
            return ExitCode::FAILURE;
        }
    };
    log::install();
    match act(program, &cli) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What scripts that ask for the version compare with.
const STOCK_VERSION: &str = "3.0.117";

fn act(program: &Program, cli: &Cli) -> anyhow::Result<ExitCode> {
    let config = load(program, cli)?;
    match cli.action {
        Action::Start | Action::Restart | Action::TryRestart | Action::Restore => serve(program, cli, config),
        _ => control(program, cli, &config),
    }
}

fn load(program: &Program, cli: &Cli) -> anyhow::Result<Config> {
    let layout = Layout::of_this_program();
    let loaded = match &cli.config {
        Some(file) => Config::load(file, program.options, &layout),
        None => Config::load_default(&program.config_name(), program.options, &layout),
    };
    match loaded {
        Ok(mut config) => {
            config.log_defaults(cli.log_defaults);
            Ok(config)
        }
        // A running daemon must be stoppable whatever was done to its file since it started.
        Err(ConfigError::Invalid { file, problems })
            if matches!(cli.action, Action::Stop | Action::Kill | Action::Test | Action::Info) =>
        {
            let ignored: Vec<usize> = problems.iter().filter_map(|problem| problem.line).collect();
            let text = std::fs::read(&file)?;
            let lines = text.split(|&b| b == b'\n').enumerate();
            let good: Vec<&[u8]> =
                lines.filter(|(i, _)| !ignored.contains(&(i + 1))).map(|(_, line)| line).collect();
            Ok(Config::parse(&good.join(&b'\n'), &file, program.options, &layout)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Actions on a daemon that runs already.
fn control(program: &Program, cli: &Cli, config: &Config) -> anyhow::Result<ExitCode> {
    enter_data_path(config)?;
    let lock = open_lock(program)?;
    let timeout = cli.lock_timeout;
    let signal_owner = |signal, name: &str| match lock.owner()? {
        None => {
            log::raw(&format!("can't find process to send {name} signal\n"));
            Ok(ExitCode::FAILURE)
        }
        Some(pid) => {
            send(pid, signal)?;
            log::raw(&format!("{name} signal has been sent\n"));
            Ok(ExitCode::SUCCESS)
        }
    };
    match cli.action {
        Action::Stop | Action::Kill => {
            let signal = if cli.action == Action::Stop { Signal::SIGTERM } else { Signal::SIGKILL };
            if !end_owner(&lock, signal, timeout)? {
                log::raw("can't find process to terminate\n");
            }
            Ok(ExitCode::SUCCESS)
        }
        Action::Reload => signal_owner(Signal::SIGHUP, "reload"),
        Action::Info => signal_owner(Signal::SIGUSR1, "info"),
        _ => match lock.owner()? {
            Some(pid) => {
                println!("{} pid: {pid}", program.name);
                Ok(ExitCode::SUCCESS)
            }
            None => {
                println!("{} is not running", program.name);
                Ok(ExitCode::FAILURE)
            }
        },
    }
}

/// Starts the daemon and comes back when it has ended.
fn serve(program: &Program, cli: &Cli, config: Config) -> anyhow::Result<ExitCode> {
    let foreground = cli.foreground || cli.action == Action::Restore;
    let startup =
        if foreground { Startup::nobody_waits() } else { detach().context("can't start in background")? };
    let ident = config.optional("SYSLOG_IDENT").unwrap_or(program.name);
    log::open(ident, foreground);
    let result = start(program, cli, config, startup);
    if let Err(error) = &result {
        tracing::error!("{error:#}");
        tracing::error!("process exited with an error (status:1)");
    } else {
        tracing::info!("process exited successfully (status:0)");
    }
    // The starting command learns of a failure from the pipe closing with the process.
    Ok(if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn start(program: &Program, cli: &Cli, config: Config, startup: Startup) -> anyhow::Result<()> {
    let signals = Signals::install(cli.foreground || cli.action == Action::Restore).context("signals")?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    raise_limits(&config, program.open_files);
    drop_privileges(&config)?;
    enter_data_path(&config)?;
    let umask = u32::try_from(config.int("FILE_UMASK") & 0o77).expect("two octal digits");
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(umask));
    // After the umask, so that the file gets the configured mode; after the user, so that it belongs to it.
    log::configure(&config);
    let lock = open_lock(program)?;
    take_lock(&lock, cli)?;
    tracing::info!("lockfile created and locked");
    lock_memory_and_dump(&config, cli.no_core);
    let run = match (cli.action, program.restore) {
        (Action::Restore, Some(restore)) => restore,
        (Action::Restore, None) => bail!("{} has nothing to restore", program.name),
        _ => program.run,
    };
    tracing::info!("initializing {} ...", program.name);
    let mut context = Context::new(program.name, config, cli, signals, startup);
    let result = run(&mut context);
    if result.is_err() && !context.is_ready() {
        tracing::error!("error occurred during initialization - exiting");
    }
    // Held until here: whoever waits for it may rely on everything being over.
    drop(lock);
    result
}

fn take_lock(lock: &Lock, cli: &Cli) -> anyhow::Result<()> {
    match cli.action {
        Action::Start => {
            if lock.acquire()?.is_err() {
                bail!("can't start: lockfile is already locked by another process");
            }
        }
        Action::TryRestart if lock.owner()?.is_none() => bail!("can't find process to restart"),
        // `restore` ends a running master too, as stock does: two masters on one directory would be worse.
        _ => {
            replace_owner(lock, Signal::SIGTERM, cli.lock_timeout)?;
        }
    }
    Ok(())
}

fn enter_data_path(config: &Config) -> anyhow::Result<()> {
    let path = config.path("DATA_PATH");
    std::env::set_current_dir(&path)
        .with_context(|| format!("can't set working directory to {} (option DATA_PATH)", path.display()))?;
    tracing::debug!("working directory: {}", path.display());
    Ok(())
}
