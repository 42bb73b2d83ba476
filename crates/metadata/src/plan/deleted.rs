//! What sessions of the trash may do (`spec/wire-client-master.md` 3.11).

use super::caller::{SessionCaps, SessionFlag};
use super::quota::{Growth, check_quota};
use crate::{Fs, NodeView};
use ondisk::Op;
use types::{Bytes32, Inode, MAX_TRASH_PATH, NodeType, Status};

/// Buckets of the trash.
const TRASH_BUCKETS: u32 = 4096;
/// Buckets of sustained files.
const SUSTAINED_BUCKETS: u32 = 256;
/// The longest name in a listing; of a longer path its end is shown.
const MAX_SHOWN: usize = 240;
/// Stands before what is left of a longer path.
const CUT: &[u8] = b"(...)";

fn need_meta(caps: &SessionCaps, changes: bool) -> Result<(), Status> {
    if caps.root != Inode(0) {
        Err(Status::EPERM)
    } else if changes && caps.has(SessionFlag::READ_ONLY) {
        Err(Status::EROFS)
    } else {
        Ok(())
    }
}

/// The path a file had, as one name.
fn shown_path(path: &[u8]) -> Vec<u8> {
    let mut shown = if path.len() > MAX_SHOWN {
        [CUT, &path[path.len() - (MAX_SHOWN - CUT.len())..]].concat()
    } else {
        path.to_vec()
    };
    shown.iter_mut().filter(|b| **b == b'/').for_each(|b| *b = b'|');
    shown
}

/// GETTRASH: paths and files of one bucket, or of all when there is no such bucket.
pub fn list_trash(fs: &Fs, caps: &SessionCaps, bucket: Option<u32>) -> Result<Vec<(Vec<u8>, Inode)>, Status> {
    need_meta(caps, false)?;
    let buckets = match bucket {
        Some(one) if one < TRASH_BUCKETS => one..one + 1,
        _ => 0..TRASH_BUCKETS,
    };
    Ok(buckets.flat_map(|b| fs.trash(b)).map(|(inode, path)| (shown_path(path), inode)).collect())
}

/// GETSUSTAINED.
pub fn list_sustained(fs: &Fs, caps: &SessionCaps) -> Result<Vec<(Vec<u8>, Inode)>, Status> {
    need_meta(caps, false)?;
    let all = (0..SUSTAINED_BUCKETS).flat_map(|b| fs.sustained(b));
    Ok(all.map(|(inode, path)| (shown_path(path), inode)).collect())
}

/// GETDETACHEDATTR: kind 0 any, 1 trash, 2 sustained.
pub fn deleted_file(fs: &Fs, caps: &SessionCaps, inode: Inode, kind: u8) -> Result<NodeView, Status> {
    need_meta(caps, false)?;
    if kind > 2 {
        return Err(Status::EINVAL);
    }
    let node = fs.get(inode).ok_or(Status::ENOENT)?;
    match (node.kind, kind) {
        (NodeType::Trash, 0 | 1) | (NodeType::Sustained, 0 | 2) => Ok(node),
        _ => Err(Status::ENOENT),
    }
}

fn need_trash(fs: &Fs, inode: Inode) -> Result<NodeView, Status> {
    fs.get(inode).filter(|node| node.kind == NodeType::Trash).ok_or(Status::ENOENT)
}

/// GETTRASHPATH.
pub fn trash_path<'f>(fs: &'f Fs, caps: &SessionCaps, inode: Inode) -> Result<&'f [u8], Status> {
    need_meta(caps, false)?;
    need_trash(fs, inode)?;
    fs.deleted_path(inode).ok_or(Status::ENOENT)
}

/// SETTRASHPATH; the NULs that a path may end with are not part of `path`.
pub fn plan_set_trash_path<'a>(
    fs: &Fs,
    caps: &SessionCaps,
    inode: Inode,
    path: &'a [u8],
) -> Result<Op<'a>, Status> {
    need_meta(caps, true)?;
    if path.is_empty() || path.len() > MAX_TRASH_PATH || path.contains(&0) {
        return Err(Status::EINVAL);
    }
    need_trash(fs, inode)?;
    Ok(Op::SetPath { inode, path: Bytes32::new(path) })
}

/// UNDEL.
pub fn plan_undelete(fs: &Fs, caps: &SessionCaps, inode: Inode) -> Result<Op<'static>, Status> {
    need_meta(caps, true)?;
    need_trash(fs, inode)?;
    let (dir, missing) = fs.check_undelete(inode)?;
    let mut at = dir;
    loop {
        if fs.get(at).is_some_and(|node| node.eattr & NodeView::IMMUTABLE != 0) {
            return Err(Status::EPERM);
        }
        match fs.parent_dir(at) {
            Some(parent) if parent != at => at = parent,
            _ => break,
        }
    }
    let file = Growth::of(fs, inode);
    check_quota(fs, dir, Growth { inodes: file.inodes.saturating_add(missing), ..file }, None)?;
    Ok(Op::Undel { inode })
}

/// PURGE.
pub fn plan_purge(fs: &Fs, caps: &SessionCaps, inode: Inode) -> Result<Op<'static>, Status> {
    need_meta(caps, true)?;
    need_trash(fs, inode)?;
    Ok(Op::Purge { inode })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ondisk::NewNode;
    use types::{Name, ROOT};

    fn caps(root: u32, flags: u8) -> SessionCaps {
        SessionCaps {
            root: Inode(root),
            flags,
            umask: 0,
            disables: 0,
            root_ids: (0, 0),
            mapall_ids: (0, 0),
            fine_times: false,
            goals: (1, 9),
            trash_times: (0, u32::MAX),
        }
    }

    /// File 3 in the trash; it was `d/a`.
    fn fs() -> Fs {
        let mut fs = Fs::new_empty(1);
        let name = |name: &'static str| Name::new(name.as_bytes()).unwrap();
        for (parent, n, kind) in [(1, "d", NodeType::Dir), (2, "a", NodeType::File)] {
            let node = NewNode { kind, mode: 0o777, umask: 0 };
            fs.apply(1, &Op::Create { parent: Inode(parent), name: name(n), node, uid: 0, gid: 0, rdev: 0 })
                .unwrap();
        }
        fs.apply(1, &Op::Unlink { parent: Inode(2), name: name("a") }).unwrap();
        fs
    }

    #[test]
    fn long_paths_show_their_end() {
        assert_eq!(shown_path(b"a/b"), b"a|b");
        let long = shown_path(&[b'x'; 241]);
        assert!(long.len() == 240 && long.starts_with(b"(...)x"));
        assert_eq!(shown_path(&[b'x'; 240]), [b'x'; 240]);
    }

    #[test]
    fn only_in_sessions_of_the_trash() {
        let fs = fs();
        let (plain, meta, read_only) = (caps(1, 0), caps(0, 0), caps(0, SessionFlag::READ_ONLY));
        assert_eq!(list_trash(&fs, &plain, None), Err(Status::EPERM));
        assert_eq!(plan_purge(&fs, &plain, Inode(3)), Err(Status::EPERM));
        assert_eq!(plan_purge(&fs, &read_only, Inode(3)), Err(Status::EROFS));
        assert_eq!(list_trash(&fs, &meta, None), Ok(vec![(b"d|a".to_vec(), Inode(3))]));
        assert_eq!(list_trash(&fs, &meta, Some(4)), Ok(vec![]));
        assert_eq!(list_trash(&fs, &meta, Some(4096)).map(|all| all.len()), Ok(1));
        assert_eq!(deleted_file(&fs, &meta, Inode(3), 2), Err(Status::ENOENT));
        assert!(deleted_file(&fs, &meta, Inode(3), 1).is_ok());
        assert_eq!(trash_path(&fs, &meta, Inode(3)), Ok(&b"d/a"[..]));
        assert_eq!(plan_purge(&fs, &meta, Inode(2)), Err(Status::ENOENT));
    }

    #[test]
    fn undeleting_checks_the_way_back() {
        let mut fs = fs();
        let meta = caps(0, 0);
        let path = plan_set_trash_path(&fs, &meta, Inode(3), b"d/new/deep/a").unwrap();
        fs.apply(1, &path).unwrap();
        let limits = ondisk::QuotaLimits { hard_inodes: 2, ..Default::default() };
        let quota = |flags| Op::Quota { inode: Inode(2), exceeded: false, flags, stamp: 0, limits, grace: 0 };
        fs.apply(1, &quota(0x10)).unwrap();
        assert_eq!(plan_undelete(&fs, &meta, Inode(3)), Err(Status::QUOTA));
        fs.apply(1, &quota(0)).unwrap();
        let seteattr = |smode| Op::SetEattr { inode: ROOT, uid: 0, bits: NodeView::IMMUTABLE, smode };
        fs.apply(1, &seteattr(1)).unwrap();
        assert_eq!(plan_undelete(&fs, &meta, Inode(3)), Err(Status::EPERM));
        fs.apply(1, &seteattr(2)).unwrap();
        let op = plan_undelete(&fs, &meta, Inode(3)).unwrap();
        fs.apply(1, &op).unwrap();
        assert_eq!(fs.paths(Inode(3), ROOT), [b"d/new/deep/a"]);
        assert_eq!(plan_set_trash_path(&fs, &meta, Inode(3), b""), Err(Status::EINVAL));
    }
}
