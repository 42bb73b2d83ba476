//! libfuse's `passthrough_ll` example over tmpfs: what FUSE itself costs, and so the ceiling.

use crate::process::ProcessId;
use crate::rundir::{Kind, RunDir};
use crate::tree::checked;
use crate::{mounts, until};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const SOURCES: [&str; 2] = [
    "/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c",
    "/usr/share/doc/libfuse3-dev/examples/example/passthrough_ll.c",
];

/// The example, mounted. Dropping it unmounts.
pub(super) struct Passthrough {
    child: Child,
    dir: RunDir,
}

impl Passthrough {
    /// Builds and mounts it; an error says why that is not possible here.
    pub(super) fn start() -> Result<Passthrough> {
        let source = SOURCES.iter().map(Path::new).find(|path| path.exists());
        let source =
            source.context("passthrough_ll.c is not here: install libfuse3-dev with its examples")?;
        mounts::make_private()?;
        let dir = RunDir::new(true)?;
        let program = dir.path().join("passthrough_ll");
        let flags = checked(Command::new("pkg-config").args(["fuse3", "--cflags", "--libs"]))?;
        let flags = String::from_utf8_lossy(&flags).into_owned();
        let mut compile = Command::new("cc");
        compile.args(["-O2", "-o"]).arg(&program).arg(source);
        checked(compile.args(flags.split_whitespace()))?;

        let (data, point) = (dir.path().join("data"), dir.path().join("point"));
        for path in [&data, &point] {
            fs::create_dir(path).with_context(|| format!("make {}", path.display()))?;
        }
        dir.record(Kind::Mount, &point.display().to_string())?;
        let mut command = Command::new(&program);
        command.arg("-f").arg("-o").arg(format!("source={}", data.display())).arg(&point);
        let child = command.stdin(Stdio::null()).spawn().context("start passthrough_ll")?;
        if let Some(process) = ProcessId::of(child.id()) {
            dir.record(Kind::Process, &process.to_string())?;
        }
        let mut mount = Passthrough { child, dir };
        until("the passthrough mount", Duration::from_secs(10), || {
            let ended = mount.child.try_wait()?;
            ensure!(ended.is_none(), "passthrough_ll ended: {ended:?}");
            Ok(mounts::is_mounted(&point))
        })?;
        Ok(mount)
    }

    /// Where it is mounted.
    pub(super) fn point(&self) -> PathBuf {
        self.dir.path().join("point")
    }
}

impl Drop for Passthrough {
    fn drop(&mut self) {
        let _ = mounts::detach(&self.point());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
