//! Extended attributes.

use std::sync::Arc;
use types::Inode;

/// One extended attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Xattr {
    /// 1 to 255 bytes.
    pub name: Box<[u8]>,
    /// At most 65536 bytes.
    pub value: Box<[u8]>,
}

/// The attributes of all nodes; per node in the order of an image, the newest name first.
#[derive(Clone, Default)]
pub(crate) struct Xattrs {
    by_inode: imbl::OrdMap<u32, Arc<Vec<Arc<Xattr>>>>,
}

impl Xattrs {
    /// The attributes of a node.
    pub(crate) fn list(&self, inode: Inode) -> &[Arc<Xattr>] {
        self.by_inode.get(&inode.0).map_or(&[], |list| list)
    }

    pub(crate) fn get(&self, inode: Inode, name: &[u8]) -> Option<&Xattr> {
        self.list(inode).iter().find(|x| *x.name == *name).map(|x| &**x)
    }

    /// Sets an attribute; a new name goes to the head.
    pub(crate) fn set(&mut self, inode: Inode, name: &[u8], value: &[u8]) {
        let xattr = Arc::new(Xattr { name: name.into(), value: value.into() });
        let list = Arc::make_mut(self.by_inode.entry(inode.0).or_default());
        match list.iter_mut().find(|x| *x.name == *name) {
            Some(old) => *old = xattr,
            None => list.insert(0, xattr),
        }
    }

    /// Adds an attribute behind the others, as a loader meets them.
    pub(crate) fn append(&mut self, inode: Inode, name: &[u8], value: &[u8]) {
        let xattr = Arc::new(Xattr { name: name.into(), value: value.into() });
        Arc::make_mut(self.by_inode.entry(inode.0).or_default()).push(xattr);
    }

    /// Removes an attribute; false when there is none of that name.
    pub(crate) fn remove(&mut self, inode: Inode, name: &[u8]) -> bool {
        let Some(list) = self.by_inode.get_mut(&inode.0).map(Arc::make_mut) else { return false };
        let before = list.len();
        list.retain(|x| *x.name != *name);
        let removed = list.len() < before;
        if list.is_empty() {
            self.by_inode.remove(&inode.0);
        }
        removed
    }

    pub(crate) fn remove_all(&mut self, inode: Inode) {
        self.by_inode.remove(&inode.0);
    }

    /// Gives a node the attributes of another.
    pub(crate) fn copy(&mut self, from: Inode, to: Inode) {
        match self.by_inode.get(&from.0).cloned() {
            Some(list) => self.by_inode.insert(to.0, list),
            None => self.by_inode.remove(&to.0),
        };
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Inode, &[Arc<Xattr>])> {
        self.by_inode.iter().map(|(inode, list)| (Inode(*inode), list.as_slice()))
    }
}
