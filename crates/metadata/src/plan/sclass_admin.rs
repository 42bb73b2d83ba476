//! Administration of storage classes (`spec/wire-client-master.md` 3.10).

use super::caller::{SessionCaps, SessionFlag};
use crate::{FIRST_USER_CLASS, Fs, StorageClass};
use ondisk::Op;
use types::{Name, Status};

/// Copies a class may ask for.
const COPIES: std::ops::RangeInclusive<usize> = 1..=9;
/// The highest mode: strict.
const MAX_MODE: u8 = 2;

/// What to take over from the definition in a change of a class.
pub struct ClassMask;

impl ClassMask {
    /// Only administrators may assign it.
    pub const ADMIN_ONLY: u16 = 0x01;
    /// How strictly labels count.
    pub const MODE: u16 = 0x02;
    /// Copies while new.
    pub const CREATE: u16 = 0x04;
    /// Copies afterwards.
    pub const KEEP: u16 = 0x08;
    /// Copies once archived.
    pub const ARCHIVE: u16 = 0x10;
    /// When to archive.
    pub const DELAY: u16 = 0x20;
    /// Even of the classes 1 to 9.
    pub const FORCE: u16 = 0x8000;
}

fn need_admin(caps: &SessionCaps) -> Result<(), Status> {
    // A read-only export of an administrator may change classes: they are no part of the tree.
    if caps.has(SessionFlag::ADMIN) { Ok(()) } else { Err(Status::EPERM_NOTADMIN) }
}

fn check(class: &StorageClass) -> Result<(), Status> {
    let counts = [class.create.len(), class.keep.len(), class.archive.len()];
    let fine = counts.iter().all(|n| COPIES.contains(n)) && class.mode <= MAX_MODE;
    if fine { Ok(()) } else { Err(Status::EINVAL) }
}

/// What a class may be called, and be looked for by: anything but nothing and what has a NUL.
fn check_name(name: &[u8]) -> Result<(), Status> {
    if name.is_empty() || name.contains(&0) { Err(Status::EINVAL) } else { Ok(()) }
}

fn need_new_name(fs: &Fs, name: &[u8]) -> Result<(), Status> {
    if fs.sclass_by_name(name).is_some() { Err(Status::CLASSEXISTS) } else { Ok(()) }
}

fn need_room(fs: &Fs) -> Result<(), Status> {
    let full = (FIRST_USER_CLASS..=u8::MAX).all(|id| fs.sclass(id).is_some());
    if full { Err(Status::CLASSLIMITREACH) } else { Ok(()) }
}

fn need_class(fs: &Fs, name: Name<'_>) -> Result<u8, Status> {
    fs.sclass_by_name(name.as_bytes()).ok_or(Status::NOSUCHCLASS)
}

/// SCLASS_CREATE: whether the class may be made.
pub fn check_new_class(fs: &Fs, caps: &SessionCaps, class: &StorageClass) -> Result<(), Status> {
    need_admin(caps)?;
    check_name(&class.name)?;
    check(class)?;
    need_new_name(fs, &class.name)?;
    need_room(fs)
}

/// SCLASS_CHANGE: the class as it shall be; `None` with it when nothing is to be changed.
pub fn changed_class(
    fs: &Fs,
    caps: &SessionCaps,
    wish: &StorageClass,
    mask: u16,
) -> Result<(StorageClass, bool), Status> {
    type M = ClassMask;
    let changes = mask & !M::FORCE != 0;
    if mask != 0 {
        need_admin(caps)?;
    }
    check_name(&wish.name)?;
    let id = fs.sclass_by_name(&wish.name).ok_or(Status::NOSUCHCLASS)?;
    let mut class = fs.sclass(id).ok_or(Status::NOSUCHCLASS)?.clone();
    if !changes {
        return Ok((class, false));
    }
    if id < FIRST_USER_CLASS && mask & M::FORCE == 0 {
        return Err(Status::EPERM);
    }
    let takes = |bit: u16| mask & bit != 0;
    if takes(M::ADMIN_ONLY) {
        class.admin_only = wish.admin_only;
    }
    if takes(M::MODE) {
        class.mode = wish.mode;
    }
    if takes(M::CREATE) {
        class.create.clone_from(&wish.create);
    }
    if takes(M::KEEP) {
        class.keep.clone_from(&wish.keep);
    }
    if takes(M::ARCHIVE) {
        class.archive.clone_from(&wish.archive);
    }
    if takes(M::DELAY) {
        class.arch_delay = wish.arch_delay;
    }
    check(&class)?;
    Ok((class, true))
}

/// SCLASS_DELETE.
pub fn plan_delete_class<'a>(fs: &Fs, caps: &SessionCaps, name: Name<'a>) -> Result<Op<'a>, Status> {
    need_admin(caps)?;
    check_name(name.as_bytes())?;
    let id = need_class(fs, name)?;
    if id < FIRST_USER_CLASS {
        return Err(Status::EPERM);
    }
    if fs.sclass_users(id) > 0 {
        return Err(Status::CLASSINUSE);
    }
    Ok(Op::ScDel { name })
}

/// SCLASS_DUPLICATE.
pub fn plan_duplicate_class<'a>(
    fs: &Fs,
    caps: &SessionCaps,
    src: Name<'a>,
    dst: Name<'a>,
) -> Result<Op<'a>, Status> {
    need_admin(caps)?;
    check_name(src.as_bytes())?;
    check_name(dst.as_bytes())?;
    need_class(fs, src)?;
    need_new_name(fs, dst.as_bytes())?;
    need_room(fs)?;
    Ok(Op::ScDup { src, dst })
}

/// SCLASS_RENAME.
pub fn plan_rename_class<'a>(
    fs: &Fs,
    caps: &SessionCaps,
    old: Name<'a>,
    new: Name<'a>,
) -> Result<Op<'a>, Status> {
    need_admin(caps)?;
    check_name(old.as_bytes())?;
    check_name(new.as_bytes())?;
    let id = need_class(fs, old)?;
    if id < FIRST_USER_CLASS {
        return Err(Status::EPERM);
    }
    need_new_name(fs, new.as_bytes())?;
    Ok(Op::ScRen { old, new })
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::Inode;

    fn caps(flags: u8) -> SessionCaps {
        SessionCaps {
            root: Inode(1),
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

    fn named(name: &str, copies: u8) -> StorageClass {
        StorageClass { name: name.as_bytes().into(), ..StorageClass::goal(copies) }
    }

    #[test]
    fn administrators_make_and_change_classes() {
        let mut fs = Fs::new_empty(1);
        let (plain, admin) = (caps(0), caps(SessionFlag::ADMIN));
        assert_eq!(check_new_class(&fs, &plain, &named("x", 2)), Err(Status::EPERM_NOTADMIN));
        assert_eq!(check_new_class(&fs, &admin, &named("x", 10)), Err(Status::EINVAL));
        assert_eq!(check_new_class(&fs, &admin, &named("", 1)), Err(Status::EINVAL));
        assert_eq!(check_new_class(&fs, &admin, &named("2", 1)), Err(Status::CLASSEXISTS));
        assert_eq!(check_new_class(&fs, &admin, &named("x", 2)), Ok(()));
        let name = |name: &'static str| Name::new(name.as_bytes()).unwrap();
        let op = plan_duplicate_class(&fs, &admin, name("2"), name("x")).unwrap();
        fs.apply(1, &op).unwrap();
        assert_eq!(plan_duplicate_class(&fs, &admin, name("2"), name("x")), Err(Status::CLASSEXISTS));
        let (class, changes) = changed_class(&fs, &plain, &named("x", 9), 0).unwrap();
        assert!(class.keep.len() == 2 && !changes);
        assert_eq!(changed_class(&fs, &plain, &named("x", 9), 1), Err(Status::EPERM_NOTADMIN));
        let (class, changes) = changed_class(&fs, &admin, &named("x", 9), ClassMask::KEEP).unwrap();
        assert!((class.create.len(), class.keep.len()) == (2, 9) && changes);
        assert_eq!(changed_class(&fs, &admin, &named("2", 9), ClassMask::KEEP), Err(Status::EPERM));
        assert!(changed_class(&fs, &admin, &named("2", 9), ClassMask::KEEP | ClassMask::FORCE).is_ok());
        assert_eq!(plan_rename_class(&fs, &admin, name("2"), name("y")), Err(Status::EPERM));
        assert!(plan_rename_class(&fs, &admin, name("x"), name("y")).is_ok());
        assert_eq!(plan_delete_class(&fs, &admin, name("nope")), Err(Status::NOSUCHCLASS));
        fs.apply(1, &Op::SetSclass { inode: Inode(1), uid: 0, src: 10, dst: 10, smode: 0 }).unwrap();
        assert_eq!(plan_delete_class(&fs, &admin, name("x")), Err(Status::CLASSINUSE));
    }
}
