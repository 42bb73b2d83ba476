//! Decisions: what a request of a client would do, without doing it.
//!
//! Every `plan_*` function checks a request against the state in the order that 3.0.117 checks it
//! (`spec/wire-client-master.md` 3) and answers with the changelog operation that carries it out, or with the status
//! to refuse it with. Queries answer with data. Nothing here changes anything.

mod access;
mod attr;
mod bookmarks;
mod caller;
mod copy;
mod data;
mod deleted;
mod lock;
mod namespace;
mod open;
mod quota;
mod quota_control;
mod readdir;
mod remove;
mod rename;
mod resolve;
mod sclass_admin;
mod setattr;
mod tree;
mod tree_set;
mod truncate;
mod upkeep;
mod whereabouts;
mod xattr;

pub use access::{AccessSet, access_set};
pub use attr::{attr_of, attr_of_entry};
pub use bookmarks::Bookmarks;
pub use caller::{Caller, Disable, SessionCaps, SessionFlag};
pub use copy::{AppendRequest, SnapshotRequest, plan_append, plan_snapshot};
pub use data::{WritePlan, plan_write_end_length, read_chunk, refuse_write, write_chunk};
pub use deleted::{
    deleted_file, list_sustained, list_trash, plan_purge, plan_set_trash_path, plan_undelete, trash_path,
};
pub use lock::{
    LockOwner, PosixWish, has_flock, need_open, plan_flock, plan_funlock, plan_posix_lock, plan_posix_unlock,
    plan_release, posix_conflict,
};
pub use namespace::{
    LookedUp, NewNode, check_access, lookup, plan_link, plan_mkdir, plan_mknod, plan_symlink, readlink,
};
pub use open::{OpenRequest, check_open};
pub use quota::{Growth, check_quota};
pub use quota_control::{QuotaChange, plan_quota};
pub use readdir::{DirEntries, list_directory};
pub use remove::{Removed, plan_rmdir, plan_unlink};
pub use rename::{Renamed, plan_rename};
pub use resolve::{resolve, resolve_unchecked, shown};
pub use sclass_admin::{
    ClassMask, changed_class, check_new_class, plan_delete_class, plan_duplicate_class, plan_rename_class,
};
pub use setattr::{SetAttr, SetMask, plan_setattr};
pub use tree::{Archived, Spread, archived, extra_attributes, storage_classes, trash_times, tree_stats};
pub use tree_set::{
    NewClass, TreeChange, plan_set_archived, plan_set_eattr, plan_set_sclass, plan_set_trash_time,
};
pub use truncate::{TruncateRequest, Truncation, check_truncate};
pub use upkeep::{plan_free_inodes, quota_changes, space_within_quotas, sustained_is_due, trash_is_due};
pub use whereabouts::{check_repair, need_chunk_file, parents, paths, paths_below};
pub use xattr::{AclPerms, XattrNode, get_acl, get_xattr, list_xattrs, plan_set_acl, plan_set_xattr};
