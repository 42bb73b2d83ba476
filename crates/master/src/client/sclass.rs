//! Administration of storage classes (`spec/wire-client-master.md` 3.10).

use super::Member;
use crate::core::Master;
use metadata::StorageClass;
use metadata::plan::{
    changed_class, check_new_class, plan_delete_class, plan_duplicate_class, plan_rename_class,
};
use net::reactor::{ConnId, Net};
use ondisk::{MaskList, Op, SclassCounts};
use proto::client_master as p;
use types::{Name, Reply, Rest, RestBytes, Status, Tag, Wire};

fn class_of(name: Name<'_>, def: &p::SclassDef<'_>) -> StorageClass {
    StorageClass {
        name: name.as_bytes().into(),
        admin_only: def.admin_only != 0,
        mode: def.mode,
        arch_delay: def.archive_delay_days,
        create: def.create.iter().collect(),
        keep: def.keep.iter().collect(),
        archive: def.archive.iter().collect(),
    }
}

fn def_of(class: &StorageClass) -> p::SclassDef<'_> {
    p::SclassDef {
        admin_only: class.admin_only.into(),
        mode: class.mode,
        archive_delay_days: class.arch_delay,
        create: Rest::Items(&class.create),
        keep: Rest::Items(&class.keep),
        archive: Rest::Items(&class.archive),
    }
}

impl Master {
    pub(super) fn create_class(&mut self, m: &Member, q: &p::SclassCreate<'_>) -> Result<(), Status> {
        let class = class_of(q.name, &q.class);
        check_new_class(&self.fs, &m.caps, &class)?;
        self.store_class(&class, true)
    }

    fn store_class(&mut self, class: &StorageClass, new: bool) -> Result<(), Status> {
        let terms = class.create.iter().chain(&class.keep).chain(&class.archive);
        let masks: Vec<u8> = terms.flatten().flat_map(|mask| mask.to_be_bytes()).collect();
        // Nine copies three times: the counts were checked.
        let count = |terms: &[[u32; 4]]| u8::try_from(terms.len()).map_err(|_| Status::EINVAL);
        let counts = SclassCounts {
            create: count(&class.create)?,
            keep: count(&class.keep)?,
            archive: count(&class.archive)?,
        };
        let op = Op::ScSet {
            name: Name::new(&class.name).ok_or(Status::EINVAL)?,
            new,
            counts,
            mode: class.mode,
            arch_delay: class.arch_delay,
            admin_only: class.admin_only,
            masks: MaskList::from_be_bytes(&masks).ok_or(Status::EINVAL)?,
        };
        self.run(&op)?;
        // Any chunk may be in the wrong places now.
        self.cluster.look_again();
        Ok(())
    }

    pub(super) fn change_class(&mut self, net: &mut Net, conn: ConnId, m: &Member, q: &p::SclassChange<'_>) {
        let before = self.journal.last();
        let wish = class_of(q.name, &q.class);
        let result = changed_class(&self.fs, &m.caps, &wish, q.change_mask).and_then(|(class, changes)| {
            if changes {
                self.store_class(&class, false)?;
            }
            Ok(class)
        });
        let reply = match &result {
            Ok(class) => Reply::Body((Tag::<0>, def_of(class))),
            Err(status) => Reply::Status(*status),
        };
        self.answer(net, conn, before, &p::SclassChangeReply { msgid: q.msgid, reply });
    }

    pub(super) fn delete_class(&mut self, m: &Member, q: &p::SclassDelete<'_>) -> Result<(), Status> {
        let op = plan_delete_class(&self.fs, &m.caps, q.name)?;
        self.run(&op).map(|_| ())
    }

    pub(super) fn duplicate_class(&mut self, m: &Member, q: &p::SclassDuplicate<'_>) -> Result<(), Status> {
        let op = plan_duplicate_class(&self.fs, &m.caps, q.name, q.new_name)?;
        self.run(&op).map(|_| ())
    }

    pub(super) fn rename_class(&mut self, m: &Member, q: &p::SclassRename<'_>) -> Result<(), Status> {
        let op = plan_rename_class(&self.fs, &m.caps, q.name, q.new_name)?;
        self.run(&op).map(|_| ())
    }

    pub(super) fn list_classes(&self, net: &mut Net, conn: ConnId, q: &p::SclassList) {
        let mut list = Vec::new();
        for (_, class) in self.fs.sclasses() {
            Name::new(&class.name).unwrap_or_default().encode(&mut list);
            if q.long & 1 != 0 {
                def_of(class).encode(&mut list);
            }
        }
        net.send(conn, &p::SclassListReply { msgid: q.msgid, reply: Reply::Body(RestBytes(&list)) });
    }
}
