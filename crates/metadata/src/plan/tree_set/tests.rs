use super::*;
use crate::plan::SessionCaps;
use ondisk::NewNode;
use types::NodeType;

fn caps(flags: u8) -> SessionCaps {
    SessionCaps {
        root: Inode(1),
        flags,
        umask: 0,
        disables: 0,
        root_ids: (0, 0),
        mapall_ids: (0, 0),
        fine_times: false,
        goals: (2, 5),
        trash_times: (3600, 7200),
    }
}

/// A directory 2 with file 3 of user 5 and file 4 of user 6 in it.
fn fs() -> Fs {
    let mut fs = Fs::new_empty(1);
    let mut make = |parent, name: &'static str, kind, uid| {
        let name = Name::new(name.as_bytes()).unwrap();
        let node = NewNode { kind, mode: 0o777, umask: 0 };
        fs.apply(1, &Op::Create { parent: Inode(parent), name, node, uid, gid: 0, rdev: 0 }).unwrap();
    };
    make(1, "d", NodeType::Dir, 5);
    make(2, "a", NodeType::File, 5);
    make(2, "b", NodeType::File, 6);
    fs
}

fn run(fs: &mut Fs, change: &TreeChange) -> [u64; 3] {
    let mut sum = [0, change.unchanged, change.denied];
    for op in &change.ops {
        let outcome = fs.apply(2, op).unwrap();
        (0..3).for_each(|i| sum[i] += outcome.get(i).unwrap());
    }
    sum
}

#[test]
fn limits_and_rights_of_trash_times() {
    let mut fs = fs();
    let caps = caps(0);
    let caller = Caller::single(&caps, 5, 0);
    let plan =
        |fs: &Fs, inode, seconds, smode| plan_set_trash_time(fs, &caller, Inode(inode), seconds, smode);
    assert_eq!(plan(&fs, 3, 7201, 0), Err(Status::EPERM));
    assert!(plan(&fs, 3, 7201, 2).is_ok() && plan(&fs, 3, 10, 1).is_ok());
    assert_eq!(plan(&fs, 4, 3600, 0), Err(Status::EPERM));
    assert_eq!(plan(&fs, 3, 3600, 8), Err(Status::EINVAL));
    assert_eq!(plan(&fs, 9, 3600, 0), Err(Status::ENOENT));
    let change = plan(&fs, 2, 3601, 4).unwrap();
    assert_eq!(run(&mut fs, &change), [2, 0, 1]);
    assert_eq!(fs.get(Inode(3)).unwrap().trash_hours, 2);
    let exchange = plan(&fs, 2, 3601, 7).unwrap();
    assert_eq!((exchange.ops.len(), exchange.unchanged, exchange.denied), (0, 2, 1));
    let caps = SessionCaps { trash_times: (0, u32::MAX), ..caps };
    let caller = Caller::single(&caps, 5, 0);
    let change = plan_set_trash_time(&fs, &caller, Inode(3), u32::MAX, 0).unwrap();
    assert_eq!(run(&mut fs, &change), [1, 0, 0]);
    assert_eq!(fs.get(Inode(3)).unwrap().trash_hours, u16::MAX);
}

#[test]
fn only_chunks_are_archived() {
    let fs = fs();
    let caps = caps(0);
    let plan = |uid, inode| plan_set_archived(&fs, &Caller::single(&caps, uid, 0), Inode(inode), true);
    assert_eq!(plan(5, 3), Ok(None));
    assert_eq!(plan(7, 3), Err(Status::EPERM));
    assert!(matches!(plan(7, 2), Ok(Some(_))));
}

#[test]
fn classes_for_administrators_only_are_left_to_them() {
    let mut fs = fs();
    let name = Name::new(b"vip").unwrap();
    let counts = ondisk::SclassCounts { create: 1, keep: 1, archive: 1 };
    let masks = ondisk::MaskList::from_be_bytes(&[0; 48]).unwrap();
    let op = Op::ScSet { name, new: true, counts, mode: 1, arch_delay: 0, admin_only: true, masks };
    fs.apply(1, &op).unwrap();
    fs.apply(1, &Op::SetSclass { inode: Inode(3), uid: 0, src: 10, dst: 10, smode: 0 }).unwrap();
    let (plain, admin) = (caps(0), caps(SessionFlag::ADMIN));
    let root = Caller::single(&plain, 0, 0);
    assert_eq!(plan_set_sclass(&fs, &root, Inode(4), NewClass::Named(name), 0), Err(Status::EPERM));
    assert_eq!(plan_set_sclass(&fs, &root, Inode(4), NewClass::Goal(6), 0), Err(Status::EPERM));
    assert_eq!(plan_set_sclass(&fs, &root, Inode(4), NewClass::Goal(10), 0), Err(Status::EINVAL));
    let change = plan_set_sclass(&fs, &root, Inode(2), NewClass::Goal(3), 4).unwrap();
    assert_eq!(run(&mut fs, &change), [2, 0, 1]);
    let root = Caller::single(&admin, 0, 0);
    let change = plan_set_sclass(&fs, &root, Inode(2), NewClass::Named(name), 4).unwrap();
    assert_eq!((change.ops.len(), run(&mut fs, &change)), (1, [2, 1, 0]));
    assert_eq!(plan_set_sclass(&fs, &root, Inode(2), NewClass::Named(name), 5), Err(Status::EINVAL));
}

#[test]
fn protecting_attributes_need_an_admin() {
    let mut fs = fs();
    let (plain, admin) = (caps(0), caps(SessionFlag::ADMIN));
    let owner = Caller::single(&plain, 5, 0);
    assert_eq!(plan_set_eattr(&fs, &owner, Inode(3), NodeView::IMMUTABLE, 1), Err(Status::EPERM));
    let exchange = plan_set_eattr(&fs, &owner, Inode(2), NodeView::NOOWNER, 7).unwrap();
    assert_eq!((exchange.ops.len(), exchange.unchanged, exchange.denied), (0, 2, 1));
    let owner = Caller::single(&admin, 5, 0);
    let change = plan_set_eattr(&fs, &owner, Inode(3), NodeView::IMMUTABLE, 1).unwrap();
    assert_eq!(run(&mut fs, &change), [1, 0, 0]);
    assert_eq!(plan_set_eattr(&fs, &owner, Inode(3), NodeView::NOOWNER, 1), Err(Status::EPERM));
    assert_eq!(plan_set_trash_time(&fs, &owner, Inode(3), 3600, 0), Err(Status::EPERM));
}
