//! Extended attributes and ACLs (`spec/wire-client-master.md` 3.7).

use super::xattr_shapes::{Acl, XattrValue};
use types::{Bytes32, Cred, Inode, MsgId, Name, Reply, Status};

packets! { <'a> {
    /// The value of an attribute; with an empty name, the names of all.
    478 FuseGetxattr<'a> {
        msgid: MsgId,
        inode: Inode,
        name: Name<'a>,
        /// 0 the value, 1 its length only.
        mode: u8,
        /// 1 when the client holds the node open.
        opened: u8,
        cred: Cred<'a>
    }
    /// Answers `FuseGetxattr`; in a list of names each ends with a NUL.
    479 FuseGetxattrReply<'a> { msgid: MsgId, reply: Reply<XattrValue<'a>> }

    /// Set or remove an attribute.
    480 FuseSetxattr<'a> {
        msgid: MsgId,
        inode: Inode,
        name: Name<'a>,
        value: Bytes32<'a>,
        /// 0 create or replace, 1 create, 2 replace, 3 remove.
        mode: u8,
        /// 1 when the client holds the node open.
        opened: u8,
        cred: Cred<'a>
    }
    /// Answers `FuseSetxattr`.
    481 FuseSetxattrReply { msgid: MsgId, status: Status }

    /// An ACL of a node.
    488 FuseGetfacl {
        msgid: MsgId,
        inode: Inode,
        /// 1 access, 2 default.
        kind: u8
    }
    /// Answers `FuseGetfacl`.
    489 FuseGetfaclReply<'a> { msgid: MsgId, reply: Reply<Acl<'a>> }

    /// Set an ACL; remove it when all four permissions are 0xFFFF and nobody is named.
    490 FuseSetfacl<'a> {
        msgid: MsgId,
        inode: Inode,
        uid: u32,
        /// 1 access, 2 default.
        kind: u8,
        acl: Acl<'a>
    }
    /// Answers `FuseSetfacl`.
    491 FuseSetfaclReply { msgid: MsgId, status: Status }
} }
