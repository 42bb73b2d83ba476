//! One whole measurement.

use super::args::FsArgs;
use super::cold::Cooler;
use super::report::{Report, Row};
use super::scratch::Scratch;
use super::workers::Stop;
use super::{small, streams};
use anyhow::{Context, Result, bail};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Runs `elkfs bench fs`: measures, and prints rows as they come, or JSON at the end. Ctrl-C removes what was made.
pub fn run(args: &FsArgs) -> Result<()> {
    let stop = Arc::new(Stop::new(false));
    let signals = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];
    let mut handlers = Vec::new();
    for signal in signals {
        let id = signal_hook::flag::register(signal, Arc::clone(&stop)).context("handle signals")?;
        handlers.push(id);
    }
    let mut heading = true;
    let result = measure(args, &stop, &mut |report, row| {
        if args.json {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        if std::mem::take(&mut heading) {
            writeln!(out, "{}", report.heading())?;
        }
        writeln!(out, "{}", row.line())?;
        out.flush()
    });
    for id in handlers {
        signal_hook::low_level::unregister(id);
    }
    let report = result?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report).context("write JSON")?);
    }
    Ok(())
}

/// Measures `args.dir`; `on_row` sees each row as soon as it is there. Setting `stop` ends the measurement with an
/// error; what was made in the directory is removed in every case.
pub fn measure(
    args: &FsArgs,
    stop: &std::sync::atomic::AtomicBool,
    on_row: &mut dyn FnMut(&Report, &Row) -> io::Result<()>,
) -> Result<Report> {
    args.check()?;
    let cooler = Cooler::choose(args.cold)?;
    let dir = args.dir.canonicalize().with_context(|| format!("find directory {}", args.dir.display()))?;
    let (source, fs_type) = mount_of(&dir);
    let scratch = Scratch::new(&dir)?;
    let report = Report {
        dir: dir.display().to_string(),
        cold: cooler.explain(&fs_type),
        fs_type,
        source,
        files: args.files,
        stream_mib: args.stream_mib,
        rows: Vec::new(),
    };
    let mut bench = Bench { args, cooler, scratch: &scratch, stop, report, on_row, output: Ok(()) };
    if !args.skip_small {
        small::run(&mut bench)?;
    }
    if !args.skip_streams {
        streams::run(&mut bench)?;
    }
    let (report, output) = (bench.report, bench.output);
    scratch.remove()?;
    output.context("print a row")?;
    Ok(report)
}

/// What all tests share.
pub(super) struct Bench<'a> {
    args: &'a FsArgs,
    cooler: Cooler,
    scratch: &'a Scratch,
    stop: &'a Stop,
    report: Report,
    on_row: &'a mut dyn FnMut(&Report, &Row) -> io::Result<()>,
    output: io::Result<()>,
}

impl<'a> Bench<'a> {
    pub(super) fn args(&self) -> &'a FsArgs {
        self.args
    }

    pub(super) fn root(&self) -> &'a Path {
        self.scratch.path()
    }

    pub(super) fn stop(&self) -> &'a Stop {
        self.stop
    }

    /// Keeps a result and shows it; a failure to show it is reported at the end.
    pub(super) fn push(&mut self, row: Row) {
        if self.output.is_ok() {
            self.output = (self.on_row)(&self.report, &row);
        }
        self.report.rows.push(row);
    }

    /// Empties caches before a cold test that will read `files`.
    pub(super) fn cool<P: AsRef<Path>>(&self, files: impl IntoIterator<Item = P>) -> Result<()> {
        self.check_stop()?;
        self.cooler.cool(self.root(), files)
    }

    /// An error once the user asked to stop.
    pub(super) fn check_stop(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        Ok(())
    }
}

/// Device and type of the mount that `dir` (absolute, without links) is on; "unknown" where there is no mount table.
fn mount_of(dir: &Path) -> (String, String) {
    let table = std::fs::read_to_string("/proc/thread-self/mounts").unwrap_or_default();
    find_mount(&table, dir).unwrap_or_else(|| ("unknown".into(), "unknown".into()))
}

fn find_mount(table: &str, dir: &Path) -> Option<(String, String)> {
    let mut best: Option<(usize, &str, &str)> = None;
    for line in table.lines() {
        let mut fields = line.split(' ');
        let (source, point, fs_type) = (fields.next()?, fields.next()?, fields.next()?);
        let point = point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
        // Of mounts over the same point the last one is seen.
        if dir.starts_with(&point) && best.is_none_or(|(length, ..)| length <= point.len()) {
            best = Some((point.len(), source, fs_type));
        }
    }
    best.map(|(_, source, fs_type)| (source.to_owned(), fs_type.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_and_last_mount_wins() {
        let table = "/dev/a / ext4 rw 0 0\ntmpfs /mnt tmpfs rw 0 0\nmfs#h:1 /mnt/a\\040b fuse rw 0 0\nb / xfs rw 0 0\n";
        let found = |dir: &str| find_mount(table, Path::new(dir)).map(|(source, _)| source);
        assert_eq!(found("/mnt/a b/c").as_deref(), Some("mfs#h:1"));
        assert_eq!(found("/mnt/ab").as_deref(), Some("tmpfs"));
        assert_eq!(found("/mntx").as_deref(), Some("b"));
        assert_eq!(find_mount("", Path::new("/")), None);
    }
}
