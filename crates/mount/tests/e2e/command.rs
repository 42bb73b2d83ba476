//! What the command says when it cannot mount.

use anyhow::{Result, ensure};
use harness::Cluster;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn elkfs() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("ELKFS_BIN") {
        return Ok(path.into());
    }
    // target/debug/deps/e2e-… → target/debug/elkfs
    let mut dir = std::env::current_exe()?;
    dir.pop();
    dir.pop();
    Ok(dir.join("elkfs"))
}

fn expect(mut command: Command, message: &str) -> Result<()> {
    let output = command.output()?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(1), "{command:?}: {}", output.status);
    ensure!(stderr.contains(message), "{command:?} says {stderr:?}, not {message:?}");
    Ok(())
}

fn messages() -> Result<()> {
    let cluster = Cluster::start(&crate::on_stock(0))?;
    let dir = cluster.scratch()?;
    let program = elkfs()?.display().to_string();
    let mfsmount = |words: &[&str]| {
        let mut command = cluster.command(&program);
        command.arg("mfsmount").args(words);
        command
    };
    let at = |name: &str| dir.join(name).display().to_string();
    fs::create_dir(dir.join("empty"))?;
    fs::create_dir(dir.join("full"))?;
    fs::write(dir.join("full/file"), "")?;
    let (empty, full) = (at("empty"), at("full"));
    expect(mfsmount(&[]), "no mount point")?;
    expect(mfsmount(&[&at("missing")]), "stat mountpoint")?;
    expect(mfsmount(&[&at("full/file")]), "is not a directory")?;
    expect(mfsmount(&[&full]), "is not empty")?;
    expect(mfsmount(&[&empty, "-o", "nonsense"]), "unknown option")?;
    // Refused at once; the port is nobody's.
    expect(mfsmount(&[&empty, "-H", "127.0.0.1", "-P", "9"]), "can't connect to mfsmaster")?;
    expect(mfsmount(&[&empty, "-H", "no-such-host.invalid"]), "can't resolve master hostname")?;
    Ok(())
}

#[test]
fn failures_have_words() {
    messages().unwrap();
}
