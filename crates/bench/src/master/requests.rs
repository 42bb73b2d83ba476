//! Requests as root, of the kinds that loads consist of.

use proto::client_master as p;
use types::{Cred, Gids, Inode, MsgId, Name, NodeType};

pub(super) fn root() -> Cred<'static> {
    Cred { uid: 0, gids: Gids::from_be_bytes(&[0; 4]).expect("one group") }
}

/// A name of 10 digits behind a stem.
pub fn text(stem: &str, n: usize) -> String {
    format!("{stem}-{n:010}")
}

pub(super) fn name(text: &str) -> Name<'_> {
    Name::new(text.as_bytes()).expect("short")
}

/// Makes a directory.
pub fn mkdir<'a>(msgid: MsgId, parent: Inode, dir: &'a str) -> p::FuseMkdir<'a> {
    p::FuseMkdir { msgid, parent, name: name(dir), mode: 0o777, umask: 0, cred: root(), copy_sgid: 0 }
}

/// Makes a file.
pub fn mknod<'a>(msgid: MsgId, parent: Inode, file: &'a str) -> p::FuseMknod<'a> {
    let kind = NodeType::File;
    p::FuseMknod { msgid, parent, name: name(file), kind, mode: 0o644, umask: 0, cred: root(), rdev: 0 }
}

/// Looks a name up.
pub fn lookup<'a>(msgid: MsgId, parent: Inode, file: &'a str) -> p::FuseLookup<'a> {
    p::FuseLookup { msgid, parent, name: name(file), cred: root() }
}

/// Asks for attributes.
pub fn getattr(msgid: MsgId, inode: Inode) -> p::FuseGetattr {
    p::FuseGetattr { msgid, inode, opened: 0, uid: 0, gid: 0 }
}

/// Renames within a directory.
pub fn rename<'a>(msgid: MsgId, dir: Inode, (from, to): (&'a str, &'a str)) -> p::FuseRename<'a> {
    p::FuseRename { msgid, src: dir, src_name: name(from), dst: dir, dst_name: name(to), cred: root() }
}

/// Removes a file's name.
pub fn unlink<'a>(msgid: MsgId, parent: Inode, file: &'a str) -> p::FuseUnlink<'a> {
    p::FuseUnlink { msgid, parent, name: name(file), cred: root() }
}

/// Makes a snapshot of a node, under a name in a directory.
pub fn snapshot<'a>(msgid: MsgId, src: Inode, (dst, name_there): (Inode, &'a str)) -> p::FuseSnapshot<'a> {
    p::FuseSnapshot { msgid, src, dst, dst_name: name(name_there), cred: root(), smode: 0, umask: 0 }
}
