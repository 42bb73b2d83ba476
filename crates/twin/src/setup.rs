//! What is there before the dice fall, and tidying up between.

use crate::pair::Pair;
use anyhow::{Context, Result, ensure};
use proto::client_master::{self as p, WriteEnd};
use proto::{Packet, encode_frame};
use types::{ChunkId, ChunkIndex, Cred, Gids, Inode, MsgId, Name, NodeType, Tag};

fn frame<'a>(packet: &impl Packet<'a>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_frame(packet, &mut out);
    out
}

/// A small tree and a class of everybody's own, made by client 0; the directories that clients mount among it.
pub fn make_tree(pair: &mut Pair) -> Result<()> {
    let cred = Cred { uid: 0, gids: Gids::from_be_bytes(&[0; 4]).context("one group")? };
    let make = |pair: &mut Pair, parent: u32, name: &str, mode: u16, kind: NodeType| -> Result<u32> {
        let (parent, name) = (Inode(parent), Name::new(name.as_bytes()).context("a short name")?);
        let msgid = MsgId(pair.own());
        let frame = match kind {
            NodeType::Dir => frame(&p::FuseMkdir { msgid, parent, name, mode, umask: 0, cred, copy_sgid: 1 }),
            kind => frame(&p::FuseMknod { msgid, parent, name, kind, mode, umask: 0, cred, rdev: 5 }),
        };
        let before = pair.world.entries.len();
        pair.packets(0, &[frame])?;
        ensure!(pair.world.entries.len() == before + 1, "a node was not made");
        Ok(pair.world.entries[before].inode)
    };
    let sub = make(pair, 1, "sub", 0o777, NodeType::Dir)?;
    let dir = make(pair, sub, "dir", 0o777, NodeType::Dir)?;
    for (parent, count) in [(1, 6), (sub, 3), (dir, 4)] {
        for n in 0..count {
            let below = make(pair, parent, &format!("d{n}"), [0o777, 0o1777, 0o2775][n % 3], NodeType::Dir)?;
            for n in 0..5 {
                make(pair, below, &format!("f{n}"), 0o666, NodeType::File)?;
            }
        }
    }
    for client in 0..crate::clients::CLIENTS.len() {
        let root = match crate::clients::CLIENTS[client].path {
            "/sub" => sub,
            "/sub/dir" => dir,
            _ => 1,
        };
        pair.world.roots.insert(client, root);
    }
    let any = [[0; 4]; 2];
    let class = p::SclassDef {
        admin_only: 0,
        mode: 1,
        archive_delay_days: 0,
        create: types::Rest::Items(&any),
        keep: types::Rest::Items(&any),
        archive: types::Rest::Items(&any),
    };
    let msgid = MsgId(pair.own());
    let name = Name::new(b"class0").context("a short name")?;
    pair.packets(0, &[frame(&p::SclassCreate { msgid, name, form: Tag, class })])
}

/// Unlocks the chunk that has been locked for the longest time.
pub fn end_write(pair: &Pair) -> Vec<u8> {
    let write = pair.world.writes[0];
    let end = WriteEnd::Indexed { index: ChunkIndex(write.index), length: 0, flags: 0 };
    let msgid = MsgId(u32::try_from(pair.step).unwrap_or(0) + 1);
    frame(&p::FuseWriteChunkEnd { msgid, chunk: ChunkId(write.chunk), inode: Inode(write.inode), end })
}
