//! The POSIX test suite `pjdfstest`, through our mount and through a stock one on our servers.
//!
//! `./test` installs it (`tools/packages.sh` has the version). Nothing is expected to fail but what a stock mount cannot
//! say on the wire. Through a stock mount every nap is longer than a second, so the short form runs only what does not
//! look at times; `ELKFS_E2E_FULL=1` runs all.

use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, Make, full};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The C library has no limit of hard links for file systems that it does not know (pathconf(3) answers 127 or nothing),
/// so the suite has nothing to compare with.
const NEEDS_A_LIMIT: &str = "link::link_count_max";
/// Stock's SETATTR and ATTR have Unix seconds of 32 bits (`tests/golden/client-master.txt`, packets 409 and 410): what
/// these set cannot be said.
const BEYOND_32_BITS: [&str; 2] = ["utimensat::y2038", "utimensat::subsecond"];
/// The kernel lets FUSE open and truncate in one step before it looks whether the file is being executed. POSIX leaves
/// open what O_TRUNC with O_RDONLY does; the test does that, and whether its program lives to see the end is luck.
const TRUNCATES_A_PROGRAM: &str = "open::etxtbsy";
/// Groups of tests that look at no times, by what their names begin with or contain.
const WITHOUT_TIMES: [&str; 5] = ["::e", "perm", "open::exclusive", "sticky", "isgid"];

/// Outcomes of one run.
#[derive(Default, Debug)]
struct Report {
    passed: usize,
    failed: BTreeSet<String>,
    skipped: BTreeSet<String>,
}

impl Report {
    fn of(output: &str) -> Report {
        let mut report = Report::default();
        for line in output.lines() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some(_), Some("ok"), None) => report.passed += 1,
                (Some(name), Some("FAILED"), None) => drop(report.failed.insert(name.into())),
                (Some(name), Some("skipped"), None) => drop(report.skipped.insert(name.into())),
                _ => {}
            }
        }
        report
    }
}

fn program() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let found = test.ancestors().map(|dir| dir.join("tools/bin/pjdfstest")).find(|path| path.exists());
    found.context("pjdfstest is not in the target directory: ./test installs it, see tools/packages.sh")
}

/// What the suite needs beside the file system: a configuration, another file system, and a mount(8) that remounts without
/// asking mount.fuse(8), which does not know how.
struct Setup {
    scratch: PathBuf,
    /// `/dev/shm` or the like: not the file system under test.
    other: PathBuf,
}

impl Setup {
    fn new(cluster: &Cluster, nap: f32) -> Result<Setup> {
        let scratch = cluster.scratch()?;
        let features =
            "[features]\nposix_fallocate = {}\nrename_ctime = {}\nutimensat = {}\nutime_now = {}\n";
        let users = "[dummy_auth]\nentries = [[\"nobody\", \"nogroup\"], [\"games\", \"games\"]]\n";
        let settings = format!("[settings]\nnaptime = {nap}\nallow_remount = true\n");
        fs::write(scratch.join("pjdfstest.toml"), settings + features + users)?;
        fs::create_dir_all(scratch.join("bin"))?;
        let mount = scratch.join("bin/mount");
        fs::write(&mount, "#!/bin/sh\nexec /bin/mount -i \"$@\"\n")?;
        fs::set_permissions(&mount, fs::Permissions::from_mode(0o755))?;
        let other = scratch.join("other");
        fs::create_dir_all(&other)?;
        Ok(Setup { scratch, other })
    }

    fn run(&self, dir: &Path, patterns: &[&str]) -> Result<Report> {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new(program()?)
            .env("PATH", format!("{}:{path}", self.scratch.join("bin").display()))
            .env("RUST_BACKTRACE", "0")
            .arg("-c")
            .arg(self.scratch.join("pjdfstest.toml"))
            .arg("-s")
            .arg(&self.other)
            .arg("-p")
            .arg(dir)
            .args(patterns)
            .output()
            .context("run pjdfstest")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let report = Report::of(&text);
        ensure!(report.passed > 0, "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        if !report.failed.is_empty() {
            println!("{text}");
        }
        Ok(report)
    }
}

/// Other users than root must reach the mount.
fn open_the_way(path: &Path) -> Result<()> {
    for dir in path.ancestors().skip(1).take_while(|dir| *dir != Path::new("/dev/shm")) {
        let mode = fs::metadata(dir)?.permissions().mode();
        fs::set_permissions(dir, fs::Permissions::from_mode(mode | 0o111))?;
    }
    Ok(())
}

/// Runs the suite through mount 0 of a cluster; gives what failed or was skipped.
fn failures(spec: &ClusterSpec, nap: f32, patterns: &[&str]) -> Result<BTreeSet<String>> {
    let cluster = Cluster::start(spec)?;
    let point = cluster.mount_point(0);
    open_the_way(&point)?;
    // Short, for the sake of addresses of sockets.
    let dir = point.join("p");
    fs::create_dir(&dir)?;
    let setup = Setup::new(&cluster, nap)?;
    // First and alone: while files of other tests are on their way out, the kernel refuses to make a mount read-only.
    let read_only = setup.run(&dir, &["::erofs"])?;
    let report = setup.run(&dir, patterns)?;
    println!("{} and {} passed", read_only.passed, report.passed);
    let left = fs::read_dir(&dir)?.count();
    ensure!(left == 0, "{left} entries were left behind");
    let rest = report.failed.into_iter().chain(report.skipped).filter(|name| !name.contains("::erofs"));
    Ok(rest.chain(read_only.failed).chain(read_only.skipped).collect())
}

fn none_but(failed: &BTreeSet<String>, known: &[&str]) -> Result<()> {
    let unexpected: Vec<_> = failed.iter().filter(|name| !known.contains(&name.as_str())).collect();
    ensure!(unexpected.is_empty(), "{unexpected:?} failed or were skipped");
    Ok(())
}

#[test]
fn our_mount() {
    let failed = failures(&crate::on_ours(1), 0.02, &[]).unwrap();
    none_but(&failed, &[NEEDS_A_LIMIT, TRUNCATES_A_PROGRAM]).unwrap();
}

#[test]
fn stock_mount_on_our_servers() {
    let spec = ClusterSpec { mounts: vec![Make::Stock], ..crate::on_ours(1) };
    let known = [NEEDS_A_LIMIT, TRUNCATES_A_PROGRAM, BEYOND_32_BITS[0], BEYOND_32_BITS[1]];
    if !full() {
        return none_but(&failures(&spec, 0.0, &WITHOUT_TIMES).unwrap(), &known).unwrap();
    }
    // A stock mount shows times that it remembers; what fails for that reason does so on stock servers, too.
    let stock = ClusterSpec { tmpfs: true, ..ClusterSpec::all(Make::Stock, 2) };
    let on_stock = failures(&stock, 1.1, &[]).unwrap();
    let known: Vec<&str> = known.into_iter().chain(on_stock.iter().map(String::as_str)).collect();
    none_but(&failures(&spec, 1.1, &[]).unwrap(), &known).unwrap();
}
