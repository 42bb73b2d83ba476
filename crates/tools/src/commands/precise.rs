//! A walk over a tree by inode, each node and chunk counted once (`mfsdirinfo -p`).

use super::dirinfo::Sizes;
use crate::failure::Stop;
use crate::mounts::{Mounts, Trouble, body};
use crate::run::Job;
use proto::client_master::{NodeInfo, NodeInfoReply, NodeInfoRequest};
use std::collections::HashSet;
use std::io::IsTerminal;
use std::time::{Duration, Instant};
use types::{ChunkId, Inode, MsgId};

/// Entries of one answer, as stock asks.
const MAX_ENTRIES: u32 = 500;
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

#[derive(Default)]
struct Walk {
    sizes: Sizes,
    seen: HashSet<Inode>,
    chunks: HashSet<ChunkId>,
    left: Vec<Inode>,
}

/// Sizes of everything from `root` down.
pub(crate) fn walk(job: &mut Job, root: Inode) -> Result<Result<Sizes, Trouble>, Stop> {
    let mut walk = Walk { left: vec![root], ..Walk::default() };
    walk.seen.insert(root);
    let tty = std::io::stdout().is_terminal();
    let mut shown_at = Instant::now();
    while let Some(node) = walk.left.pop() {
        if let Err(trouble) = walk.visit(&mut job.mounts, node) {
            return Ok(Err(trouble));
        }
        if tty && shown_at.elapsed() >= PROGRESS_EVERY {
            shown_at = Instant::now();
            // What is known of the tree so far; it may grow and the figure fall.
            let done = (walk.seen.len() - walk.left.len()) as f64 * 100.0 / walk.seen.len() as f64;
            job.print(format!("\r{done:.2}% complete "))?;
        }
    }
    Ok(Ok(walk.sizes))
}

impl Walk {
    /// Counts one node; its children are left for later.
    fn visit(&mut self, mounts: &mut Mounts, inode: Inode) -> Result<(), Trouble> {
        self.sizes.inodes += 1;
        let mut next = 0;
        loop {
            let first = next == 0;
            let request = NodeInfoRequest { msgid: MsgId(0), inode, max_entries: MAX_ENTRIES, next };
            match body(mounts.ask::<_, NodeInfoReply<'_>>(&request)?.reply)? {
                NodeInfo::Other => return Ok(()),
                NodeInfo::Dir { next: more, children } => {
                    self.sizes.dirs += u64::from(first);
                    self.left.extend(children.iter().filter(|child| self.seen.insert(*child)));
                    next = more;
                }
                NodeInfo::File { next: more, length, chunks } => {
                    if first {
                        self.sizes.files += 1;
                        self.sizes.length += length;
                    }
                    for chunk in chunks.iter().filter(|chunk| self.chunks.insert(chunk.chunk)) {
                        self.sizes.chunks += 1;
                        self.sizes.size += u64::from(chunk.size);
                        self.sizes.real_size += u64::from(chunk.size) * u64::from(chunk.copies);
                    }
                    next = more;
                }
            }
            if next == 0 {
                return Ok(());
            }
        }
    }
}
