//! Storage classes.

use std::sync::Arc;
use types::Status;

/// The first id of classes made by operators; below are the classic goals.
pub const FIRST_USER_CLASS: u8 = 10;

/// One copy's servers: an OR of up to four ANDs of label bits; all zero means any server
/// (`spec/chunk-placement.md` 1.3).
pub type LabelTerm = [u32; 4];

/// A storage class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StorageClass {
    /// 1 to 255 bytes.
    pub name: Box<[u8]>,
    /// Only admin sessions may assign it.
    pub admin_only: bool,
    /// 0 loose, 1 standard, 2 strict.
    pub mode: u8,
    /// Days after which chunks are archived; 0 for never.
    pub arch_delay: u16,
    /// Copies while a chunk is new, 1 to 9.
    pub create: Vec<LabelTerm>,
    /// Copies afterwards, 1 to 9.
    pub keep: Vec<LabelTerm>,
    /// Copies once archived, 1 to 9.
    pub archive: Vec<LabelTerm>,
}

impl StorageClass {
    /// The classic goal: `copies` copies anywhere.
    pub fn goal(copies: u8) -> Self {
        let copies_anywhere = vec![LabelTerm::default(); copies.into()];
        StorageClass {
            name: copies.to_string().into_bytes().into(),
            admin_only: false,
            mode: 1,
            arch_delay: 0,
            create: copies_anywhere.clone(),
            keep: copies_anywhere.clone(),
            archive: copies_anywhere,
        }
    }

    /// The copies that count for "real size" and for comparing classes.
    pub fn keepmax(&self) -> u8 {
        self.keep.len().max(self.archive.len()) as u8
    }
}

/// What an image needs of [`Classes`]; 256 places.
pub(crate) type ClassList = Arc<Vec<Option<Arc<StorageClass>>>>;

/// All classes by id, and how many nodes have each.
pub(crate) struct Classes {
    list: ClassList,
    users: Vec<u64>,
    /// Directories among them.
    dirs: Vec<u64>,
    keepmax: [u8; 256],
}

impl Classes {
    /// The predefined ones.
    pub(crate) fn new() -> Self {
        let mut classes = Classes {
            list: Arc::new(vec![None; 256]),
            users: vec![0; 256],
            dirs: vec![0; 256],
            keepmax: [0; 256],
        };
        (1..FIRST_USER_CLASS).for_each(|id| classes.set(id, Some(StorageClass::goal(id))));
        classes
    }

    pub(crate) fn get(&self, id: u8) -> Option<&StorageClass> {
        self.list[usize::from(id)].as_deref()
    }

    /// Copies of a class; 0 for one that does not exist.
    pub(crate) fn keepmax(&self, id: u8) -> u8 {
        self.keepmax[usize::from(id)]
    }

    /// The same of all classes, for use beside changes of other parts.
    pub(crate) fn keepmax_table(&self) -> [u8; 256] {
        self.keepmax
    }

    pub(crate) fn set(&mut self, id: u8, class: Option<StorageClass>) {
        self.keepmax[usize::from(id)] = class.as_ref().map_or(0, StorageClass::keepmax);
        Arc::make_mut(&mut self.list)[usize::from(id)] = class.map(Arc::new);
    }

    pub(crate) fn by_name(&self, name: &[u8]) -> Option<u8> {
        self.iter().find(|(_, class)| *class.name == *name).map(|(id, _)| id)
    }

    /// The lowest free id for a new class.
    pub(crate) fn free_id(&self) -> Result<u8, Status> {
        (FIRST_USER_CLASS..=255).find(|id| self.get(*id).is_none()).ok_or(Status::CLASSLIMITREACH)
    }

    /// Nodes that have the class.
    pub(crate) fn users(&self, id: u8) -> u64 {
        self.users[usize::from(id)]
    }

    /// Directories that have the class.
    pub(crate) fn dirs(&self, id: u8) -> u64 {
        self.dirs[usize::from(id)]
    }

    pub(crate) fn count_user(&mut self, id: u8, is_dir: bool, by: i64) {
        let users = &mut self.users[usize::from(id)];
        *users = users.wrapping_add_signed(by);
        if is_dir {
            let dirs = &mut self.dirs[usize::from(id)];
            *dirs = dirs.wrapping_add_signed(by);
        }
    }

    /// Ascending by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u8, &StorageClass)> {
        self.list.iter().enumerate().filter_map(|(id, class)| Some((id as u8, class.as_deref()?)))
    }

    pub(crate) fn list(&self) -> ClassList {
        self.list.clone()
    }
}
