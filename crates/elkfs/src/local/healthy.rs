//! Waiting until a cluster can really be used: asked of the daemons, never guessed from the time.

use super::ask::{Master, is_connected};
use super::cluster::{Cluster, Role};
use super::daemons;
use super::interrupt::Interrupt;
use anyhow::bail;
use std::time::{Duration, Instant};

/// Longest wait for chunkservers to tell the master all they have.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the master is asked.
const PAUSE: Duration = Duration::from_millis(50);

/// Waits until every chunkserver is registered with its space, and the metalogger is connected.
pub(crate) fn wait(
    cluster: &Cluster,
    interrupt: &Interrupt,
    mut tell: impl FnMut(String),
) -> anyhow::Result<()> {
    let end = Instant::now() + PATIENCE;
    let mut master = Master::connect(cluster.shape.ports.clients)?;
    let wanted = cluster.shape.ports.data.len();
    loop {
        interrupt.check()?;
        let ready = registered(cluster, &mut master)?;
        let missing: Vec<Role> = (1..=wanted).filter(|n| !ready.contains(n)).map(Role::Chunkserver).collect();
        let metaloggers = master.metaloggers()?;
        if missing.is_empty() && metaloggers > 0 {
            return Ok(());
        }
        tell(format!("{} of {wanted} chunkservers have registered", wanted - missing.len()));
        let late = missing.first().copied().unwrap_or(Role::Metalogger);
        if daemons::pid(cluster, late)?.is_none() {
            bail!("{} has ended; its log says:\n  {}", late.title(), daemons::log_tail(cluster, late));
        }
        if Instant::now() > end {
            bail!(
                "{} has not registered with the master within {} s; its log says:\n  {}",
                late.title(),
                PATIENCE.as_secs(),
                daemons::log_tail(cluster, late)
            );
        }
        std::thread::sleep(PAUSE);
    }
}

/// Numbers of the chunkservers that are connected and have told their space.
pub(crate) fn registered(cluster: &Cluster, master: &mut Master) -> anyhow::Result<Vec<usize>> {
    let servers = master.chunkservers()?;
    let ready = |port: u16| servers.iter().any(|s| s.addr.port() == port && is_connected(s) && s.total > 0);
    let numbered = (1..).zip(cluster.shape.ports.data.iter());
    Ok(numbered.filter(|(_, port)| ready(**port)).map(|(number, _)| number).collect())
}
