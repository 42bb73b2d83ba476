//! Files with chunks that have no good copy.

use super::Blocks;
use crate::options::Set;
use crate::source::{Source, text};
use crate::table::{Block, Cell, Color, Key, Table, column};
use admin::AskError;
use proto::info::{MassResolvePaths, MassResolvePathsReply, MissingChunk, MissingChunks, MissingChunksReply};
use std::collections::HashMap;
use types::{Inode, Rest, Tag};

/// `MF`
pub(super) fn files(source: &mut Source, set: &Set) -> Blocks {
    let reply: MissingChunksReply<'_> = source.ask(&MissingChunks { form: Tag })?;
    let chunks: Vec<MissingChunk> = reply.chunks.iter().collect();
    let paths = paths(source, chunks.iter().map(|chunk| chunk.inode))?;
    let columns = vec![
        column("path", &["path"]).left(),
        column("inode", &["inode"]),
        column("index", &["index"]),
        column("chunk", &["chunk id"]),
        column("kind", &["type of missing chunk"]),
    ];
    let title = "Missing Files/Chunks (gathered by previous file-loop)";
    let mut table = Table::new("missing files", title, columns);
    for chunk in chunks {
        let kind = match chunk.kind {
            0 => "NO COPY",
            1 => "INVALID COPIES",
            2 => "WRONG VERSIONS",
            _ => "OTHER",
        };
        let unknown = vec![" * unknown path * (deleted file)".to_owned()];
        for path in paths.get(&chunk.inode).filter(|paths| !paths.is_empty()).unwrap_or(&unknown) {
            table.rows.push(vec![
                Cell::text(path.as_str()),
                Cell::number(chunk.inode.0),
                Cell::number(chunk.index.0),
                Cell::text(format!("{:016X}", chunk.chunk)).key(Key::Whole(chunk.chunk.0)),
                Cell::text(kind).color(Color::Red),
            ]);
        }
    }
    table.sort(&["path", "inode", "index", "chunk", "kind"], &["path"], set);
    Ok(vec![Block::Table(table)])
}

/// The paths of nodes, each asked once.
pub(super) fn paths(
    source: &mut Source,
    inodes: impl Iterator<Item = Inode>,
) -> Result<HashMap<Inode, Vec<String>>, AskError> {
    /// Nodes of one question.
    const AT_ONCE: usize = 10_000;
    let mut all: Vec<Inode> = inodes.collect();
    all.sort_unstable();
    all.dedup();
    let mut found = HashMap::new();
    for part in all.chunks(AT_ONCE) {
        let reply: MassResolvePathsReply<'_> = source.ask(&MassResolvePaths { inodes: Rest::Items(part) })?;
        for node in reply.nodes.iter() {
            let mut paths: Vec<String> = node.paths.0.iter().map(|path| text(path.as_bytes())).collect();
            if paths.is_empty() {
                paths.push("./META".into());
            }
            found.insert(node.inode, paths);
        }
    }
    Ok(found)
}
