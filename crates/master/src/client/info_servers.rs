//! Monitors' questions about chunks and memory (`spec/admin-and-monitoring.md` 5.4, 5.5, 5.11, 5.17).

use crate::core::Master;
use metadata::{LabelTerm, StorageClass};
use net::reactor::{ConnId, Net};
use placement::{LoopStats, Tally};
use proto::client_master::CltoMa;
use proto::info as p;
use types::{Name, Rest};

/// Label sets of a class, each with the number of servers that have them.
type Matches = Vec<p::LabelMatch>;
/// For new, kept and archived copies: whether all can be placed, and where.
type Parts = [(u8, Matches); 3];

impl Master {
    /// Answers a question; false when it is another one.
    pub(super) fn info_server_packet(&self, net: &mut Net, conn: ConnId, packet: &CltoMa<'_>) -> bool {
        match packet {
            CltoMa::ChunksMatrix(q) => self.send_matrix(net, conn, q.matrix),
            CltoMa::ChunksTestInfo(_) => {
                net.send(conn, &p::ChunksTestInfoReply { info: chunks_test(&self.cluster.loop_stats()) });
            }
            CltoMa::MemoryInfo(_) => net.send(conn, &p::MemoryInfoReply { bytes: self.memory_table() }),
            CltoMa::SclassInfoRequest(_) => self.send_classes(net, conn),
            _ => return false,
        }
        true
    }

    fn send_matrix(&self, net: &mut Net, conn: ConnId, which: Option<u8>) {
        let found = self.cluster.matrix(&crate::cs::Meta(&self.fs));
        let flat = |rows: &[[u32; 11]; 11]| -> p::Matrix { std::array::from_fn(|i| rows[i / 11][i % 11]) };
        let both = [flat(&found.all), flat(&found.regular)];
        let one = which.map(|id| [both.get(usize::from(id)).copied().unwrap_or([0; 121])]);
        let matrix = match &one {
            Some(one) => p::MatrixForm::One(Rest::Items(one)),
            None => p::MatrixForm::Both(self.cluster.progress(self.chunk_time()), Rest::Items(&both)),
        };
        net.send(conn, &p::ChunksMatrixReply { matrix });
    }

    /// Eleven pairs. Nodes are found by their number, so there is no table for that; names and link targets share one
    /// store, which is shown as that of the link targets.
    fn memory_table(&self) -> [u64; 22] {
        let m = self.fs.memory();
        let tables = [
            m.chunk_index,
            m.chunks,
            self.cluster.memory(),
            m.edge_index,
            m.edges,
            (0, 0),
            m.nodes,
            m.free_inodes,
            m.chunk_tables,
            m.strings,
            m.quotas,
        ];
        std::array::from_fn(|i| if i % 2 == 0 { tables[i / 2].0 } else { tables[i / 2].1 })
    }

    fn send_classes(&self, net: &mut Net, conn: ConnId) {
        let matches: Vec<(u8, &StorageClass, Parts)> = self
            .fs
            .sclasses()
            .map(|(id, c)| (id, c, [&c.create, &c.keep, &c.archive].map(|terms| self.class_part(terms))))
            .collect();
        let lines: Vec<p::SclassInfo<'_>> =
            matches.iter().map(|(id, class, parts)| self.class_line(*id, class, parts)).collect();
        let servers = self.cluster.servers().filter(|s| s.connected.is_some()).count();
        let servers = u16::try_from(servers).unwrap_or(u16::MAX);
        net.send(conn, &p::SclassInfoReply { servers, classes: Rest::Items(&lines) });
    }

    fn class_part(&self, terms: &[LabelTerm]) -> (u8, Matches) {
        let servers = |term| u16::try_from(self.cluster.servers_matching(term)).unwrap_or(u16::MAX);
        let matches =
            terms.iter().map(|term| p::LabelMatch { labels: *term, servers: servers(term) }).collect();
        (self.cluster.fulfilment(self.chunk_time(), terms), matches)
    }

    fn class_line<'a>(&self, id: u8, class: &'a StorageClass, parts: &'a Parts) -> p::SclassInfo<'a> {
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let (files, dirs) = self.fs.sclass_files_and_dirs(id);
        let [keep, archive] = self.cluster.class_counts(&crate::cs::Meta(&self.fs), id);
        let [create_part, keep_part, archive_part] = parts;
        let part = |(state, matches): &'a (u8, Matches)| (*state, Rest::Items(matches));
        p::SclassInfo {
            id,
            name: Name::new(&class.name).unwrap_or_default(),
            files: narrow(files),
            dirs: narrow(dirs),
            chunks: std::array::from_fn(|i| if i % 2 == 0 { keep[i / 2] } else { archive[i / 2] }),
            admin_only: class.admin_only.into(),
            mode: class.mode,
            archive_delay_days: class.arch_delay,
            policy: p::SclassPolicy { parts: [part(create_part), part(keep_part), part(archive_part)] },
        }
    }
}

fn chunks_test(l: &LoopStats) -> p::ChunksTest {
    let pair = |t: Tally| [t.done, t.not_done];
    let [a, b] = [pair(l.delete_invalid), pair(l.delete_unused)];
    let [c, d] = [pair(l.delete_removal), pair(l.delete_overgoal)];
    let [e, f] = [pair(l.replicate_undergoal), pair(l.replicate_wrong_labels)];
    p::ChunksTest {
        loop_start: l.start,
        loop_end: l.end,
        deleted: [a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]],
        replicated: [e[0], e[1], f[0], f[1]],
        rebalanced: l.rebalance,
        labels_dont_match: l.labels_unmatched,
        locked_unused: l.locked_unused,
        locked_used: l.locked_used,
    }
}
