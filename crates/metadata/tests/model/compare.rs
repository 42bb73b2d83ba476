//! Every node of both file systems.

use crate::naive::{Naive, NaiveAcl, Node};
use crate::real::{length, target};
use metadata::{Acl, Cursor, Fs, NodeBody};
use types::{ChunkIndex, Inode, NodeType, Time};

fn same<T: PartialEq + std::fmt::Debug>(inode: u32, what: &str, ours: T, plain: T) -> Result<(), String> {
    if ours == plain { Ok(()) } else { Err(format!("{what} of {inode}: {ours:?}, in the model {plain:?}")) }
}

pub(crate) fn compare(plain: &Naive, fs: &Fs) -> Result<(), String> {
    let mut ours = Vec::new();
    let mut at = Inode(1);
    while let Some(inode) = fs.next_node(at) {
        ours.push(inode.0);
        at = Inode(inode.0 + 1);
    }
    same(0, "all nodes", ours, plain.nodes.keys().copied().collect())?;
    plain.nodes.iter().try_for_each(|(inode, node)| compare_node(plain, fs, *inode, node))?;
    let free: Vec<(u32, u32)> =
        (0..).map_while(|at| fs.waiting_inode(at)).map(|(inode, time)| (inode.0, time)).collect();
    let sorted = |mut list: Vec<(u32, u32)>| {
        list.sort_unstable();
        list
    };
    same(0, "free numbers", sorted(free), sorted(plain.free.clone()))?;
    let sessions = 0..crate::world::sessions().len();
    let open = sessions.flat_map(|s| fs.open_files(types::SessionId(s as u32 + 1)).map(move |i| (s, i.0)));
    same(0, "open files", open.collect(), plain.open.clone())?;
    let totals = fs.totals();
    let deleted = |kind| plain.nodes.values().filter(move |node| node.kind == kind).map(|node| node.length);
    let trash = (deleted(NodeType::Trash).count() as u64, deleted(NodeType::Trash).sum());
    same(0, "the trash", (totals.trash_files, totals.trash_space), trash)?;
    let sustained = (deleted(NodeType::Sustained).count() as u64, deleted(NodeType::Sustained).sum());
    same(0, "sustained files", (totals.sustained_files, totals.sustained_space), sustained)
}

fn compare_node(plain: &Naive, fs: &Fs, inode: u32, node: &Node) -> Result<(), String> {
    let id = Inode(inode);
    let view = fs.get(id).unwrap();
    same(inode, "type and mode", (view.kind, view.mode), (node.kind, node.mode))?;
    same(inode, "owner", (view.uid, view.gid), (node.uid, node.gid))?;
    let times = [node.atime, node.mtime, node.ctime].map(Time::from);
    same(inode, "times", [view.atime, view.mtime, view.ctime], times)?;
    same(inode, "class and trash time", (view.sclass, view.trash_hours), (node.class, node.trash_hours))?;
    same(inode, "extra attributes", (view.eattr, view.winattr), (node.eattr, node.winattr))?;
    same(inode, "links", view.nlink, plain.nlink(inode))?;
    same(inode, "length", length(&view), node.length)?;
    same(inode, "target", target(fs, inode), &node.target[..])?;
    if let NodeBody::Device { rdev } = view.body {
        same(inode, "device", rdev, node.rdev)?;
    }
    let chunks = fs.chunks_of(id, ChunkIndex(0)).into_iter().map(|(at, chunk)| (at.0, chunk.0));
    let used = (0..).zip(node.chunks.iter().copied()).filter(|(_, chunk)| *chunk != 0);
    same(inode, "chunks", chunks.collect::<Vec<_>>(), used.collect())?;
    let refs = node.chunks.iter().filter(|id| **id != 0);
    for id in refs {
        let kept = fs.chunk(types::ChunkId(*id)).map(|chunk| chunk.refs as usize);
        same(inode, "references to a chunk", kept, Some(plain.chunk_refs(*id)))?;
    }
    let entries = fs.read_dir(id, Cursor::start()).map(|entry| (entry.name.to_vec(), entry.inode.0));
    let listed = node.entries.iter().map(|link| (link.name.clone(), link.inode));
    same(inode, "entries", entries.collect::<Vec<_>>(), listed.collect())?;
    let path = fs.deleted_path(id).unwrap_or_default();
    same(inode, "path", path, &node.path[..])?;
    let xattrs = fs.xattrs(id).iter().map(|x| (x.name.to_vec(), x.value.to_vec())).collect();
    same(inode, "xattrs", xattrs, node.xattrs.clone())?;
    let acl = |kind| fs.acl(id, kind).map(plain_acl);
    same(inode, "ACLs", (acl(Acl::ACCESS), acl(Acl::DEFAULT)), (node.access.clone(), node.default.clone()))?;
    let quota = fs.quota(id).map(|q| (q.flags, q.grace, q.limits, q.stamp, q.exceeded));
    same(
        inode,
        "quota",
        quota,
        node.quota.as_ref().map(|q| (q.flags, q.grace, q.limits, q.stamp, q.exceeded)),
    )?;
    if node.is_dir() {
        let (ours, sum) = (fs.stats_below(id).unwrap(), plain.below(inode));
        let plain = [sum.inodes, sum.dirs, sum.files, sum.chunks, sum.length, sum.size, sum.real];
        let counts = [ours.inodes, ours.dirs, ours.files, ours.chunks].map(u64::from);
        let ours = [&counts[..], &[ours.length, ours.size, ours.real_size]].concat();
        same(inode, "sums", ours, plain.to_vec())?;
    }
    Ok(())
}

fn plain_acl(acl: &Acl) -> NaiveAcl {
    NaiveAcl {
        perms: [acl.user, acl.group, acl.other, acl.mask],
        users: acl.named().users().map(|entry| (entry.id, entry.perm)).collect(),
        groups: acl.named().groups().map(|entry| (entry.id, entry.perm)).collect(),
    }
}
