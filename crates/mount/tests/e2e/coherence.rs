//! What one mount writes, another reads: after an open always, and while both have the file open soon.

use anyhow::{Result, ensure};
use harness::{Cluster, ClusterSpec, until};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

fn two_mounts(spec: &ClusterSpec) -> Result<()> {
    let cluster = Cluster::start(spec)?;
    let (a, b) = (cluster.mount_point(0).join("f"), cluster.mount_point(1).join("f"));
    // Close to open, many times over, in both directions, shorter and longer.
    for round in 0..40_usize {
        let content = vec![round as u8; 1 + (round * 7919) % 200_000];
        let (from, to) = if round % 2 == 0 { (&a, &b) } else { (&b, &a) };
        fs::write(from, &content)?;
        ensure!(fs::read(to)? == content, "round {round}: old bytes after an open");
    }
    // Open on both: the reader's caches are told.
    let (writer, reader) = (File::options().write(true).open(&a)?, File::open(&b)?);
    for round in 1..6_u8 {
        writer.write_all_at(&[round; 5000], 3000)?;
        writer.sync_all()?;
        until("the other mount's change", SOON, || {
            let mut seen = [0; 5000];
            reader.read_exact_at(&mut seen, 3000)?;
            Ok(seen == [round; 5000])
        })?;
    }
    writer.set_len(10)?;
    until("the other mount's cut", SOON, || Ok(reader.metadata()?.len() == 10))
}

#[test]
fn stock_servers() {
    two_mounts(&crate::on_stock(2)).unwrap();
}

#[test]
fn our_servers() {
    two_mounts(&crate::on_ours(2)).unwrap();
}
