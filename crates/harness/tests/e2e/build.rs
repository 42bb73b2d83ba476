//! Programs at work inside the mount: git and cargo.

use crate::setups;
use anyhow::{Context, Result, ensure};
use harness::{Cluster, ClusterSpec, checked};
use std::fs;
use std::process::Command;

/// A repository is made and cloned, a program built and run, all inside the mount.
fn git_and_cargo(spec: &ClusterSpec) -> Result<()> {
    let mut cluster = Cluster::start(spec)?;
    let root = cluster.mount_point(0);
    let (origin, clone) = (root.join("origin"), root.join("clone"));
    fs::create_dir_all(origin.join("src"))?;
    fs::write(origin.join("Cargo.toml"), "[package]\nname = \"sum\"\nedition = \"2024\"\n[workspace]\n")?;
    fs::write(origin.join("src/main.rs"), "fn main() { println!(\"{}\", (1..=100).sum::<u32>()); }\n")?;
    for index in 0..200 {
        fs::write(origin.join(format!("src/data-{index}.txt")), format!("line {index}\n").repeat(50))?;
    }
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "init.defaultBranch=main",
        ]);
        checked(command.args(arguments))
    };
    let (from, to) = (origin.display().to_string(), clone.display().to_string());
    git(&["init", "-q", &from])?;
    git(&["-C", &from, "add", "."])?;
    git(&["-C", &from, "commit", "-q", "-m", "All"])?;
    git(&["clone", "-q", "--no-local", &from, &to])?;
    git(&["-C", &to, "fsck", "--full", "--strict"])?;
    ensure!(git(&["-C", &to, "status", "--porcelain"])?.is_empty(), "the clone differs from its commit");

    let target = clone.join("target");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--offline", "-q"]).current_dir(&clone).env("CARGO_TARGET_DIR", &target);
    // Flags of the build that runs this test are not meant for it.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    checked(&mut cargo).context("build")?;
    let said = checked(&mut Command::new(target.join("debug/sum"))).context("run what was built")?;
    ensure!(said == b"5050\n", "it said {said:?}");
    cluster.stop_all()
}

#[test]
fn stock() {
    git_and_cargo(&setups::stock()).unwrap();
}

#[test]
fn ours() {
    git_and_cargo(&setups::ours()).unwrap();
}
