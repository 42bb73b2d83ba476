//! From state to bytes.

use super::Snapshot;
use crate::fs::Buckets;
use crate::ns::records::{BIG, NodeRec, TABLE, lo};
use crate::tables::sclass::StorageClass;
use ondisk::image::*;
use ondisk::{ImageWriter, SclassCounts};
use std::io::{self, Seek, Write};
use types::{ChunkId, ChunkVersion, Inode, Name, NodeType, ROOT, Rest, SessionId, Wire};

/// Ids per piece when a long chunk table is written.
const PIECE: usize = 8192;

impl Snapshot {
    /// Writes the state as an image that 3.0.117 loads. `now` (Unix seconds) decides which chunk locks are over and
    /// not kept. Nothing is synced. Memory use does not depend on the size of the state.
    pub fn write_image<W: Write + Seek>(&self, out: &mut W, now: u32) -> io::Result<()> {
        let mut image = ImageWriter::new(out, Header { version: self.version, id: self.meta_id })?;
        self.write_sessions(&mut image)?;
        image.section::<Scla>(&(LABEL_GROUP as u8), |sink| {
            let classes = self.classes.iter().enumerate();
            classes
                .filter_map(|(id, c)| Some((id, c.as_deref()?)))
                .try_for_each(|(id, c)| sink.push(&class(id, c)))
        })?;
        self.write_nodes(&mut image)?;
        image.section::<Edge>(&self.next_edge_id, |sink| self.write_edges(sink))?;
        image.section::<Free>(&(self.free.len() as u32), |sink| {
            self.free.iter().try_for_each(|(inode, freed)| sink.push(&FreeRecord { inode, freed }))
        })?;
        self.write_quotas(&mut image)?;
        self.write_xattrs_and_acls(&mut image)?;
        self.write_opens_and_locks(&mut image)?;
        self.write_servers(&mut image)?;
        image.section::<Chnk>(&ChunkId(self.next_chunk_id), |sink| {
            let chunks = self.chunks.iter().map(|(_, rec)| rec).filter(|rec| rec.id != 0);
            chunks.into_iter().try_for_each(|rec| {
                sink.push(&ChunkRecord {
                    id: ChunkId(rec.id),
                    version: ChunkVersion(rec.version),
                    locked_to: if rec.locked_until < now { 0 } else { rec.locked_until },
                    archived: rec.archived(),
                })
            })
        })?;
        self.write_fine_times(&mut image)?;
        image.finish().map(|_| ())
    }

    fn write_sessions<W: Write + Seek>(&self, image: &mut ImageWriter<W>) -> io::Result<()> {
        let head = SessHead::new(SessionId(self.sessions.next));
        image.section::<Sess>(&head, |sink| {
            self.sessions.by_id.iter().try_for_each(|(id, session)| {
                sink.push(&SessionRecord {
                    id: SessionId(*id),
                    fields: session.fields(),
                    disconnected: session.disconnected,
                    current_ops: session.counters,
                    last_ops: session.last_hour,
                })
            })
        })
    }

    fn write_nodes<W: Write + Seek>(&self, image: &mut ImageWriter<W>) -> io::Result<()> {
        let head = NodeHead { max_inode: Inode(self.max_inode), count: self.node_count };
        image.section::<Node>(&head, |sink| {
            let mut ids = Vec::new();
            let mut bytes = Vec::new();
            for (inode, rec) in self.nodes.iter() {
                let Some(kind) = rec.node_type() else { continue };
                if rec.has(BIG) {
                    self.push_long_file(sink, &mut bytes, Inode(inode), rec, kind)?;
                    continue;
                }
                ids.clear();
                if rec.has_chunks() {
                    self.tables.for_each(Inode(inode), rec, |id| ids.push(ChunkId(id)));
                }
                sink.push(&self.node_record(Inode(inode), rec, kind, &ids))?;
            }
            Ok(())
        })
    }

    fn node_record<'a>(
        &'a self,
        inode: Inode,
        rec: &NodeRec,
        kind: NodeType,
        ids: &'a [ChunkId],
    ) -> NodeRecord<'a> {
        let data = match kind {
            NodeType::File | NodeType::Trash | NodeType::Sustained => {
                NodeData::File { length: rec.a, chunks: Rest::Items(ids) }
            }
            NodeType::BlockDev | NodeType::CharDev => NodeData::Device(rec.a as u32),
            NodeType::Symlink => NodeData::Symlink(self.names.get(rec.a as u32)),
            NodeType::Dir | NodeType::Fifo | NodeType::Socket => NodeData::None,
        };
        NodeRecord {
            kind,
            inode,
            sclass: rec.sclass,
            eattr: rec.eattr,
            winattr: rec.winattr,
            mode: rec.mode,
            uid: rec.uid,
            gid: rec.gid,
            atime: rec.atime,
            mtime: rec.mtime,
            ctime: rec.ctime,
            trash_hours: rec.trash_hours,
            data,
        }
    }

    /// A file whose table is too long to be gathered first: the record with an empty table, whose count (its last
    /// four bytes) is put right, and then the ids in pieces.
    fn push_long_file<W: Write>(
        &self,
        sink: &mut RecordSink<'_, Node, W>,
        bytes: &mut Vec<u8>,
        inode: Inode,
        rec: &NodeRec,
        kind: NodeType,
    ) -> io::Result<()> {
        debug_assert!(!rec.has(TABLE));
        bytes.clear();
        Node::write_record(&self.node_record(inode, rec, kind, &[]), bytes);
        bytes.truncate(bytes.len() - 4);
        lo(rec.b).encode(bytes);
        sink.push_encoded(1, bytes)?;
        bytes.clear();
        let mut result = Ok(());
        self.tables.for_each(inode, rec, |id| {
            id.encode(bytes);
            if bytes.len() >= PIECE * 8 && result.is_ok() {
                result = sink.push_encoded(0, bytes);
                bytes.clear();
            }
        });
        result?;
        sink.push_encoded(0, bytes)
    }

    /// Names of root, then of each sub-directory depth first, then of the buckets, each in list order.
    fn write_edges<W: Write>(&self, sink: &mut RecordSink<'_, Edge, W>) -> io::Result<()> {
        self.write_list(sink, self.first_entry(ROOT.0))?;
        // Edges at which to go on looking for sub-directories, one for each level.
        let mut levels = vec![self.first_entry(ROOT.0)];
        while let Some(slot) = levels.pop() {
            let Some(edge) = self.edges.get(slot).filter(|_| slot != 0) else { continue };
            levels.push(edge.next);
            if self.nodes.get(edge.child).is_some_and(NodeRec::is_dir) {
                let first = self.first_entry(edge.child);
                self.write_list(sink, first)?;
                levels.push(first);
            }
        }
        let heads = |buckets: &Buckets| buckets.heads.clone();
        let (trash, sustained) = (heads(&self.trash), heads(&self.sustained));
        trash.iter().chain(sustained.iter()).try_for_each(|head| self.write_list(sink, *head))
    }

    fn first_entry(&self, dir: u32) -> u32 {
        self.nodes.get(dir).map_or(0, NodeRec::first_entry)
    }

    fn write_list<W: Write>(&self, sink: &mut RecordSink<'_, Edge, W>, head: u32) -> io::Result<()> {
        let mut slot = head;
        while let Some(edge) = self.edges.get(slot).filter(|_| slot != 0) {
            sink.push(&EdgeRecord {
                parent: Inode(edge.parent),
                child: edge.child(),
                id: edge.id,
                name: self.names.get(edge.name),
            })?;
            slot = edge.next;
        }
        Ok(())
    }

    fn write_quotas<W: Write + Seek>(&self, image: &mut ImageWriter<W>) -> io::Result<()> {
        image.section::<Quot>(&(self.quotas.iter().count() as u32), |sink| {
            self.quotas.iter().try_for_each(|(inode, quota)| {
                let crate::Quota { grace, exceeded, flags, stamp, limits } = *quota;
                sink.push(&QuotaRecord { inode, grace, exceeded, flags, stamp, limits })
            })
        })
    }

    fn write_xattrs_and_acls<W: Write + Seek>(&self, image: &mut ImageWriter<W>) -> io::Result<()> {
        image.section::<Xatr>(&(), |sink| {
            self.xattrs.iter().try_for_each(|(inode, list)| {
                list.iter().try_for_each(|xattr| {
                    let name = Name::new(&xattr.name).unwrap_or_default();
                    sink.push(&XattrRecord { inode, name, value: &xattr.value })
                })
            })
        })?;
        image.section::<Pacl>(&(), |sink| {
            self.acls.iter().try_for_each(|(inode, kind, acl)| {
                let crate::Acl { user, group, other, mask, .. } = *acl;
                sink.push(&AclRecord { inode, kind, user, group, other, mask, named: acl.named() })
            })
        })
    }

    fn write_opens_and_locks<W: Write + Seek>(&self, image: &mut ImageWriter<W>) -> io::Result<()> {
        image.section::<Open>(&(), |sink| {
            self.opens.all_sessions().try_for_each(|session| {
                self.opens.files(session).try_for_each(|inode| sink.push(&OpenRecord { session, inode }))
            })
        })?;
        image.section::<Flck>(&(), |sink| {
            // No reader takes a lock without the open file it belongs to, so such a one must not get into an image.
            let held =
                |session, inode| self.sessions.get(session).is_some() && self.opens.contains(session, inode);
            let locks = self.flocks.iter().filter(|(inode, lock)| held(lock.session, *inode));
            locks.into_iter().try_for_each(|(inode, lock)| {
                let crate::Flock { owner, session, exclusive } = *lock;
                sink.push(&FlockRecord { inode, owner, session, exclusive })
            })
        })?;
        image.section::<Plck>(&(), |sink| {
            let owners =
                self.plocks.iter().flat_map(|(inode, list)| list.iter().map(move |locks| (inode, locks)));
            owners.into_iter().try_for_each(|(inode, locks)| {
                let crate::PosixLocks { session, owner, pid, .. } = *locks;
                locks.ranges.iter().try_for_each(|range| {
                    let crate::PosixRange { start, end, exclusive } = *range;
                    sink.push(&PosixLockRecord { inode, owner, session, pid, start, end, exclusive })
                })
            })
        })
    }

    /// What stock's image has no place for, if there is any.
    fn write_fine_times<W: Write + Seek>(&self, image: &mut ImageWriter<W>) -> io::Result<()> {
        let mut nodes = self.fine_times.iter().filter(|(_, fine)| **fine != [0; 3]).peekable();
        if nodes.peek().is_none() {
            return Ok(());
        }
        image.end_for_stock();
        image.section::<Xtim>(&(), |sink| {
            nodes.try_for_each(|(inode, &[atime, mtime, ctime])| {
                sink.push(&FineTimesRecord { inode: Inode(inode), atime, mtime, ctime })
            })
        })
    }

    fn write_servers<W: Write + Seek>(&self, image: &mut ImageWriter<W>) -> io::Result<()> {
        image.section::<Csdb>(&(self.csdb.by_address.len() as u32), |sink| {
            self.csdb.by_address.iter().try_for_each(|((ip, port), cs)| {
                sink.push(&ChunkserverRecord {
                    ip: *ip,
                    port: *port,
                    id: cs.id,
                    maintenance: cs.maintenance as u8,
                    maintenance_end: cs.maintenance_until,
                })
            })
        })
    }
}

fn class(id: usize, class: &StorageClass) -> SclassRecord<'_> {
    SclassRecord {
        id: id as u16,
        name: class.name.as_ref().into(),
        admin_only: class.admin_only,
        mode: class.mode,
        arch_delay: class.arch_delay,
        counts: SclassCounts {
            create: class.create.len() as u8,
            keep: class.keep.len() as u8,
            archive: class.archive.len() as u8,
        },
        labels: [class.create.as_slice(), &class.keep, &class.archive].concat(),
    }
}
