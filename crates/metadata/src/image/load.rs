//! From bytes to state.

use super::{Damage, LoadError};
use crate::file::{ChunkRec, Chunks};
use crate::fs::Fs;
use crate::ns::records::NodeRec;
use crate::tables::sclass::StorageClass;
use ondisk::image::{Body, Chnk, Edge, Node, NodeData, NodeRecord, Scla, SclassRecord, Section, SectionName};
use ondisk::{Image, ImageFile};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use types::{Inode, MAX_SYMLINK, NodeType};

/// What stands for a symlink target that is too long.
const LONG_TARGET: &[u8] = b"... path too long ...";

/// The sections of a file, found by name.
pub(super) struct Sections<'a>(BTreeMap<SectionName, Section<'a>>);

impl<'a> Sections<'a> {
    fn collect(image: &Image<'a>, damage: &mut Damage) -> Result<Self, LoadError> {
        let mut all = BTreeMap::new();
        for section in image.sections() {
            let Some(section) = damage.pass(section)? else { break };
            match all.entry(section.name) {
                Entry::Vacant(place) => _ = place.insert(section),
                Entry::Occupied(_) => damage.met(LoadError::SectionTwice(section.name))?,
            }
        }
        Ok(Sections(all))
    }

    /// Takes a section out; the rest is unknown in the end.
    pub(super) fn take<S: Body<'a>>(&mut self) -> Option<Section<'a>> {
        self.0.remove(&S::NAME)
    }

    fn need<S: Body<'a>>(&mut self) -> Result<Section<'a>, LoadError> {
        self.take::<S>().ok_or(LoadError::SectionMissing(S::NAME))
    }

    fn finish(self, damage: &mut Damage) -> Result<(), LoadError> {
        self.0.into_values().try_for_each(|Section { name: section, version, offset, .. }| {
            damage.met(ondisk::ImageError::UnknownSection { section, version, offset })
        })
    }
}

impl Fs {
    /// Loads an image. `ts` (Unix seconds) is when an empty one begins to live.
    ///
    /// Everything is checked that later work relies on (`spec/metadata-format.md` 7); chunks that files name but the
    /// image does not have are tolerated, see [`Fs::missing_chunks`].
    pub fn from_image(file: &[u8], ts: u32) -> Result<Fs, LoadError> {
        Fs::load(file, ts, &mut Damage::refuse())
    }

    /// Loads what can be had of a damaged image (`-i`): records that cannot be are left out, nodes without a name get one
    /// in root (`lost_node_N`). The second part says what was wrong. Only an image without root, nodes or names, one
    /// that was cut, and directories that hold each other are refused.
    pub fn from_damaged_image(file: &[u8], ts: u32) -> Result<(Fs, Damage), LoadError> {
        let mut damage = Damage::tolerate();
        Ok((Fs::load(file, ts, &mut damage)?, damage))
    }

    fn load(file: &[u8], ts: u32, damage: &mut Damage) -> Result<Fs, LoadError> {
        let image = match Image::open(file)? {
            ImageFile::Empty => return Ok(Fs::new_empty(ts)),
            ImageFile::Image(image) => image,
        };
        let header = image.header();
        let mut sections = Sections::collect(&image, damage)?;
        let mut fs = Fs::bare(header.id);
        fs.version = header.version;
        fs.meta_id = header.id;
        if let Some(section) = sections.take::<Scla>() {
            fs.load_classes(&section, damage)?;
        }
        let chunks = sections.take::<Chnk>();
        let nodes = sections.need::<Node>()?;
        let names = sections.need::<Edge>()?;
        // Half of the work is about chunks, which nothing else here looks at.
        let keepmax = fs.classes.keepmax_table();
        let (chunks, rest) = std::thread::scope(|scope| {
            let mut beside = damage.like();
            let chunks = scope.spawn(move || {
                let loaded = load_chunks(chunks.as_ref(), &nodes, &keepmax, &mut beside);
                (loaded, beside)
            });
            let rest = fs.load_nodes(&nodes, damage).and_then(|()| fs.load_names(&names, damage));
            let rest = rest.and_then(|()| fs.load_tables(&mut sections, damage));
            (chunks.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), rest)
        });
        rest?;
        let (chunks, beside) = chunks;
        fs.chunks = chunks?;
        damage.add(beside);
        sections.finish(damage)?;
        fs.check_loaded(damage)?;
        Ok(fs)
    }

    fn load_classes(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Scla>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            let bad = |what| LoadError::BadClass { id: record.id, what };
            match u8::try_from(record.id) {
                Err(_) => damage.met(bad("above 255"))?,
                Ok(0) => damage.met(bad("there is no such id"))?,
                Ok(id @ 10..) if self.classes.get(id).is_some() => damage.met(bad("there twice"))?,
                Ok(id) => self.classes.set(id, Some(class(&record))),
            }
        }
        Ok(())
    }

    fn load_nodes(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let records = section.read::<Node>()?;
        let highest = records.head().max_inode.0;
        for record in records {
            self.check_room().map_err(|_| LoadError::TooBig)?;
            let Some(mut record) = damage.pass(record)? else { break };
            let classed = matches!(record.data, NodeData::File { .. }) || record.kind == NodeType::Dir;
            if classed && record.sclass == 0 {
                damage.met(bad_record(Node::NAME, record.inode, "it has no storage class"))?;
                record.sclass = 1;
            }
            damage.pass(self.load_node(&record))?;
        }
        self.max_inode = self.max_inode.max(highest);
        Ok(())
    }

    fn load_node(&mut self, record: &NodeRecord<'_>) -> Result<(), LoadError> {
        let inode = record.inode;
        if inode.0 == 0 || self.node(inode).exists() {
            return Err(LoadError::BadInode(inode));
        }
        self.inodes.insert(inode.0);
        let rec = NodeRec {
            kind: record.kind as u8,
            sclass: record.sclass,
            eattr: record.eattr,
            winattr: record.winattr,
            mode: record.mode & 0o7777,
            trash_hours: record.trash_hours,
            uid: record.uid,
            gid: record.gid,
            atime: record.atime,
            mtime: record.mtime,
            ctime: record.ctime,
            a: match record.data {
                NodeData::File { length, .. } => length,
                NodeData::Device(rdev) => rdev.into(),
                NodeData::Symlink(target) if target.len() > MAX_SYMLINK => {
                    self.names.insert(LONG_TARGET).into()
                }
                NodeData::Symlink(target) => self.names.insert(target).into(),
                NodeData::None => 0,
            },
            ..NodeRec::default()
        };
        self.put_node(inode, rec);
        if let NodeData::File { chunks, .. } = &record.data {
            let mut rec = self.node(inode);
            for (at, id) in chunks.iter().enumerate() {
                self.tables.set(inode, &mut rec, at as u32, id.0);
            }
            *self.node_mut(inode) = rec;
        }
        Ok(())
    }
}

/// Chunks, and the references to them from all files.
fn load_chunks(
    section: Option<&Section<'_>>,
    nodes: &Section<'_>,
    keepmax: &[u8; 256],
    damage: &mut Damage,
) -> Result<Chunks, LoadError> {
    let keepmax = |class: u8| keepmax[usize::from(class)];
    let mut chunks = Chunks::new();
    if let Some(section) = section {
        // A record has at least 16 bytes, so the number of bytes bounds what is reserved.
        chunks.reserve(section.body.len() / 16);
        let records = damage.pass(section.read::<Chnk>())?;
        chunks.next_id = records.as_ref().map_or(1, |records| records.head().0);
        for record in records.into_iter().flatten() {
            let Some(record) = damage.pass(record)? else { break };
            if record.id.0 == u64::MAX {
                damage.met(LoadError::BadChunk(record.id))?;
                continue;
            }
            let rec = ChunkRec::new(record.id.0, record.version.0, record.locked_to, record.archived);
            if !chunks.insert(rec, keepmax) {
                damage.met(LoadError::ChunkTwice(record.id))?;
            }
            chunks.next_id = chunks.next_id.max(record.id.0.saturating_add(1));
        }
    }
    let mut seen = HashSet::new();
    for record in nodes.read::<Node>()? {
        // Whoever loads the nodes has met it too, and told.
        let Some(record) = damage.like().pass(record)? else { break };
        // A node that is left out has no references.
        if damage.is_tolerant() && (record.inode.0 == 0 || !seen.insert(record.inode)) {
            continue;
        }
        if let NodeData::File { chunks: ids, .. } = &record.data {
            // A missing class is put right where the nodes are loaded.
            let class = record.sclass.max(1);
            ids.iter().filter(|id| id.0 != 0).for_each(|id| chunks.add_ref(id.0, class, keepmax));
        }
    }
    Ok(chunks)
}

fn class(record: &SclassRecord<'_>) -> StorageClass {
    let counts = record.counts;
    let (create, rest) = record.labels.split_at(usize::from(counts.create).min(record.labels.len()));
    let (keep, archive) = rest.split_at(usize::from(counts.keep).min(rest.len()));
    StorageClass {
        name: record.name.as_ref().into(),
        admin_only: record.admin_only,
        mode: record.mode,
        arch_delay: record.arch_delay,
        create: create.to_vec(),
        keep: keep.to_vec(),
        archive: archive.to_vec(),
    }
}

/// An error about a node that a record names.
pub(super) fn bad_record(section: SectionName, inode: Inode, what: &'static str) -> LoadError {
    LoadError::BadRecord { section, inode, what }
}
