//! Orders of the master (`spec/wire-chunkserver.md` 3.4). Each runs as a job; answers come in the order of completion.

use super::outbox::Outbox;
use crate::data::{blocks, checksum, checksum_table};
use crate::jobs::JobPool;
use crate::replicate::replicate;
use crate::server::Server;
use proto::cs_data::CrcTable;
use proto::cs_master::{
    ChunkBlocks, ChunkChecksum, ChunkChecksumTab, ChunkCreateReply, ChunkDeleteReply, ChunkDuplicateReply,
    ChunkDuptruncReply, ChunkOp, ChunkOpReply, ChunkReplicateReply, ChunkSetVersionReply, ChunkTruncateReply,
    MatoCs, ReplicationSource, Source,
};
use std::sync::Arc;
use types::{CHUNK_SIZE, ChunkId, ChunkVersion, Status};

/// "No length" in CHUNKOP.
const NO_LENGTH: u32 = u32::MAX;

/// Runs `work` on a pool and puts its answer into the outbox; without room for it the answer is NOTDONE.
fn queue(
    pool: &Arc<JobPool>,
    outbox: &Arc<Outbox>,
    work: impl FnOnce() -> Result<(), Status> + Send + 'static,
    answer: impl Fn(&Outbox, Status) + Send + Sync + 'static,
) {
    let answer = Arc::new(answer);
    let (box_of_job, answer_of_job) = (outbox.clone(), answer.clone());
    let job = Box::new(move || answer_of_job(&box_of_job, work().into()));
    if !pool.add(job) {
        answer(outbox, Status::NOTDONE);
    }
}

/// Starts an order. False if the packet is none.
pub(super) fn start(server: &Arc<Server>, outbox: &Arc<Outbox>, order: MatoCs<'_>) -> bool {
    let (pool, store) = (&server.orders, server.store.clone());
    match order {
        MatoCs::ChunkCreate(o) => queue(
            pool,
            outbox,
            move || store.create(o.chunk, o.version),
            move |out, status| out.put(&ChunkCreateReply { chunk: o.chunk, status }),
        ),
        MatoCs::ChunkDelete(o) => queue(
            pool,
            outbox,
            {
                let server = server.clone();
                move || delete(&server, o.chunk, o.version)
            },
            move |out, status| out.put(&ChunkDeleteReply { chunk: o.chunk, status }),
        ),
        MatoCs::ChunkSetVersion(o) => queue(
            pool,
            outbox,
            move || store.set_version(o.chunk, o.new_version, o.old_version),
            move |out, status| out.put(&ChunkSetVersionReply { chunk: o.chunk, status }),
        ),
        MatoCs::ChunkDuplicate(o) => queue(
            pool,
            outbox,
            move || store.duplicate(o.new_chunk, o.new_version, o.old_chunk, o.old_version),
            move |out, status| out.put(&ChunkDuplicateReply { chunk: o.new_chunk, status }),
        ),
        MatoCs::ChunkTruncate(o) => queue(
            pool,
            outbox,
            move || store.truncate(o.chunk, o.length, o.new_version, o.old_version),
            move |out, status| out.put(&ChunkTruncateReply { chunk: o.chunk, status }),
        ),
        MatoCs::ChunkDuptrunc(o) => queue(
            pool,
            outbox,
            move || store.duptrunc(o.new_chunk, o.new_version, o.old_chunk, o.old_version, o.length),
            move |out, status| out.put(&ChunkDuptruncReply { chunk: o.new_chunk, status }),
        ),
        other => return start_more(server, outbox, other),
    }
    true
}

/// Refused while an operator has paused deletions; the master orders it again later.
fn delete(server: &Server, chunk: ChunkId, version: ChunkVersion) -> Result<(), Status> {
    if server.deletion.is_paused() {
        return Err(Status::NOTDONE);
    }
    let _running = server.deletion.start();
    server.deletion.did(1, 0);
    server.store.delete(chunk, version)
}

/// The orders that need more than the store, and the questions.
fn start_more(server: &Arc<Server>, outbox: &Arc<Outbox>, order: MatoCs<'_>) -> bool {
    let (pool, store) = (&server.orders, server.store.clone());
    match order {
        MatoCs::ChunkReplicate(o) => {
            let (server, source) = (server.clone(), source(o.chunk, o.version, &o.source));
            let (chunk, version) = (o.chunk, o.version);
            let pool = server.replications.clone();
            let work = move || replicate(&server, chunk, version, &source?);
            queue(&pool, outbox, work, move |out, status| {
                out.put(&ChunkReplicateReply { chunk, version, status });
            });
        }
        MatoCs::ChunkOp(o) => {
            let op = o.clone();
            queue(
                pool,
                outbox,
                move || chunk_op(&store, &op),
                move |out, status| {
                    let ChunkOp { chunk, version, new_version, copy_chunk, copy_version, length } = o;
                    out.put(&ChunkOpReply {
                        chunk,
                        version,
                        new_version,
                        copy_chunk,
                        copy_version,
                        length,
                        status,
                    });
                },
            );
        }
        MatoCs::GetChunkBlocks(q) => question(pool, outbox, move |out| {
            let (blocks, status) = blocks(&store, q.chunk, q.version);
            out.put(&ChunkBlocks { chunk: q.chunk, version: q.version, blocks, status });
        }),
        MatoCs::GetChunkChecksum(q) => question(pool, outbox, move |out| {
            let checksum = checksum(&store, q.chunk, q.version).into();
            out.put(&ChunkChecksum { chunk: q.chunk, version: q.version, checksum });
        }),
        MatoCs::GetChunkChecksumTab(q) => question(pool, outbox, move |out| {
            let table = checksum_table(&store, q.chunk, q.version);
            let table = table.as_ref().map(CrcTable::new).map_err(|status| *status).into();
            out.put(&ChunkChecksumTab { chunk: q.chunk, version: q.version, table });
        }),
        _ => return false,
    }
    true
}

/// A question is answered by its job; when there is no room for it, not at all, and who asked asks again.
fn question(pool: &Arc<JobPool>, outbox: &Arc<Outbox>, work: impl FnOnce(&Outbox) + Send + 'static) {
    let outbox = outbox.clone();
    if !pool.add(Box::new(move || work(&outbox))) {
        tracing::warn!("too many orders: a question of the master is not answered");
    }
}

/// Several sources are combined by masks only in stock's never used form; one source is simply copied
/// (`spec/wire-chunkserver.md` 2.1).
fn source(chunk: ChunkId, version: ChunkVersion, source: &ReplicationSource<'_>) -> Result<Source, Status> {
    match source {
        ReplicationSource::One(addr) => Ok(Source { chunk, version, addr: *addr }),
        ReplicationSource::Many { sources, .. } => {
            let mut all = sources.iter();
            match (all.next(), all.next()) {
                (Some(one), None) => Ok(one),
                // What stock answers to every attempt.
                _ => Err(Status::CRC),
            }
        }
    }
}

/// CHUNKOP: which fields are zero tells what to do.
fn chunk_op(store: &Arc<chunkstore::Store>, o: &ChunkOp) -> Result<(), Status> {
    let length_fits = u64::from(o.length) <= CHUNK_SIZE;
    let copies = o.copy_chunk.0 != 0;
    if o.new_version.0 == 0 {
        return match o.length {
            0 => store.delete(o.chunk, o.version),
            1 => store.create(o.chunk, o.version),
            2 => store.test(o.chunk, o.version),
            _ => Err(Status::EINVAL),
        };
    }
    if o.length != NO_LENGTH && !length_fits {
        return Err(Status::EINVAL);
    }
    if !copies {
        return match o.length {
            NO_LENGTH => store.set_version(o.chunk, o.new_version, o.version),
            length => store.truncate(o.chunk, length, o.new_version, o.version),
        };
    }
    if o.new_version != o.version {
        store.set_version(o.chunk, o.new_version, o.version)?;
    }
    let copy_version = if o.copy_version.0 == 0 { o.new_version } else { o.copy_version };
    match o.length {
        NO_LENGTH => store.duplicate(o.copy_chunk, copy_version, o.chunk, o.new_version),
        length => store.duptrunc(o.copy_chunk, copy_version, o.chunk, o.new_version, length),
    }
}
