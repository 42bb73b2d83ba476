//! MooseFS's tools and ours, called the same way on the same cluster (`tool_calls.txt`).

use crate::mfscli_calls;
use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, Make, our_binary};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

const CALLS: &str = include_str!("tool_calls.txt");
/// Where the differences that are meant are described, a heading each.
const DIFFERENCES: &str = include_str!("../../../../docs/operating/tools.md");

/// A line of the table.
struct Call {
    line: &'static str,
    /// Under which name its difference is described.
    difference: Option<&'static str>,
}

fn calls() -> impl Iterator<Item = Call> {
    let lines = CALLS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((difference, line)) => Call { line, difference: Some(difference) },
        None => Call { line, difference: None },
    })
}

/// What a call did, without what must differ.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    stdout: String,
    code: Option<i32>,
    complained: bool,
}

/// The programs of one make, and where they are called.
struct Side {
    make: Make,
    path: String,
    mount: PathBuf,
    tree: PathBuf,
    scratch: PathBuf,
}

impl Side {
    fn new(cluster: &Cluster, make: Make) -> Result<Side> {
        let scratch = cluster.scratch()?.join(make.to_string());
        let programs = scratch.join("bin");
        fs::create_dir_all(&programs)?;
        if make == Make::Ours {
            for entry in fs::read_dir("/usr/bin")? {
                let name = entry?.file_name();
                if name.to_string_lossy().starts_with("mfs") {
                    symlink(our_binary()?, programs.join(name))?;
                }
            }
        }
        let mount = cluster.mount_point(0);
        let tree = mount.join(make.to_string()).join("t");
        fs::create_dir_all(&tree)?;
        Ok(Side { make, path: format!("{}:/usr/bin:/bin", programs.display()), mount, tree, scratch })
    }

    fn class_prefix(&self) -> String {
        format!("{}_", self.make)
    }

    fn call(&self, cluster: &Cluster, line: &str) -> Result<Outcome> {
        let line = line
            .replace('@', &self.class_prefix())
            .replace("%T", &self.tree.display().to_string())
            .replace("%M", &self.mount.display().to_string())
            .replace("%S", &self.scratch.display().to_string());
        let mut command = cluster.command("sh");
        command.arg("-c").arg(&line).current_dir(&self.tree).env("PATH", &self.path).stdin(Stdio::null());
        let output = command.env_remove("MFSHRFORMAT").output().with_context(|| format!("run {line}"))?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        Ok(Outcome {
            stdout: stdout.lines().map(|line| self.normal(line) + "\n").collect(),
            code: output.status.code(),
            complained: !output.stderr.is_empty(),
        })
    }

    /// Without the names of trees and classes, addresses, ids and checksums.
    fn normal(&self, line: &str) -> String {
        let above = self.mount.parent().unwrap_or(&self.mount);
        let line = line
            .replace(&self.class_prefix(), "@")
            .replace(&self.scratch.display().to_string(), "%S")
            .replace(&self.mount.display().to_string(), "%M")
            .replace(&above.display().to_string(), "%M/..")
            .replace(&format!("{}/t", self.make), "TREE");
        if line.starts_with("\tchunk ") {
            return line.split(": ").next().unwrap_or_default().to_owned()
                + if line.ends_with("empty") { " empty" } else { "" };
        }
        match line.split_once(": 10.99.0.") {
            Some((copy, rest)) => {
                let (_, rest) = rest.split_once(' ').unwrap_or_default();
                copy.to_owned() + " " + &without_digest(rest)
            }
            None => without_digest(&line),
        }
    }
}

fn without_digest(text: &str) -> String {
    let is_digest = |word: &str| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let word = |word: &str| {
        if is_digest(word.trim_end_matches(')')) { "DIGEST".to_owned() } else { word.to_owned() }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Lets other users pass down to the mount.
fn open_the_way(path: &Path) -> Result<()> {
    for dir in path.ancestors().skip(1).take_while(|dir| *dir != Path::new("/tmp")) {
        fs::set_permissions(dir, Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn compare(make: Make) -> Result<Vec<(Call, Outcome)>> {
    let spec = ClusterSpec { metalogger: None, ..ClusterSpec::all(make, 3) };
    // A start looks for what earlier runs left behind; two at once would find the same.
    static STARTING: Mutex<()> = Mutex::new(());
    let starting = STARTING.lock();
    let mut cluster = Cluster::start(&spec)?;
    drop(starting);
    open_the_way(&cluster.mount_point(0))?;
    let (stock, ours) = (Side::new(&cluster, Make::Stock)?, Side::new(&cluster, Make::Ours)?);
    let (mut problems, mut outcomes) = (Vec::new(), Vec::new());
    for call in calls() {
        let theirs = stock.call(&cluster, call.line)?;
        let own = ours.call(&cluster, call.line)?;
        match (call.difference, theirs == own) {
            (None, false) => problems.push(format!("$ {}\nstock: {theirs:#?}\nours: {own:#?}", call.line)),
            (Some(slug), true) => problems.push(format!("$ {}\nno longer differs ({slug})", call.line)),
            (Some(slug), false) if !DIFFERENCES.contains(&format!("\n**{slug}**")) => {
                problems.push(format!("$ {}\ndocs/operating/tools.md says nothing of {slug}", call.line));
            }
            _ => {}
        }
        outcomes.push((call, theirs));
    }
    ensure!(problems.is_empty(), "{} calls on a cluster of {make}:\n{}", problems.len(), problems.join("\n"));
    mfscli_calls::compare(&mut cluster).with_context(|| format!("on a cluster of {make}"))?;
    cluster.start_chunkserver(2)?;
    cluster.stop_all()?;
    Ok(outcomes)
}

/// On both clusters the tools agree; and MooseFS's tools see no difference between the clusters.
#[test]
fn stock_tools_and_ours() {
    let (on_stock, on_ours) = std::thread::scope(|scope| {
        let on_stock = scope.spawn(|| compare(Make::Stock));
        let on_ours = compare(Make::Ours).unwrap();
        (on_stock.join().unwrap().unwrap(), on_ours)
    });
    assert!(on_stock.len() > 600, "the table is there");
    let mut problems = String::new();
    for ((call, stock), (_, ours)) in on_stock.iter().zip(&on_ours) {
        if stock != ours {
            problems += &format!("$ {}\nstock cluster: {stock:#?}\nour cluster: {ours:#?}\n", call.line);
        }
    }
    assert!(problems.is_empty(), "{problems}");
}
