//! Start, stop, restart, lock and exit status, with a tiny daemon: this very program, when `TINY` is in its
//! environment. Tables: `spec/config-and-daemons.md` 11.

#![allow(clippy::unwrap_used, reason = "a test with a main of its own")]

use daemon::options::{COMMON, Effect, Kind, OptionDef};
use daemon::{Context, Program};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::time::{Duration, Instant};

const OWN: &[OptionDef] = &[OptionDef {
    name: "MODE",
    kind: Kind::Word(&["GOOD", "FAIL", "CRASH", "SLOW", "STUBBORN"]),
    default: "GOOD",
    effect: Effect::Obeyed,
    reload: true,
    doc: "how the tiny daemon behaves",
}];

const TINY: Program = Program {
    name: "tiny",
    options: &[COMMON, OWN],
    open_files: 256,
    recovery: false,
    run: tiny,
    restore: None,
};

fn note(text: &str) {
    let file = std::fs::OpenOptions::new().append(true).create(true).open("events");
    writeln!(file.unwrap(), "{text}").unwrap();
}

fn tiny(context: &mut Context) -> anyhow::Result<()> {
    match context.config.text("MODE") {
        "FAIL" => anyhow::bail!("the tiny daemon was told to fail"),
        "CRASH" => std::process::abort(),
        _ => {}
    }
    tracing::warn!("starting to serve");
    context.ready();
    note(&format!("start {}", std::process::id()));
    loop {
        let pending = context.signals.wait(Duration::from_secs(60));
        if pending.info {
            note("info");
        }
        if pending.reload {
            match context.reload() {
                Ok(()) => note(&format!("reload {}", context.config.text("MODE"))),
                Err(error) => note(&format!("refused {error}")),
            }
        }
        match context.config.text("MODE") {
            _ if !pending.terminate => {}
            "STUBBORN" => std::thread::sleep(Duration::from_millis(50)),
            "SLOW" => {
                std::thread::sleep(Duration::from_millis(1300));
                note("slow stop");
                return Ok(());
            }
            _ => {
                note("stop");
                return Ok(());
            }
        }
    }
}

struct Place(tempfile::TempDir);

impl Place {
    fn new(mode: &str) -> Place {
        let place = Place(tempfile::Builder::new().prefix("daemon-").tempdir().unwrap());
        place.configure(&format!("MODE = {mode}\n"));
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn configure(&self, more: &str) {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
        let path = self.path().display();
        let text = format!(
            "DATA_PATH = {path}\nWORKING_USER = {user}\nNICE_LEVEL = 0\nDISABLE_OOM_KILLER = 0\n{more}"
        );
        std::fs::write(self.path().join("tiny.cfg"), text).unwrap();
    }

    fn run(&self, args: &str) -> (i32, String) {
        let output = self.command(args).output().unwrap();
        (output.status.code().unwrap(), text(&output))
    }

    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env("TINY", "1").arg("-c").arg(self.path().join("tiny.cfg")).args(args.split_whitespace());
        command
    }

    fn ok(&self, args: &str) -> String {
        let (status, text) = self.run(args);
        assert_eq!(status, 0, "{args}: {text}");
        text
    }

    fn fails(&self, args: &str) -> String {
        let (status, text) = self.run(args);
        assert_eq!(status, 1, "{args}: {text}");
        text
    }

    fn events(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join("events")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits for an event that follows a signal.
    fn event(&self, wanted: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.events().iter().any(|event| event.starts_with(wanted)) {
            assert!(Instant::now() < end, "no {wanted} in {:?}", self.events());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn lock_content(&self) -> String {
        std::fs::read_to_string(self.path().join(".tiny.lock")).unwrap()
    }

    fn pid(&self) -> i32 {
        let text = self.ok("test");
        text.trim().rsplit(' ').next().unwrap().parse().unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.run("kill");
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn start_stop_test() {
    let place = Place::new("GOOD");
    assert_eq!(place.fails("test"), "tiny is not running\n");
    let told = place.ok("start");
    for line in ["lockfile created and locked", "starting to serve", "tiny daemon initialized properly"] {
        assert!(told.contains(line), "{line} in {told}");
    }
    let pid = place.pid();
    assert_eq!(place.lock_content(), format!("{pid}\n"));
    assert!(place.fails("start").contains("can't start: lockfile is already locked by another process"));
    assert_eq!(place.pid(), pid, "a failed start leaves the first one alone");
    let told = place.ok("stop");
    assert!(told.contains(&format!("sending SIGTERM to lock owner (pid:{pid})")), "{told}");
    assert!(told.contains("waiting for termination") && told.contains("terminated"), "{told}");
    assert_eq!(place.ok("stop"), "can't find process to terminate\n");
    assert_eq!(place.ok("-s"), "can't find process to terminate\n");
    assert_eq!(place.events().last().unwrap(), "stop");
}

fn restart() {
    let place = Place::new("SLOW");
    assert!(place.fails("try-restart").contains("can't find process to restart"));
    place.ok("");
    let first = place.pid();
    let told = place.ok("");
    assert!(told.contains("waiting for termination 1s terminated"), "a visible count: {told}");
    let second = place.pid();
    assert_ne!(first, second);
    assert_eq!(place.lock_content(), format!("{second}\n"), "rewritten after a restart too");
    let events = place.events();
    assert_eq!(events, [format!("start {first}"), "slow stop".into(), format!("start {second}")]);
    place.ok("try-restart");
    assert_ne!(place.pid(), second);
    place.ok("RESTART");
    place.ok("-s");
}

fn failing_start() {
    let place = Place::new("FAIL");
    let told = place.fails("start");
    assert!(told.contains("the tiny daemon was told to fail"), "{told}");
    place.fails("test");
    place.configure("MODE = CRASH\n");
    place.fails("start");
    place.configure("DATA_PATH = /no/such/place\n");
    assert!(place.fails("start").contains("can't set working directory to /no/such/place"));
    place.configure("WORKING_USER = no-such-user\n");
    if nix::unistd::geteuid().is_root() {
        assert!(place.fails("start").contains("no such user"));
    }
    place.configure("\nMODE = UGLY\n");
    let told = place.fails("start");
    assert!(
        told.contains("tiny.cfg, line 6: option MODE: 'UGLY' is not known; allowed: one of GOOD, FAIL"),
        "{told}"
    );
    let nothing = PathBuf::from("/no/such.cfg");
    assert!(
        place
            .fails(&format!("-c {} start", nothing.display()))
            .contains("can't load config file: /no/such.cfg")
    );
    assert!(place.fails("begin").contains("usage: tiny"));
    place.fails("-h");
    assert!(place.ok("-v").starts_with("version: 3.0.117"));
}

fn reload_and_info() {
    let place = Place::new("GOOD");
    assert_eq!(place.fails("reload"), "can't find process to send reload signal\n");
    assert_eq!(place.fails("info"), "can't find process to send info signal\n");
    place.ok("start");
    let pid = place.pid();
    assert_eq!(place.ok("info"), "info signal has been sent\n");
    place.event("info");
    place.configure("MODE = SLOW\n");
    assert_eq!(place.ok("reload"), "reload signal has been sent\n");
    place.event("reload SLOW");
    // An invalid file: the command refuses, and so does the daemon when the signal comes from elsewhere.
    place.configure("MODE = ?\n");
    assert!(place.fails("reload").contains("option MODE"));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGHUP).unwrap();
    place.event("refused");
    assert_eq!(place.pid(), pid);
    // And it can still be stopped, still the slow way.
    place.ok("stop");
    assert_eq!(place.events().last().unwrap(), "slow stop");
}

fn stubborn() {
    let place = Place::new("STUBBORN");
    place.ok("start");
    let told = place.fails("-t 1 stop");
    assert!(told.contains("still holds the lock after 1 seconds"), "{told}");
    place.fails("-t 1");
    place.pid();
    assert!(place.ok("kill").contains("sending SIGKILL"));
    place.fails("test");
}

fn foreground() {
    let place = Place::new("GOOD");
    let child = place.command("-f start").stderr(std::process::Stdio::piped()).spawn().unwrap();
    place.event("start");
    let pid = child.id() as i32;
    assert_eq!(place.pid(), pid);
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(text(&output).contains("INFO  tiny daemon initialized properly"), "{}", text(&output));
    assert_eq!(place.events().last().unwrap(), "stop");
}

fn log_file_and_warnings() {
    let place = Place::new("GOOD");
    place.configure(
        "LOG_FILE = tiny.log\nSYSLOG_MIN_LEVEL = warning\nNO_SUCH_OPTION = 1\nSYSLOG_ELEVATE_TO = INFO\n",
    );
    let told = place.ok("start");
    let log = || std::fs::read_to_string(place.path().join("tiny.log")).unwrap();
    for line in
        ["line 7: unknown option NO_SUCH_OPTION", "line 8: option SYSLOG_ELEVATE_TO has no meaning here"]
    {
        assert!(told.contains(line), "{line} in {told}");
    }
    assert!(log().contains("WARN  starting to serve"), "{}", log());
    assert!(!log().contains("initialized properly"), "below the level: {}", log());
    // Rotated away and reloaded: a new file, with the new level.
    std::fs::rename(place.path().join("tiny.log"), place.path().join("tiny.log.1")).unwrap();
    place.configure("LOG_FILE = tiny.log\n");
    place.ok("reload");
    place.event("reload");
    place.ok("stop");
    assert!(log().contains("INFO  process exited successfully (status:0)"), "{}", log());
}

/// Stock's programs and ours honour each other's lock: it is the same kind on the same file.
fn lock_is_a_record_lock() {
    let place = Place::new("GOOD");
    let lock = daemon::Lock::open(&place.path().join(".tiny.lock")).unwrap();
    lock.acquire().unwrap().unwrap();
    assert_eq!(place.ok("test"), format!("tiny pid: {}\n", std::process::id()));
    assert!(place.fails("start").contains("already locked"));
    drop(lock);
    place.ok("start");
}

fn main() -> ExitCode {
    if std::env::var_os("TINY").is_some() {
        return daemon::main(&TINY, std::env::args_os().skip(1));
    }
    let cases: &[(&str, fn())] = &[
        ("start_stop_test", start_stop_test),
        ("restart", restart),
        ("failing_start", failing_start),
        ("reload_and_info", reload_and_info),
        ("stubborn", stubborn),
        ("foreground", foreground),
        ("log_file_and_warnings", log_file_and_warnings),
        ("lock_is_a_record_lock", lock_is_a_record_lock),
    ];
    run(cases)
}

/// As much of libtest's command line as `cargo test` and `cargo nextest` use: a list, and names to run.
fn run(cases: &[(&str, fn())]) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let names: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-') && *arg != "terse").collect();
    let wanted = |name: &str| {
        names.is_empty()
            || names.iter().any(|part| if has("--exact") { *part == name } else { name.contains(*part) })
    };
    // None of them is marked to be ignored.
    let cases = cases.iter().filter(|(name, _)| !has("--ignored") && wanted(name));
    if has("--list") {
        cases.for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let mut count = 0;
    for (name, case) in cases {
        println!("test {name} ...");
        case();
        count += 1;
    }
    println!("all {count} passed");
    ExitCode::SUCCESS
}
