//! The kernel's FUSE protocol: the device, its requests as values, its replies. Knows no file system.
//!
//! Own code rather than the crate `fuser`, because that one (0.18) hides what `flock` and interrupted lock waits
//! need, gives `create` and `readdirplus` one lifetime for entry and attributes, and keeps 16 MiB of buffer per
//! thread (`docs/decisions/2026-11-25-own-fuse-transport.md`). Layouts: `linux/fuse.h`, protocol 7.31 and later.

mod device;
mod mountpoint;
mod native;
mod notify;
mod op;
mod reply;

pub(crate) use device::{Device, InitOptions};
pub(crate) use mountpoint::{MountError, mount, unmount_lazily};
pub(crate) use notify::Notifier;
pub(crate) use op::{LockArgs, Op, Request, SetAttr, TimeSet};
pub(crate) use reply::{DirReply, FileAttr, Reply, Ttl, open_flags};
