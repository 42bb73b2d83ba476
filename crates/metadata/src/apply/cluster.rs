//! The id of the metadata, chunkservers, storage classes.

use crate::fs::Fs;
use crate::tables::csdb::Maintenance;
use crate::tables::sclass::{FIRST_USER_CLASS, LabelTerm, StorageClass};
use ondisk::{CsdbAction, Op, Outcome};
use types::{Name, Status};

/// Copies a class may ask for.
const COPIES: std::ops::RangeInclusive<u8> = 1..=9;

impl Fs {
    pub(super) fn set_meta_id(&mut self, id: u64) -> Result<Outcome, Status> {
        if self.meta_id != 0 && self.meta_id != id {
            return Err(Status::MISMATCH);
        }
        self.meta_id = id;
        Ok(Outcome::none())
    }

    pub(super) fn csdb_op(
        &mut self,
        action: CsdbAction,
        address: (u32, u16),
        arg: u32,
    ) -> Result<Outcome, Status> {
        let id = || u16::try_from(arg).map_err(|_| Status::MISMATCH);
        match action {
            CsdbAction::Add => self.csdb.add(address, id()?)?,
            CsdbAction::Delete => self.csdb.remove(address)?,
            CsdbAction::NewAddress => self.csdb.readdress(id()?, address)?,
            CsdbAction::NewId => self.csdb.set_id(address, id()?)?,
            CsdbAction::MaintenanceOn => self.csdb.set_maintenance(address, Maintenance::On, arg)?,
            CsdbAction::MaintenanceOff => self.csdb.set_maintenance(address, Maintenance::Off, 0)?,
            CsdbAction::MaintenanceTemporary => {
                self.csdb.set_maintenance(address, Maintenance::Temporary, arg)?
            }
        }
        Ok(Outcome::none())
    }

    pub(super) fn sclass_set(&mut self, op: &Op<'_>) -> Result<Outcome, Status> {
        let Op::ScSet { name, new, counts, mode, arch_delay, admin_only, masks } = *op else {
            return Err(Status::EINVAL);
        };
        let id = match (new, self.classes.by_name(name.as_bytes())) {
            (true, None) => self.classes.free_id()?,
            (false, Some(id)) => id,
            (true, Some(_)) => return Err(Status::CLASSEXISTS),
            (false, None) => return Err(Status::NOSUCHCLASS),
        };
        let all = [counts.create, counts.keep, counts.archive];
        let terms: Vec<LabelTerm> = terms(masks.iter());
        let wanted: usize = all.iter().map(|n| usize::from(*n)).sum();
        let bad_name = new && name.as_bytes().is_empty();
        if bad_name || all.iter().any(|n| !COPIES.contains(n)) || masks.len() != wanted * 4 {
            return Err(Status::EINVAL);
        }
        let (create, rest) = terms.split_at(counts.create.into());
        let (keep, archive) = rest.split_at(counts.keep.into());
        let class = StorageClass {
            name: name.as_bytes().into(),
            admin_only,
            mode,
            arch_delay,
            create: create.to_vec(),
            keep: keep.to_vec(),
            archive: archive.to_vec(),
        };
        self.put_class(id, class);
        Ok(Outcome::one(id.into()))
    }

    /// Stores a class. When its number of copies changes, sizes and the classes of shared chunks follow.
    fn put_class(&mut self, id: u8, class: StorageClass) {
        let before = self.classes.keepmax(id);
        self.classes.set(id, Some(class));
        if self.classes.keepmax(id) != before && self.classes.users(id) > 0 {
            let classes = &self.classes;
            self.chunks.reclass(|c| classes.keepmax(c));
            self.recount();
        }
    }

    fn class_named(&self, name: Name<'_>) -> Result<u8, Status> {
        self.classes.by_name(name.as_bytes()).ok_or(Status::NOSUCHCLASS)
    }

    fn user_class_named(&self, name: Name<'_>) -> Result<u8, Status> {
        let id = self.class_named(name)?;
        if id < FIRST_USER_CLASS { Err(Status::EPERM) } else { Ok(id) }
    }

    fn new_class_name(&self, name: Name<'_>) -> Result<(), Status> {
        if name.as_bytes().is_empty() {
            return Err(Status::EINVAL);
        }
        if self.classes.by_name(name.as_bytes()).is_some() { Err(Status::CLASSEXISTS) } else { Ok(()) }
    }

    fn renamed(&self, id: u8, name: Name<'_>) -> Result<StorageClass, Status> {
        let class = self.classes.get(id).ok_or(Status::NOSUCHCLASS)?;
        Ok(StorageClass { name: name.as_bytes().into(), ..class.clone() })
    }

    pub(super) fn sclass_duplicate(&mut self, src: Name<'_>, dst: Name<'_>) -> Result<Outcome, Status> {
        let from = self.class_named(src)?;
        self.new_class_name(dst)?;
        let id = self.classes.free_id()?;
        self.put_class(id, self.renamed(from, dst)?);
        Ok(Outcome::from_slice(&[from.into(), id.into()]))
    }

    pub(super) fn sclass_rename(&mut self, old: Name<'_>, new: Name<'_>) -> Result<Outcome, Status> {
        let id = self.user_class_named(old)?;
        self.new_class_name(new)?;
        self.put_class(id, self.renamed(id, new)?);
        Ok(Outcome::one(id.into()))
    }

    pub(super) fn sclass_delete(&mut self, name: Name<'_>) -> Result<Outcome, Status> {
        let id = self.user_class_named(name)?;
        if self.classes.users(id) > 0 {
            return Err(Status::CLASSINUSE);
        }
        self.classes.set(id, None);
        Ok(Outcome::one(id.into()))
    }
}

/// Four masks are one copy's servers.
pub(crate) fn terms(masks: impl Iterator<Item = u32>) -> Vec<LabelTerm> {
    let masks: Vec<u32> = masks.collect();
    masks.chunks_exact(4).map(|m| [m[0], m[1], m[2], m[3]]).collect()
}
