//! `mfsmount -m`: the trash, and deleted files that are still open, as directories (`spec/tools.md` 17).
//!
//! Reading a file gives the path it had, writing it gives it another one; moved to `undel` it comes back, removed it is
//! gone. Other than in a stock mount, only root can look inside, as the modes of the directories say.

mod files;
mod nodes;

use crate::fuse::{Device, DirReply, FileAttr, Op, Reply, Request, SetAttr, Ttl};
use crate::serve::Serve;
use client::{Client, Deleted};
use files::OpenFiles;
use nodes::{BUCKETS, Node, file_name, file_of};
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use types::{Attr, Inode, Time};

/// An entry of a directory that was read: name and node.
type Entries = Arc<Vec<(Vec<u8>, Node)>>;

/// See the module. Nothing is cached: files come and go at the master.
pub(crate) struct Trash {
    client: Client,
    masterinfo: Vec<u8>,
    /// All files directly in `trash`, without buckets (`mfsflattrash`).
    flat: bool,
    dirs: Mutex<HashMap<u64, Entries>>,
    files: OpenFiles,
    next_fh: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::new(since.as_secs().cast_signed(), since.subsec_nanos()).coarse()
}

impl Serve for Trash {
    fn serve(&self, device: &Device, request: &Request<'_>, _scratch: &mut Vec<u8>) {
        let op = match &request.op {
            Ok(Op::Forget | Op::Interrupt { .. }) => return,
            Ok(op) => op,
            Err(error) => return device.reply(request.unique).error(*error),
        };
        let reply = device.reply(request.unique);
        let node = Node::of(request.node);
        let open_to_all = matches!(node, Node::Root | Node::MasterInfo)
            || matches!(op, Op::GetAttr | Op::StatFs | Op::Release { .. } | Op::ReleaseDir { .. });
        if request.uid != 0 && !open_to_all {
            return reply.error(Errno::ACCESS);
        }
        self.dispatch(node, op, reply);
    }
}

impl Trash {
    pub(crate) fn new(client: Client, masterinfo: Vec<u8>, flat: bool) -> Self {
        let (dirs, files, next_fh) = (Mutex::default(), OpenFiles::default(), AtomicU64::new(1));
        Trash { client, masterinfo, flat, dirs, files, next_fh }
    }

    fn dispatch(&self, node: Node, op: &Op<'_>, reply: Reply) {
        match *op {
            Op::Lookup { name } => match self.find(node, name) {
                Ok(attr) => reply.entry(&attr, Ttl { entry: Duration::ZERO, attr: Duration::ZERO }),
                Err(error) => reply.error(error),
            },
            Op::GetAttr => self.answer_attr(self.attr(node, None), reply),
            // Opening a file to write another path cuts it first; nothing else can be set.
            Op::SetAttr(SetAttr { size: Some(_), mode: None, uid: None, gid: None, .. }) => {
                self.answer_attr(self.attr(node, Some(Deleted::Trash)), reply);
            }
            Op::SetAttr(_) => reply.error(Errno::PERM),
            Op::StatFs => self.statfs(reply),
            Op::OpenDir => self.opendir(node, reply),
            Op::ReadDir { fh, offset, size, plus } => self.readdir(fh, offset, size, plus, reply),
            Op::ReleaseDir { fh } => {
                locked(&self.dirs).remove(&fh);
                reply.ok();
            }
            Op::Open { flags } => self.open(node, flags, reply),
            Op::Read { fh, offset, size } => match self.files.read(fh, offset, size as usize) {
                Ok(bytes) => reply.bytes(&bytes),
                Err(error) => reply.error(error),
            },
            Op::Write { fh, offset, data } => match self.files.write(fh, offset, data) {
                Ok(()) => reply.written(data.len() as u32),
                Err(error) => reply.error(error),
            },
            Op::Flush { fh, .. } | Op::FSync { fh } => reply.empty(self.close(fh)),
            Op::Release { fh, .. } => {
                self.files.forget(fh);
                reply.ok();
            }
            Op::Unlink { name } => reply.empty(self.remove(node, name)),
            Op::Rename { name, newdir, .. } => reply.empty(self.rename(node, name, Node::of(newdir))),
            Op::Access { .. } | Op::FSyncDir | Op::Destroy => reply.ok(),
            _ => reply.error(Errno::NOSYS),
        }
    }

    fn answer_attr(&self, attr: Result<FileAttr, Errno>, reply: Reply) {
        match attr {
            Ok(attr) => reply.attr(&attr, Duration::ZERO),
            Err(error) => reply.error(error),
        }
    }

    fn find(&self, dir: Node, name: &[u8]) -> Result<FileAttr, Errno> {
        if let Some(node) = dir.child(name, self.flat) {
            let hidden = node == Node::MasterInfo && self.masterinfo.is_empty();
            return if hidden { Err(Errno::NOENT) } else { self.attr(node, None) };
        }
        let place = dir.files(self.flat).ok_or(Errno::NOENT)?;
        self.attr(Node::File(file_of(name).ok_or(Errno::NOENT)?), Some(place))
    }

    fn attr(&self, node: Node, place: Option<Deleted>) -> Result<FileAttr, Errno> {
        if let Node::File(inode) = node {
            return Ok(file_attr(inode, &self.client.deleted_attr(inode, place)?));
        }
        let (mode, nlink) = node.mode_and_links(self.flat);
        let size = if node == Node::MasterInfo { self.masterinfo.len() as u64 } else { 0 };
        let (uid, gid, rdev) = (0, 0, 0);
        let [atime, mtime, ctime] = [now(); 3];
        Ok(FileAttr { node: node.inode(), size, atime, mtime, ctime, mode, nlink, uid, gid, rdev })
    }

    fn statfs(&self, reply: Reply) {
        match self.client.statfs() {
            Ok(space) => {
                let blocks = (space.trash + space.sustained) / u64::from(types::BLOCK_SIZE);
                reply.statfs(blocks, 0, 0, space.inodes.into(), space.inodes.into());
            }
            Err(error) => reply.error(error),
        }
    }

    fn new_fh(&self) -> u64 {
        self.next_fh.fetch_add(1, Ordering::Relaxed)
    }

    fn opendir(&self, node: Node, reply: Reply) {
        match self.list(node) {
            Ok(entries) => {
                let fh = self.new_fh();
                locked(&self.dirs).insert(fh, Arc::new(entries));
                reply.opened(fh, 0);
            }
            Err(error) => reply.error(error),
        }
    }

    fn list(&self, dir: Node) -> Result<Vec<(Vec<u8>, Node)>, Errno> {
        let parent = if matches!(dir, Node::Bucket(_) | Node::Undel) { Node::Trash } else { Node::Root };
        let mut entries = vec![(b".".to_vec(), dir), (b"..".to_vec(), parent)];
        let bucket_name = |bucket: u32| (format!("{bucket:03X}").into_bytes(), Node::Bucket(bucket));
        match dir {
            Node::Root => {
                entries.push((b"trash".to_vec(), Node::Trash));
                entries.push((b"sustained".to_vec(), Node::Sustained));
            }
            Node::Trash if !self.flat => entries.extend((0..BUCKETS).map(bucket_name)),
            Node::MasterInfo | Node::File(_) => return Err(Errno::NOTDIR),
            _ => {}
        }
        if matches!(dir, Node::Trash | Node::Bucket(_)) {
            entries.push((b"undel".to_vec(), Node::Undel));
        }
        let files = match (dir.files(self.flat), dir) {
            (Some(Deleted::Sustained), _) => self.client.sustained()?,
            (Some(Deleted::Trash), Node::Bucket(bucket)) => self.client.trash(Some(bucket))?,
            (Some(Deleted::Trash), _) => self.client.trash(None)?,
            (None, _) => Vec::new(),
        };
        let named = files.into_iter().map(|f| (file_name(f.inode, &f.name), Node::File(f.inode)));
        entries.extend(named);
        Ok(entries)
    }

    fn readdir(&self, fh: u64, offset: u64, size: u32, plus: bool, reply: Reply) {
        let Some(entries) = locked(&self.dirs).get(&fh).cloned() else { return reply.error(Errno::BADF) };
        let mut out = DirReply::new(size);
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        for (i, (name, node)) in entries.iter().enumerate().skip(skip) {
            let kind = if node.is_dir() { 4 } else { 8 };
            if !out.add((node.inode(), kind), i as u64 + 1, name, plus.then_some(None)) {
                break;
            }
        }
        out.send(reply);
    }

    fn remove(&self, dir: Node, name: &[u8]) -> Result<(), Errno> {
        match (dir.files(self.flat), file_of(name)) {
            (Some(Deleted::Trash), Some(inode)) => self.client.purge(inode),
            _ => Err(Errno::ACCESS),
        }
    }

    fn rename(&self, dir: Node, name: &[u8], to: Node) -> Result<(), Errno> {
        match (dir.files(self.flat), file_of(name), to) {
            (Some(Deleted::Trash), Some(inode), Node::Undel) => self.client.undelete(inode),
            _ => Err(Errno::ACCESS),
        }
    }
}

fn file_attr(inode: Inode, attr: &Attr) -> FileAttr {
    FileAttr { nlink: 0, ..crate::fs::file_attr(inode, attr) }
}
