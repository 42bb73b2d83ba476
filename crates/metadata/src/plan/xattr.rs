//! Extended attributes and ACLs (`spec/wire-client-master.md` 3.7).

use super::access::{R, W, need, owns};
use super::caller::{Caller, Disable};
use super::namespace::refuse;
use super::resolve::{resolve, resolve_unchecked};
use crate::{Acl, Fs, NodeView, UNSET};
use ondisk::{AclEntries, Op};
use types::{Bytes32, Inode, MAX_XATTR_VALUE, Name, Status};

/// A node addressed by an attribute request.
#[derive(Clone, Copy, Debug)]
pub struct XattrNode {
    /// As the session names it.
    pub inode: Inode,
    /// The client holds it open: the permission was checked then.
    pub opened: bool,
}

fn node_of(fs: &Fs, caller: &Caller<'_>, at: XattrNode) -> Result<NodeView, Status> {
    if at.opened { resolve_unchecked(fs, caller.caps, at.inode) } else { resolve(fs, caller.caps, at.inode) }
}

/// GETXATTR with a name.
pub fn get_xattr<'f>(
    fs: &'f Fs,
    caller: &Caller<'_>,
    at: XattrNode,
    name: Name<'_>,
) -> Result<&'f [u8], Status> {
    let name = name.as_bytes();
    if name.contains(&0) {
        return Err(Status::EINVAL);
    }
    let node = node_of(fs, caller, at)?;
    if name.starts_with(b"trusted.") && caller.uid != 0 {
        return Err(Status::EPERM);
    }
    if !at.opened {
        need(fs, &node, caller, R)?;
    }
    fs.xattr(node.inode, name).map(|x| &*x.value).ok_or(Status::ENOATTR)
}

/// GETXATTR without a name: all names, each with a NUL behind it.
pub fn list_xattrs(fs: &Fs, caller: &Caller<'_>, at: XattrNode) -> Result<Vec<u8>, Status> {
    let node = node_of(fs, caller, at)?;
    if !at.opened {
        need(fs, &node, caller, R)?;
    }
    let mut list = Vec::new();
    for xattr in fs.xattrs(node.inode) {
        list.extend_from_slice(&xattr.name);
        list.push(0);
    }
    if list.len() > MAX_XATTR_VALUE { Err(Status::ERANGE) } else { Ok(list) }
}

/// SETXATTR: mode 0 create or replace, 1 create, 2 replace, 3 remove. An empty name, which 3.0.117 would store, is
/// refused.
pub fn plan_set_xattr<'a>(
    fs: &Fs,
    caller: &Caller<'_>,
    at: XattrNode,
    name: Name<'a>,
    value: &'a [u8],
    mode: u8,
) -> Result<Op<'a>, Status> {
    refuse(caller, caller.caps.disabled(Disable::SetXattr))?;
    let node = node_of(fs, caller, at)?;
    let text = name.as_bytes();
    let is = |prefix: &[u8]| text.starts_with(prefix);
    let roots = (is(b"trusted.") || is(b"security.")) && caller.uid != 0;
    if roots || is(b"system.") && !owns(&node, caller) || node.has_eattr(NodeView::IMMUTABLE) {
        return Err(Status::EPERM);
    }
    if !at.opened {
        need(fs, &node, caller, W)?;
    }
    if text.is_empty() || text.contains(&0) || mode > 3 {
        return Err(Status::EINVAL);
    }
    let exists = fs.xattr(node.inode, text).is_some();
    match mode {
        1 if exists => return Err(Status::EEXIST),
        2 | 3 if !exists => return Err(Status::ENOATTR),
        _ => {}
    }
    let names: usize = fs.xattrs(node.inode).iter().map(|x| x.name.len() + 1).sum();
    let names = names + if exists { 0 } else { text.len() + 1 };
    if mode != 3 && (value.len() > MAX_XATTR_VALUE || names > MAX_XATTR_VALUE) {
        return Err(Status::ERANGE);
    }
    // A removal's value means nothing, and one that is too long would make a line that cannot be read again.
    let value = if mode == 3 { &[] } else { value };
    Ok(Op::SetXattr { inode: node.inode, name, value: Bytes32::new(value), mode })
}

/// GETFACL. Nobody needs a permission for it.
pub fn get_acl<'f>(fs: &'f Fs, caller: &Caller<'_>, inode: Inode, kind: u8) -> Result<&'f Acl, Status> {
    let node = resolve_unchecked(fs, caller.caps, inode)?;
    fs.acl(node.inode, kind).ok_or(Status::ENOATTR)
}

/// Permissions of an ACL to be set; [`UNSET`] is "not set".
#[derive(Clone, Copy, Debug)]
pub struct AclPerms {
    /// The owner's.
    pub user: u16,
    /// The owning group's.
    pub group: u16,
    /// Everybody else's.
    pub other: u16,
    /// The mask.
    pub mask: u16,
}

/// Named entries of an ACL. As an extended attribute, which is how systems hand ACLs over, one can have 8191; its line in
/// the changelog must not be longer than metaloggers take.
const MAX_NAMED: usize = 8191;

/// SETFACL: kind 1 access, 2 default. Without any permission and name the ACL is removed.
pub fn plan_set_acl<'a>(
    fs: &Fs,
    caller: &Caller<'_>,
    inode: Inode,
    kind: u8,
    perms: AclPerms,
    named: AclEntries<'a>,
) -> Result<Op<'a>, Status> {
    refuse(caller, caller.caps.disabled(Disable::SetFacl))?;
    let node = resolve(fs, caller.caps, inode)?;
    if !owns(&node, caller) || node.has_eattr(NodeView::IMMUTABLE) {
        return Err(Status::EPERM);
    }
    if !matches!(kind, Acl::ACCESS | Acl::DEFAULT) || named.as_bytes().len() > MAX_NAMED * 6 {
        return Err(Status::EINVAL);
    }
    let removes =
        [perms.user, perms.group, perms.other, perms.mask] == [UNSET; 4] && named.as_bytes().is_empty();
    let or_mode = |perm, shift: u16| if perm == UNSET { node.mode >> shift & 7 } else { perm };
    let (user, group, other, mode) = if removes {
        (UNSET, UNSET, UNSET, node.mode)
    } else {
        let (user, group, other) = (or_mode(perms.user, 6), or_mode(perms.group, 3), or_mode(perms.other, 0));
        let as_mode = node.mode & 0o7000 | (user & 7) << 6 | (group & 7) << 3 | other & 7;
        (user, group, other, if kind == Acl::ACCESS { as_mode } else { node.mode })
    };
    Ok(Op::SetAcl {
        inode: node.inode,
        mode,
        change_ctime: true,
        kind,
        user,
        group,
        other,
        mask: perms.mask,
        named,
    })
}
