//! What stands where in a mount of the trash, and how names and numbers of nodes say it (`spec/tools.md` 17).

use client::Deleted;
use types::{Inode, ROOT};

/// Buckets of the trash: inode modulo this.
pub(super) const BUCKETS: u32 = 4096;
/// Longest name of an entry, bytes.
const MAX_NAME: usize = 255;

const TRASH: Inode = Inode(0x7FFF_FFF8);
const UNDEL: Inode = Inode(0x7FFF_FFF9);
const SUSTAINED: Inode = Inode(0x7FFF_FFFA);
const MASTERINFO: Inode = Inode(0x7FFF_FFFF);
const FIRST_BUCKET: Inode = Inode(0x7FFF_0000);

/// A node of the mount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Node {
    Root,
    Trash,
    /// A file moved here comes back.
    Undel,
    Sustained,
    /// Files in the trash with this remainder of their number.
    Bucket(u32),
    /// For the command line tools; never listed.
    MasterInfo,
    /// A deleted file, under the number it always had.
    File(Inode),
}

impl Node {
    pub(super) fn of(inode: Inode) -> Node {
        match inode {
            ROOT => Node::Root,
            TRASH => Node::Trash,
            UNDEL => Node::Undel,
            SUSTAINED => Node::Sustained,
            MASTERINFO => Node::MasterInfo,
            Inode(n) if (FIRST_BUCKET.0..FIRST_BUCKET.0 + BUCKETS).contains(&n) => {
                Node::Bucket(n - FIRST_BUCKET.0)
            }
            file => Node::File(file),
        }
    }

    pub(super) fn inode(self) -> Inode {
        match self {
            Node::Root => ROOT,
            Node::Trash => TRASH,
            Node::Undel => UNDEL,
            Node::Sustained => SUSTAINED,
            Node::MasterInfo => MASTERINFO,
            Node::Bucket(bucket) => Inode(FIRST_BUCKET.0 + bucket),
            Node::File(inode) => inode,
        }
    }

    /// Type with permissions, and the number of links, as a stock mount shows them; of files the master tells.
    pub(super) fn mode_and_links(self, flat: bool) -> (u32, u32) {
        let buckets = if flat { 0 } else { BUCKETS };
        match self {
            Node::Root => (0o040_555, 4),
            Node::Trash => (0o040_700, buckets + 3),
            Node::Undel => (0o040_200, buckets + 2),
            Node::Sustained => (0o040_500, 2),
            Node::Bucket(_) => (0o040_700, 3),
            Node::MasterInfo => (0o100_444, 1),
            Node::File(_) => (0o100_000, 0),
        }
    }

    pub(super) fn is_dir(self) -> bool {
        !matches!(self, Node::MasterInfo | Node::File(_))
    }

    /// Where files in this directory are; `None` when it has none.
    pub(super) fn files(self, flat: bool) -> Option<Deleted> {
        match self {
            Node::Bucket(_) => Some(Deleted::Trash),
            Node::Trash if flat => Some(Deleted::Trash),
            Node::Sustained => Some(Deleted::Sustained),
            _ => None,
        }
    }

    /// The node of this name that is no file.
    pub(super) fn child(self, name: &[u8], flat: bool) -> Option<Node> {
        match (self, name) {
            (Node::Root, b"trash") => Some(Node::Trash),
            (Node::Root, b"sustained") => Some(Node::Sustained),
            (Node::Root, b".masterinfo") => Some(Node::MasterInfo),
            (Node::Trash | Node::Bucket(_), b"undel") => Some(Node::Undel),
            (Node::Trash, _) if !flat && name.len() == 3 => {
                hex(name).filter(|n| *n < BUCKETS).map(Node::Bucket)
            }
            _ => None,
        }
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u32::from_str_radix(text, 16).ok()
}

/// The name of a deleted file: its number and the path it had.
pub(super) fn file_name(inode: Inode, path: &[u8]) -> Vec<u8> {
    let mut name = format!("{:08X}|", inode.0).into_bytes();
    let room = MAX_NAME - name.len();
    name.extend_from_slice(&path[..path.len().min(room)]);
    name
}

/// The number in such a name; what follows it does not matter, but must be there.
pub(super) fn file_of(name: &[u8]) -> Option<Inode> {
    let bar = name.iter().position(|b| *b == b'|')?;
    (name.len() > bar + 1).then(|| hex(&name[..bar])).flatten().map(Inode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_number() {
        assert_eq!(file_name(Inode(63), b"dir|t1"), b"0000003F|dir|t1");
        assert_eq!(file_of(b"0000003F|dir|t1"), Some(Inode(63)));
        assert_eq!(file_of(b"3f|x"), Some(Inode(63)));
        for bad in [b"0000003F|".as_slice(), b"0000003F", b"|x", b"+3F|x", b"100000000|x", b"xyz|x"] {
            assert_eq!(file_of(bad), None);
        }
        assert_eq!(file_name(Inode(1), &[b'x'; 300]).len(), 255);
    }

    #[test]
    fn numbers_tell_the_node() {
        let nodes = [Node::Root, Node::Trash, Node::Undel, Node::Sustained, Node::MasterInfo];
        let more = [Node::Bucket(0), Node::Bucket(4095), Node::File(Inode(2))];
        for node in nodes.into_iter().chain(more) {
            assert_eq!(Node::of(node.inode()), node);
        }
        assert_eq!(Node::Trash.child(b"0fF", false), Some(Node::Bucket(255)));
        assert_eq!(Node::Trash.child(b"0fF", true), None);
        assert_eq!(Node::Trash.child(b"0ff0", false), None);
        assert_eq!(Node::Bucket(7).child(b"undel", false), Some(Node::Undel));
    }
}
