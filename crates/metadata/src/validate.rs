//! Invariants as code, for tests and offline checks. Everything is computed anew and compared, so it takes as long as
//! the state is big.

use crate::fs::Fs;
use crate::ns::records::{HAS_ACL, HAS_XATTR, NodeRec};
use std::collections::HashMap;
use types::{Inode, NodeType, ROOT};

type Check = Result<(), String>;

fn same<T: PartialEq + std::fmt::Debug>(what: impl Fn() -> String, kept: T, counted: T) -> Check {
    if kept == counted { Ok(()) } else { Err(format!("{}: {kept:?} kept, {counted:?} counted", what())) }
}

impl Fs {
    /// Checks all invariants; the error says which one is broken and where.
    pub fn validate(&self) -> Result<(), String> {
        self.validate_nodes()?;
        self.validate_lists()?;
        self.validate_chunks()?;
        self.validate_stats()?;
        self.validate_inodes()
    }

    fn all(&self) -> impl Iterator<Item = (Inode, &NodeRec)> {
        self.nodes.iter().filter(|(_, rec)| rec.exists()).map(|(inode, rec)| (Inode(inode), rec))
    }

    fn validate_nodes(&self) -> Check {
        let mut users = vec![0u64; 256];
        let mut count = 0;
        for (inode, rec) in self.all() {
            count += 1;
            users[usize::from(rec.sclass)] += 1;
            let deleted = rec.is(NodeType::Trash) || rec.is(NodeType::Sustained);
            let names = self.parents(inode).count();
            let wanted = match () {
                () if inode == ROOT => names == 0,
                () if deleted => names == 1 && self.deleted_path(inode).is_some_and(|path| !path.is_empty()),
                () if rec.is_dir() => names == 1,
                () => names >= 1,
            };
            if !wanted {
                return Err(format!("inode {inode} has {names} names"));
            }
            same(
                || format!("xattr mark of {inode}"),
                rec.has(HAS_XATTR),
                !self.xattrs.list(inode).is_empty(),
            )?;
            same(|| format!("ACL mark of {inode}"), rec.has(HAS_ACL), self.acls.any(inode))?;
            if self.parents(inode).any(|link| (link.parent.0 == 0) != deleted) {
                return Err(format!("inode {inode} is deleted but has a directory, or the reverse"));
            }
        }
        same(|| "number of nodes".into(), self.node_count, count)?;
        let mut timed = self.fine_times.iter().filter(|(_, fine)| **fine != [0; 3]);
        if let Some((inode, _)) = timed.find(|(inode, _)| !self.node(Inode(*inode)).exists()) {
            return Err(format!("parts of seconds for {inode}, which does not exist"));
        }
        (0..=255u8).try_for_each(|id| {
            same(|| format!("users of class {id}"), self.classes.users(id), users[usize::from(id)])
        })
    }

    fn validate_lists(&self) -> Check {
        let mut names = 0;
        for (dir, rec) in self.all().filter(|(_, rec)| rec.is_dir()) {
            let (mut entries, mut subdirs, mut prev, mut last_id) = (0, 0, 0, None);
            let mut slot = rec.first_entry();
            while slot != 0 {
                let edge = self.edges.get(slot);
                let name = self.names.get(edge.name);
                same(|| format!("way back from {} in {dir}", name.escape_ascii()), edge.prev, prev)?;
                same(|| format!("directory of {}", name.escape_ascii()), edge.parent, dir.0)?;
                same(
                    || format!("search for {} in {dir}", name.escape_ascii()),
                    self.find_edge(dir, name),
                    Some(slot),
                )?;
                if !self.parents(edge.child()).any(|link| link.parent == dir && link.name == name) {
                    return Err(format!("{} in {dir} is no name of {}", name.escape_ascii(), edge.child));
                }
                if last_id.is_some_and(|id| id > edge.id) {
                    return Err(format!("edge ids of {dir} descend at {}", name.escape_ascii()));
                }
                entries += 1;
                subdirs += u32::from(self.node(edge.child()).is_dir());
                last_id = (!self.renumber).then_some(edge.id);
                (prev, slot) = (slot, edge.next);
            }
            same(|| format!("entries of {dir}"), rec.entries(), entries)?;
            same(|| format!("sub-directories of {dir}"), rec.subdirs(), subdirs)?;
            names += entries;
        }
        same(|| "names in the table".into(), self.by_name.len(), names)?;
        let add = |(count, length), (inode, _): (Inode, &[u8])| (count + 1, length + self.node(inode).a);
        let (trash, length) = (0..4096).flat_map(|b| self.trash(b)).fold((0, 0), add);
        same(|| "files in the trash".into(), (self.trash.count, self.trash.length), (trash, length))?;
        let (sustained, length) = (0..256).flat_map(|b| self.sustained(b)).fold((0, 0), add);
        same(
            || "sustained files".into(),
            (self.sustained.count, self.sustained.length),
            (sustained, length),
        )?;
        same(|| "names in all".into(), u64::from(self.edges.len()), u64::from(names) + trash + sustained)
    }

    fn validate_chunks(&self) -> Check {
        let mut refs: HashMap<u64, Vec<(u8, u32)>> = HashMap::new();
        for (inode, rec) in self.all().filter(|(_, rec)| rec.has_chunks()) {
            let ids: Vec<_> = self.tables.iter_from(inode, rec, 0).collect();
            same(|| format!("chunks of {inode}"), self.tables.used(inode, rec) as usize, ids.len())?;
            let last = ids.last().map_or(0, |(at, _)| at + 1);
            same(|| format!("chunk table of {inode}"), self.slot_count(inode), last)?;
            for (_, id) in ids {
                let of_chunk = refs.entry(id).or_default();
                match of_chunk.iter_mut().find(|(class, _)| *class == rec.sclass) {
                    Some((_, n)) => *n += 1,
                    None => of_chunk.push((rec.sclass, 1)),
                }
            }
        }
        for info in self.chunks() {
            let mut counted = refs.remove(&info.id.0).unwrap_or_default();
            counted.sort_unstable();
            same(
                || format!("references to {:016X}", info.id),
                self.chunk_class_refs(info.id),
                counted.clone(),
            )?;
            let sum: u32 = counted.iter().map(|(_, n)| n).sum();
            same(|| format!("reference count of {:016X}", info.id), info.refs, sum)?;
            same(|| format!("class of {:016X}", info.id), info.class == 0, sum == 0)?;
            same(|| format!("search for {:016X}", info.id), self.chunk(info.id), Some(info))?;
            if info.id.0 >= self.chunks.next_id {
                return Err(format!("chunk {:016X} is not below the next id", info.id));
            }
        }
        let mut missing: Vec<u64> = self.missing_chunks().map(|id| id.0).collect();
        let mut counted: Vec<u64> = refs.into_keys().collect();
        missing.sort_unstable();
        counted.sort_unstable();
        same(|| "chunks that files name and nobody knows".into(), missing, counted)
    }

    fn validate_stats(&self) -> Check {
        for (dir, rec) in self.all().filter(|(_, rec)| rec.is_dir()) {
            let entries = self.read_dir(dir, crate::Cursor::start());
            let counted = entries.map(|entry| self.own_stats(entry.inode, &self.node(entry.inode)));
            let counted = counted.fold(crate::TreeStats::default(), |sum, own| sum + own);
            same(|| format!("statistics of {dir}"), self.below(rec), counted)?;
        }
        Ok(())
    }

    fn validate_inodes(&self) -> Check {
        for (inode, _) in self.free.iter() {
            if self.node(inode).exists() || !self.inodes.contains(inode.0) {
                return Err(format!("inode {inode} is in FREE and in use, or could be given out"));
            }
        }
        if !self.free.iter().map(|(_, time)| time).is_sorted() {
            return Err("FREE is not in order of time".into());
        }
        let wanted = u64::from(self.node_count) + self.free.len() as u64 + 1;
        same(|| "inodes taken".into(), self.inodes.len(), wanted)?;
        match self.all().find(|(inode, _)| inode.0 > self.max_inode || !self.inodes.contains(inode.0)) {
            None => Ok(()),
            Some((inode, _)) => Err(format!("inode {inode} could be given out again")),
        }
    }
}
