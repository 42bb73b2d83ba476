//! `elkfs local` from first start to deletion, as a user and a script would use it: real processes, real FUSE.

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

struct Local(tempfile::TempDir);

impl Local {
    fn new() -> Local {
        Local(tempfile::Builder::new().prefix("daemon-local-").tempdir().unwrap())
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("cluster")
    }

    fn mnt(&self) -> PathBuf {
        self.dir().join("mnt")
    }

    fn command(&self, args: &str) -> Command {
        let mut words = args.split_whitespace();
        let mut command = Command::new(env!("CARGO_BIN_EXE_elkfs"));
        command.arg("local").arg(words.next().unwrap()).arg("--dir").arg(self.dir()).args(words);
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, args: &str) -> Output {
        self.command(args).output().unwrap()
    }

    fn ok(&self, args: &str) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args}: {}", text(&output));
        text(&output)
    }

    fn fails(&self, args: &str) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{args}: {}", text(&output));
        text(&output)
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&self.run("status --json").stdout).unwrap()
    }

    fn pid(&self, name: &str) -> Option<i32> {
        let status = self.status();
        let daemon =
            status["daemons"].as_array().unwrap().iter().find(|daemon| daemon["name"] == name).unwrap();
        daemon["pid"].as_i64().map(|pid| pid as i32)
    }

    fn kill(&self, name: &str) {
        let pid = self.pid(name).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
        until("its end", || self.pid(name) != Some(pid));
    }

    fn ports(&self) -> Value {
        let text = fs::read(self.dir().join("cluster.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["ports"].take()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let output = self.run("down --force --wipe --yes");
        if !output.status.success() {
            eprintln!("cleaning up: {}", text(&output));
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < end, "waited a minute for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn sample(n: usize) -> Vec<u8> {
    let mut x = n as u64 | 1;
    (0..n)
        .map(|_| {
            x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (x >> 33) as u8
        })
        .collect()
}

#[test]
fn from_first_start_to_deletion() {
    let local = Local::new();
    assert!(local.fails("status").contains("no cluster in"));
    assert!(local.ok("down").contains("no cluster in"), "what a script wants is true");
    let told = local.ok("up");
    for part in ["Your files are in", "logs in log", "Try:", "elkfs local down"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let big = sample(3_000_000);
    fs::create_dir(local.mnt().join("a")).unwrap();
    fs::write(local.mnt().join("a/big"), &big).unwrap();
    fs::write(local.mnt().join("small"), "hello").unwrap();
    let status = local.status();
    assert_eq!(status["healthy"], true, "{status}");
    assert_eq!((&status["goal"], status["daemons"].as_array().unwrap().len()), (&Value::from(2), 5));
    for file in ["etc/mfsmaster.cfg", "etc/mfsexports.cfg", "etc/chunkserver2/mfshdd.cfg", "log/master.log"] {
        assert!(local.dir().join(file).is_file(), "{file}");
    }

    // Up again changes nothing; down and up brings everything back on the same ports.
    let (master, ports) = (local.pid("master"), local.ports());
    assert!(local.ok("up").contains("the master runs already"));
    assert_eq!(local.pid("master"), master);
    local.ok("down");
    assert_eq!(local.status()["healthy"], false);
    assert_eq!(local.run("status").status.code(), Some(1));
    assert!(fs::read_dir(local.mnt()).unwrap().next().is_none(), "unmounted");
    assert!(local.ok("up").contains("again, with all its data"));
    assert_eq!(local.ports(), ports);
    assert_eq!(fs::read(local.mnt().join("a/big")).unwrap(), big);

    // Half of it dies: status says so, up repairs it, the mount goes on by itself.
    local.kill("chunkserver1");
    local.kill("master");
    let status = local.status();
    assert_eq!((&status["healthy"], &status["mount_state"]), (&Value::from(false), &Value::from("mounted")));
    assert!(String::from_utf8_lossy(&local.run("status").stdout).contains("Not everything is up"));
    local.ok("up");
    assert_eq!(local.status()["healthy"], true);
    assert_eq!(fs::read(local.mnt().join("a/big")).unwrap(), big);
    assert_eq!(fs::read_to_string(local.mnt().join("small")).unwrap(), "hello");

    // In use: said by whom, nothing stopped.
    let user = Command::new("sleep").arg("60").current_dir(local.mnt()).spawn().unwrap();
    let told = local.fails("down");
    assert!(told.contains(&format!("in use by sleep (pid {})", user.id())), "{told}");
    assert_eq!(local.status()["healthy"], true);
    end(user);

    // Deleting needs a yes.
    assert!(local.fails("down --wipe").contains("add --yes"));
    assert_eq!(local.status()["healthy"], true);
    fs::write(local.dir().join("mine"), "not the cluster's").unwrap();
    local.ok("down --wipe --yes");
    let left: Vec<_> = fs::read_dir(local.dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["mine"], "nothing else was deleted");
}

fn end(mut child: std::process::Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn two_clusters_more_servers_and_a_goal() {
    let (one, two) = (Local::new(), Local::new());
    let elsewhere = one.0.path().join("else where");
    fs::create_dir(&elsewhere).unwrap();
    let output = one.command("up --chunkservers 2 --goal 1 --mount").arg(&elsewhere).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    two.ok("up --chunkservers 1 --goal 1");
    fs::write(elsewhere.join("x"), "one").unwrap();
    fs::write(two.mnt().join("x"), "two").unwrap();
    assert_eq!(fs::read_to_string(elsewhere.join("x")).unwrap(), "one");
    assert!(one.fails("up --chunkservers 1").contains("can get more, not fewer"));
    assert!(two.fails("up --goal 2").contains("use --chunkservers 2"));
    assert!(one.fails("up --mount /elsewhere").contains("before it moves"));
    assert!(one.fails("up --new-ports").contains("before it gets new ports"));
    two.ok("up --chunkservers 3 --goal 3");
    assert_eq!(two.status()["daemons"].as_array().unwrap().len(), 5);
    // A port taken while the cluster was down.
    two.ok("down");
    let port = two.ports()["clients"].as_u64().unwrap() as u16;
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let told = two.fails("up");
    assert!(
        told.contains(&format!("port {port} of the master is taken")) && told.contains("--new-ports"),
        "{told}"
    );
    two.ok("up --new-ports");
    assert_ne!(two.ports()["clients"].as_u64().unwrap() as u16, port);
    assert_eq!(fs::read_to_string(two.mnt().join("x")).unwrap(), "two");
    drop(taken);
}

#[test]
fn refusals_say_what_to_do() {
    let local = Local::new();
    fs::create_dir(local.dir()).unwrap();
    fs::write(local.dir().join("mine"), "").unwrap();
    assert!(
        local.fails("up").contains("is not empty and holds no cluster: choose an empty or new directory")
    );
    fs::remove_file(local.dir().join("mine")).unwrap();
    fs::create_dir(local.mnt()).unwrap();
    fs::remove_dir(local.mnt()).unwrap();
    let full = local.0.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("x"), "").unwrap();
    let output = local.command("up --mount").arg(&full).output().unwrap();
    assert!(
        text(&output).contains("is not empty: empty it or choose another --mount DIR"),
        "{}",
        text(&output)
    );
    let output = local.command("up --mount").arg("/proc").output().unwrap();
    assert!(text(&output).contains("something else is mounted there"), "{}", text(&output));
    // Nothing runs after any of them.
    assert!(!local.dir().join("cluster.json").exists());
    let file = local.0.path().join("file");
    fs::write(&file, "").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_elkfs")).args(["local", "up", "--dir"]).arg(file.join("x")).output();
    assert!(text(&output.unwrap()).contains("choose one you may write with --dir DIR"));
}

/// A daemon that cannot start: its last words are shown, and what had started is stopped again.
#[test]
fn a_failed_start_is_undone() {
    let local = Local::new();
    local.ok("up --chunkservers 2");
    local.ok("down");
    let config = local.dir().join("etc/chunkserver2/mfschunkserver.cfg");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}WORKERS_MAX = many\n")).unwrap();
    let told = local.fails("up");
    assert!(told.contains("option WORKERS_MAX: 'many' is no number"), "{told}");
    all_stopped(&local);
    fs::write(&config, text).unwrap();
    local.ok("up");
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let local = Local::new();
    for line in ["the master started", "chunkserver 1 started", "waiting until all", "mounting at"] {
        let mut up = local.command("up").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let pid = nix::unistd::Pid::from_raw(up.id() as i32);
        let mut seen = false;
        for told in BufReader::new(up.stderr.take().unwrap()).lines() {
            if !seen && told.unwrap().contains(line) {
                seen = true;
                nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
            }
        }
        assert!(seen, "{line}");
        assert_eq!(up.wait().unwrap().code(), Some(1), "{line}");
        all_stopped(&local);
        assert!(!is_mounted(&local.mnt()), "{line}");
    }
    local.ok("up");
}

fn all_stopped(local: &Local) {
    let status = local.status();
    for daemon in status["daemons"].as_array().unwrap() {
        assert!(daemon["pid"].is_null(), "{daemon}");
    }
}

fn is_mounted(path: &Path) -> bool {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    table.contains(path.to_str().unwrap())
}
