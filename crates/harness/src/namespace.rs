//! A network namespace: hosts of our own on one machine.

use crate::rundir::{Kind, RunDir, run};
use anyhow::{Context, Result};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::Command;

/// What hosts are plugged into.
const BRIDGE: &str = "bridge";

/// The end of a host's cable at the bridge.
fn plug(index: usize) -> String {
    format!("plug{index}")
}

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
        run(Command::new("ip").args(["netns", "add", &namespace.name]))?;
        namespace.ip(&["link", "set", "lo", "up"])?;
        for address in addresses {
            namespace.ip(&["addr", "add", &format!("{address}/24"), "dev", "lo"])?;
        }
        Ok(namespace)
    }

    /// Makes one whose addresses are on a bridge, for hosts to be plugged into.
    pub(crate) fn with_bridge(dir: &RunDir, addresses: &[Ipv4Addr]) -> Result<Namespace> {
        let namespace = Namespace::new(dir, &[])?;
        namespace.ip(&["link", "add", BRIDGE, "type", "bridge"])?;
        namespace.ip(&["link", "set", BRIDGE, "up"])?;
        for address in addresses {
            namespace.ip(&["addr", "add", &format!("{address}/24"), "dev", BRIDGE])?;
        }
        Ok(namespace)
    }

    /// A host of its own with one address, on a cable to the bridge of this one.
    pub(crate) fn host(&self, dir: &RunDir, index: usize, address: Ipv4Addr) -> Result<Namespace> {
        let host = Namespace { name: format!("{}-{index}", self.name) };
        dir.record(Kind::Namespace, &host.name)?;
        run(Command::new("ip").args(["netns", "add", &host.name]))?;
        host.ip(&["link", "set", "lo", "up"])?;
        let plug = plug(index);
        self.ip(&["link", "add", &plug, "type", "veth", "peer", "name", "eth0", "netns", &host.name])?;
        self.ip(&["link", "set", &plug, "master", BRIDGE, "up"])?;
        host.ip(&["addr", "add", &format!("{address}/24"), "dev", "eth0"])?;
        host.ip(&["link", "set", "eth0", "up"])?;
        Ok(host)
    }

    /// Pulls the cable of host number `index` out, or plugs it in.
    pub(crate) fn plug(&self, index: usize, up: bool) -> Result<()> {
        self.ip(&["link", "set", &plug(index), if up { "up" } else { "down" }])
    }

    fn ip(&self, arguments: &[&str]) -> Result<()> {
        run(Command::new("ip").args(["-n", &self.name]).args(arguments))
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
