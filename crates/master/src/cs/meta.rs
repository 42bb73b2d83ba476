//! Metadata as placement asks for it.

use crate::config::Config;
use metadata::{Fs, Maintenance};
use placement::{ChunkInfo, ChunkMeta, ClassId, ClassView, Cluster, Mode, Now};
use types::ChunkId;

/// The view.
pub(crate) struct Meta<'a>(pub(crate) &'a Fs);

impl ChunkMeta for Meta<'_> {
    fn chunk(&self, id: ChunkId) -> Option<ChunkInfo> {
        self.0.chunk(id).map(|c| ChunkInfo {
            version: c.version,
            locked_until: c.locked_until,
            references: c.refs,
            class: c.class,
            archived: c.archived,
        })
    }

    fn class(&self, id: ClassId) -> Option<ClassView<'_>> {
        self.0.sclass(id).map(|class| ClassView {
            mode: match class.mode {
                0 => Mode::Loose,
                2 => Mode::Strict,
                _ => Mode::Standard,
            },
            create: &class.create,
            keep: &class.keep,
            archive: &class.archive,
        })
    }

    fn next_chunk(&self) -> ChunkId {
        self.0.next_chunk_id()
    }
}

/// A cluster that knows what the image says: servers that were there, and chunks to look after.
pub(crate) fn new_cluster(config: &Config, fs: &Fs, now: Now) -> Cluster {
    let rng = fastrand::Rng::with_seed(crate::random::number());
    let mut cluster = Cluster::new(config.placement.clone(), rng, now);
    for ((ip, port), record) in fs.chunkservers() {
        let maintenance = match record.maintenance {
            Maintenance::Off => placement::Maintenance::Off,
            Maintenance::On => placement::Maintenance::On,
            Maintenance::Temporary => placement::Maintenance::Temporary,
        };
        cluster.restore_server(now, (ip.into(), port), record.id, maintenance, record.maintenance_until);
    }
    let meta = Meta(fs);
    for chunk in fs.chunks() {
        cluster.restore_chunk(&meta, chunk.id);
    }
    cluster
}
