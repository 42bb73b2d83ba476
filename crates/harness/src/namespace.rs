//! A network namespace: hosts of our own on one machine.

use crate::rundir::{Kind, RunDir, run};
use anyhow::{Context, Result};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::Command;

/// A namespace whose loopback has the addresses 10.99.0.1 to 10.99.0.254. It ends with its [`RunDir`].
#[derive(Debug, Clone)]
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one, with `addresses` to bind to.
    pub(crate) fn new(dir: &RunDir, addresses: &[Ipv4Addr]) -> Result<Namespace> {
        let namespace = Namespace { name: dir.name().to_owned() };
        dir.record(Kind::Namespace, &namespace.name)?;
        let name = namespace.name.as_str();
        run(Command::new("ip").args(["netns", "add", name]))?;
        run(Command::new("ip").args(["-n", name, "link", "set", "lo", "up"]))?;
        for address in addresses {
            run(Command::new("ip").args(["-n", name, "addr", "add", &format!("{address}/24"), "dev", "lo"]))?;
        }
        Ok(namespace)
    }

    /// A command that runs `program` in it. Only the network changes: mounts are seen by everybody, and the child's
    /// pid is the program's.
    pub(crate) fn command(&self, program: &std::path::Path) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name)).arg("--").arg(program);
        command
    }

    /// Calls `work` on a thread that is in it: sockets opened there belong to it.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let path = format!("/run/netns/{}", self.name);
        let file = File::open(&path).with_context(|| format!("open {path}"))?;
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                    .with_context(|| format!("enter {path}"))?;
                work()
            });
            match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }
}
