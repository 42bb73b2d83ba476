//! Changes that may go through a whole tree (`spec/wire-client-master.md` 3.9.3 to 3.9.5, 3.9.10).

use super::access::owns;
use super::caller::{Caller, Disable, SessionFlag};
use super::namespace::refuse;
use super::quota::{Growth, check_file_quota, check_quota, copies_of_class};
use super::resolve::resolve;
use super::tree::{has_class, walk};
use crate::{FIRST_USER_CLASS, Fs, NodeView};
use ondisk::Op;
use types::{ChunkIndex, Inode, Name, Status};

/// What to do, in the low two bits of an `smode`.
const KIND: u8 = 3;
const SET: u8 = 0;
const INCREASE: u8 = 1;
const DECREASE: u8 = 2;
const EXCHANGE: u8 = 3;
/// Everything below, too.
const RECURSIVE: u8 = 4;

/// The longest trash time that can be stored: 65535 hours.
const MAX_TRASH_SECONDS: u32 = 65_535 * 3600;

/// A change of a tree: operations, whose outcomes are changed, unchanged and denied nodes, and nodes that were
/// counted without one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TreeChange {
    /// Nearly always one.
    pub ops: Vec<Op<'static>>,
    /// Nodes that stay as they are.
    pub unchanged: u64,
    /// Nodes that must stay as they are.
    pub denied: u64,
}

impl TreeChange {
    fn one(op: Op<'static>) -> Self {
        TreeChange { ops: vec![op], ..TreeChange::default() }
    }
}

/// Which storage class is to be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewClass<'a> {
    /// A classic goal.
    Goal(u8),
    /// A class with a name.
    Named(Name<'a>),
    /// Where the first class is, the second is set.
    Exchange(Name<'a>, Name<'a>),
}

/// SETTRASHTIME.
pub fn plan_set_trash_time(
    fs: &Fs,
    caller: &Caller<'_>,
    inode: Inode,
    seconds: u32,
    smode: u8,
) -> Result<TreeChange, Status> {
    let (low, high) = caller.caps.trash_times;
    let outside = match smode & KIND {
        INCREASE => seconds > high,
        DECREASE => seconds < low,
        _ => seconds < low || seconds > high,
    };
    if caller.caps.disabled(Disable::SetTrash) || outside {
        return Err(Status::EPERM);
    }
    let top = need_top(fs, caller, inode, smode)?;
    need_class_holder(&top)?;
    need_permitted(smode, frozen(&top, caller))?;
    if smode & KIND == EXCHANGE {
        return Ok(unchanged(fs, top, smode, has_class, |node| frozen(node, caller)));
    }
    // Stock keeps the hours modulo 2^16, and what was to be kept for long would be gone at once.
    let seconds = seconds.min(MAX_TRASH_SECONDS);
    Ok(TreeChange::one(Op::SetTrashTime { inode: top.inode, uid: caller.uid, seconds, smode }))
}

/// A mode that changes nothing, and counts all the same.
fn unchanged(
    fs: &Fs,
    top: NodeView,
    smode: u8,
    which: impl Fn(&NodeView) -> bool,
    denied: impl Fn(&NodeView) -> bool,
) -> TreeChange {
    let mut change = TreeChange::default();
    for node in walk(fs, top, smode & RECURSIVE != 0).filter(|node| which(node)) {
        if denied(&node) { change.denied += 1 } else { change.unchanged += 1 }
    }
    change
}

/// SETEATTR.
pub fn plan_set_eattr(
    fs: &Fs,
    caller: &Caller<'_>,
    inode: Inode,
    bits: u8,
    smode: u8,
) -> Result<TreeChange, Status> {
    const ADMINS: u8 = NodeView::UNDELETABLE | NodeView::APPENDONLY | NodeView::IMMUTABLE;
    let needs_admin = bits & ADMINS != 0 && !caller.caps.has(SessionFlag::ADMIN);
    if caller.caps.disabled(Disable::SetEattr) {
        return Err(Status::EPERM);
    }
    check_smode(smode)?;
    if needs_admin {
        return Err(Status::EPERM);
    }
    let top = need_top(fs, caller, inode, smode)?;
    let denied = |node: &NodeView| {
        !owns(node, caller) || node.eattr & NodeView::IMMUTABLE != 0 && bits & NodeView::NOOWNER != 0
    };
    need_permitted(smode, denied(&top))?;
    if smode & KIND == EXCHANGE {
        return Ok(unchanged(fs, top, smode, |_| true, denied));
    }
    Ok(TreeChange::one(Op::SetEattr { inode: top.inode, uid: caller.uid, bits, smode }))
}

/// ARCHCTL: `set` or clear, always everything below. `None` for a file without chunks: there is nothing to do, and
/// stock does not replay such a line.
pub fn plan_set_archived(
    fs: &Fs,
    caller: &Caller<'_>,
    inode: Inode,
    set: bool,
) -> Result<Option<Op<'static>>, Status> {
    refuse(caller, caller.caps.disabled(Disable::SetEattr))?;
    let top = resolve(fs, caller.caps, inode)?;
    need_class_holder(&top)?;
    if !top.is_dir() && frozen(&top, caller) {
        return Err(Status::EPERM);
    }
    let chunks = top.is_dir() || !fs.chunks_of(top.inode, ChunkIndex(0)).is_empty();
    Ok(chunks.then(|| Op::ArchChg { inode: top.inode, uid: caller.uid, cmd: set.into() }))
}

/// SETSCLASS.
pub fn plan_set_sclass(
    fs: &Fs,
    caller: &Caller<'_>,
    inode: Inode,
    class: NewClass<'_>,
    smode: u8,
) -> Result<TreeChange, Status> {
    if caller.caps.disabled(Disable::SetSclass) {
        return Err(Status::EPERM);
    }
    let (src, dst) = class_ids(fs, class)?;
    if outside_goals(caller, dst, smode) {
        return Err(Status::EPERM);
    }
    if matches!(smode & KIND, INCREASE | DECREASE) && dst >= FIRST_USER_CLASS {
        return Err(Status::EINVAL);
    }
    let top = need_top(fs, caller, inode, smode)?;
    need_class_holder(&top)?;
    let reserved =
        |id: u8| !caller.caps.has(SessionFlag::ADMIN) && fs.sclass(id).is_some_and(|c| c.admin_only);
    let denied = |node: &NodeView| frozen(node, caller) || reserved(dst) || reserved(node.sclass);
    need_permitted(smode, denied(&top))?;
    let growth = class_growth(fs, top, (src, dst), smode, denied);
    if top.is_dir() {
        check_quota(fs, top.inode, growth, None)?;
    } else {
        check_file_quota(fs, top.inode, growth)?;
    }
    let uid = caller.uid;
    let any_reserved = reserved(dst) || fs.sclasses().any(|(id, _)| reserved(id) && fs.sclass_users(id) > 0);
    if !any_reserved {
        return Ok(TreeChange::one(Op::SetSclass { inode: top.inode, uid, src, dst, smode }));
    }
    // A replay would change these nodes, so every other one gets a line of its own.
    let mut change = TreeChange::default();
    for node in walk(fs, top, smode & RECURSIVE != 0).filter(has_class) {
        if denied(&node) {
            change.denied += 1;
        } else if changes_class(node.sclass, (src, dst), smode) {
            change.ops.push(Op::SetSclass { inode: node.inode, uid, src, dst, smode: smode & KIND });
        } else {
            change.unchanged += 1;
        }
    }
    Ok(change)
}

fn class_ids(fs: &Fs, class: NewClass<'_>) -> Result<(u8, u8), Status> {
    let named = |name: Name<'_>| fs.sclass_by_name(name.as_bytes()).ok_or(Status::EINVAL);
    match class {
        NewClass::Goal(goal) if (1..FIRST_USER_CLASS).contains(&goal) => Ok((goal, goal)),
        NewClass::Goal(_) => Err(Status::EINVAL),
        NewClass::Named(name) => named(name).map(|id| (id, id)),
        NewClass::Exchange(old, new) => Ok((named(old)?, named(new)?)),
    }
}

/// The goals an export line allows count for the classic ones only.
fn outside_goals(caller: &Caller<'_>, class: u8, smode: u8) -> bool {
    let (low, high) = caller.caps.goals;
    let classic = class < FIRST_USER_CLASS;
    classic
        && match smode & KIND {
            INCREASE => class > high,
            DECREASE => class < low,
            _ => class < low || class > high,
        }
}

fn changes_class(now: u8, (src, dst): (u8, u8), smode: u8) -> bool {
    match smode & KIND {
        SET => now != dst,
        INCREASE => now < dst,
        DECREASE => now > dst,
        _ => now == src,
    }
}

/// What more copies take. Only looked for where there are quotas.
fn class_growth(
    fs: &Fs,
    top: NodeView,
    ids: (u8, u8),
    smode: u8,
    denied: impl Fn(&NodeView) -> bool,
) -> Growth {
    let mut growth = Growth::default();
    if fs.quotas().next().is_none() {
        return growth;
    }
    let files = walk(fs, top, smode & RECURSIVE != 0).filter(|node| node.kind.has_chunks() && !denied(node));
    for node in files.filter(|node| changes_class(node.sclass, ids, smode)) {
        let size = fs.stats(node.inode).unwrap_or_default().size;
        let more = copies_of_class(fs, ids.1).saturating_sub(copies_of_class(fs, node.sclass));
        growth.real_size = growth.real_size.saturating_add(size.saturating_mul(more));
    }
    growth
}

fn need_top(fs: &Fs, caller: &Caller<'_>, inode: Inode, smode: u8) -> Result<NodeView, Status> {
    check_smode(smode)?;
    refuse(caller, false)?;
    resolve(fs, caller.caps, inode)
}

fn check_smode(smode: u8) -> Result<(), Status> {
    if smode > KIND | RECURSIVE { Err(Status::EINVAL) } else { Ok(()) }
}

fn need_class_holder(node: &NodeView) -> Result<(), Status> {
    if has_class(node) { Ok(()) } else { Err(Status::EPERM) }
}

fn frozen(node: &NodeView, caller: &Caller<'_>) -> bool {
    !owns(node, caller) || node.eattr & NodeView::IMMUTABLE != 0
}

/// When the node itself is all there is to change and must not be, that is an error and not a count.
fn need_permitted(smode: u8, denied: bool) -> Result<(), Status> {
    if denied && smode & RECURSIVE == 0 { Err(Status::EPERM) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
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
}
