//! Where `--compare` happens: a network namespace, because stock refuses addresses in 127/8, and a tmpfs.

use anyhow::{Context, Result, bail, ensure};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest time for an orderly stop.
const STOP: Duration = Duration::from_secs(120);

/// Address and port where the master is played.
pub(super) const MASTER: &str = "10.99.0.1:9420";

/// Exists as long as this does. This thread, and those it starts, are inside.
pub(super) struct Stage {
    name: String,
    dir: PathBuf,
}

/// A chunkserver's process; killed when dropped.
pub(super) struct Daemon {
    child: Child,
    log: PathBuf,
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output =
        Command::new(program).args(arguments).output().with_context(|| format!("start {program}"))?;
    ensure!(
        output.status.success(),
        "{program} {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

impl Stage {
    /// Makes everything for so many servers, and enters.
    pub(super) fn enter(servers: usize) -> Result<Stage> {
        ensure!(rustix::process::geteuid().is_root(), "--compare needs root, for a network namespace");
        ensure!((1..=100).contains(&servers), "--servers must be from 1 to 100");
        let name = format!("elkfs-bench-{}", std::process::id());
        let dir = std::env::temp_dir().join(&name);
        let stage = Stage { name, dir };
        let (name, dir) = (stage.name.as_str(), &stage.dir);
        fs::create_dir(dir).with_context(|| format!("make {}", dir.display()))?;
        mount("tmpfs", dir, "tmpfs", MountFlags::empty(), None).context("mount a tmpfs")?;
        run("ip", &["netns", "add", name])?;
        run("ip", &["-n", name, "link", "set", "lo", "up"])?;
        let servers = (0..servers).map(address);
        for address in std::iter::once("10.99.0.1".to_owned()).chain(servers) {
            run("ip", &["-n", name, "addr", "add", &format!("{address}/24"), "dev", "lo"])?;
        }
        let path = format!("/run/netns/{name}");
        let file = File::open(&path).with_context(|| format!("open {path}"))?;
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
            .with_context(|| format!("enter {path}"))?;
        Ok(stage)
    }

    /// Writes the configuration of a server with an empty disk; returns its file.
    pub(super) fn configure(&self, kind: &str, index: usize) -> Result<PathBuf> {
        let dir = self.dir.join(format!("{kind}-{index}"));
        let (data, disk) = (dir.join("data"), dir.join("disk"));
        for path in [&data, &disk] {
            fs::create_dir_all(path).with_context(|| format!("make {}", path.display()))?;
        }
        let hdd = dir.join("mfshdd.cfg");
        // A tmpfs grows and shrinks; that is no damage.
        fs::write(&hdd, format!("~{}\n", disk.display())).context("write mfshdd.cfg")?;
        let cfg = dir.join("mfschunkserver.cfg");
        let (data, hdd, address) = (data.display(), hdd.display(), address(index));
        let text = format!(
            "WORKING_USER = root\nWORKING_GROUP = root\nDATA_PATH = {data}\nHDD_CONF_FILENAME = {hdd}\n\
             MASTER_HOST = 10.99.0.1\nMASTER_PORT = 9420\nMASTER_RECONNECTION_DELAY = 1\nBIND_HOST = {address}\n\
             CSSERV_LISTEN_HOST = {address}\nCSSERV_LISTEN_PORT = 9422\n"
        );
        fs::write(&cfg, text).context("write mfschunkserver.cfg")?;
        Ok(cfg)
    }
}

fn address(index: usize) -> String {
    format!("10.99.0.{}", 100 + index)
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).output();
        let _ = unmount(&self.dir, UnmountFlags::DETACH);
        let _ = fs::remove_dir(&self.dir);
    }
}

impl Daemon {
    /// Starts `program` in the foreground.
    pub(super) fn start(program: &Path, first: &[&str], cfg: &Path) -> Result<Daemon> {
        let log = cfg.with_extension("log");
        let out = File::options().create(true).append(true).open(&log).context("open a log")?;
        let child = Command::new(program)
            .args(first)
            .arg("-f")
            .arg("-c")
            .arg(cfg)
            .arg("start")
            .stdin(Stdio::null())
            .stdout(out.try_clone().context("share a log")?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        Ok(Daemon { child, log })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An orderly stop.
    pub(super) fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a pid")?;
        kill_process(pid, Signal::TERM).context("ask a chunkserver to stop")?;
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            if self.child.try_wait().context("wait for a chunkserver")?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        bail!("a chunkserver does not stop; its log:\n{}", fs::read_to_string(&self.log).unwrap_or_default())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
