//! Changes that may go through a whole tree (`spec/wire-client-master.md` 3.9.3 to 3.9.5, 3.9.10).

#[cfg(test)]
mod tests;

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
    refuse(caller, false)?;
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
