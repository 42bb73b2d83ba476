//! The smaller sections.

use super::load::{Sections, bad_record};
use super::{Damage, LoadError};
use crate::fs::Fs;
use crate::tables::acl::Acl;
use crate::tables::csdb::{CsRecord, Maintenance};
use crate::tables::flock::Flock;
use crate::tables::plock::{PosixLocks, PosixRange};
use crate::tables::quota::Quota;
use crate::tables::sessions::Session;
use ondisk::image::{
    Body, Csdb, FineTimesRecord, Flck, Free, Open, Pacl, Plck, PosixLockRecord, Quot, Section, Sess, Xatr,
    Xtim,
};
use types::{Inode, Time};

impl Fs {
    pub(super) fn load_tables(
        &mut self,
        sections: &mut Sections<'_>,
        damage: &mut Damage,
    ) -> Result<(), LoadError> {
        type Load<'a> = fn(&mut Fs, &Section<'a>, &mut Damage) -> Result<(), LoadError>;
        let all: [(Option<Section<'_>>, Load<'_>); 10] = [
            (sections.take::<Sess>(), Fs::load_sessions),
            (sections.take::<Free>(), Fs::load_free),
            (sections.take::<Quot>(), Fs::load_quotas),
            (sections.take::<Xatr>(), Fs::load_xattrs),
            (sections.take::<Pacl>(), Fs::load_acls),
            (sections.take::<Open>(), Fs::load_opens),
            (sections.take::<Flck>(), Fs::load_flocks),
            (sections.take::<Plck>(), Fs::load_plocks),
            (sections.take::<Csdb>(), Fs::load_servers),
            (sections.take::<Xtim>(), Fs::load_fine_times),
        ];
        for (section, load) in all {
            if let Some(section) = section {
                load(self, &section, damage)?;
            }
        }
        Ok(())
    }

    fn load_fine_times(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Xtim>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            let FineTimesRecord { inode, atime, mtime, ctime } = record;
            let fine = [atime, mtime, ctime];
            if !self.node(inode).exists() {
                damage.met(bad_record(Xtim::NAME, inode, "there is no such node"))?;
                continue;
            }
            if fine.iter().any(|fine| Time::from_parts(0, *fine).is_none()) {
                damage.met(bad_record(Xtim::NAME, inode, "more nanoseconds than a second has"))?;
                continue;
            }
            self.put_fine_times(inode, fine);
        }
        Ok(())
    }

    fn load_sessions(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Sess>())? else { return Ok(()) };
        self.sessions.next = records.head().next_session.0;
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            if self.sessions.get(record.id).is_some() {
                damage.met(LoadError::SessionTwice(record.id))?;
                continue;
            }
            let mut session = Session::new(&record.fields, record.disconnected);
            (session.counters, session.last_hour) = (record.current_ops, record.last_ops);
            self.sessions.insert(record.id, session);
            self.sessions.next = self.sessions.next.max(record.id.0.saturating_add(1));
        }
        Ok(())
    }

    fn load_free(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Free>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            if record.inode.0 == 0 || self.inodes.contains(record.inode.0) {
                damage.met(bad_record(Free::NAME, record.inode, "it is in use, or there twice"))?;
                continue;
            }
            self.inodes.insert(record.inode.0);
            self.max_inode = self.max_inode.max(record.inode.0);
            self.free.push(record.inode, record.freed);
        }
        Ok(())
    }

    fn load_quotas(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Quot>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            if !self.node(record.inode).is_dir() {
                damage.met(bad_record(Quot::NAME, record.inode, "no such directory"))?;
                continue;
            }
            let ondisk::image::QuotaRecord { grace, exceeded, flags, stamp, limits, .. } = record;
            self.quotas.set(record.inode, Quota { grace, exceeded, flags, stamp, limits });
        }
        Ok(())
    }

    fn load_xattrs(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Xatr>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            if !self.node(record.inode).exists() {
                damage.met(bad_record(Xatr::NAME, record.inode, "no such node"))?;
                continue;
            }
            self.xattrs.append(record.inode, record.name.as_bytes(), record.value);
            self.mark_xattrs(record.inode);
        }
        Ok(())
    }

    fn load_acls(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Pacl>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            if !self.node(record.inode).exists() {
                damage.met(bad_record(Pacl::NAME, record.inode, "no such node"))?;
                continue;
            }
            if !matches!(record.kind, Acl::ACCESS | Acl::DEFAULT) {
                damage.met(bad_record(Pacl::NAME, record.inode, "neither an access nor a default ACL"))?;
                continue;
            }
            let acl = Acl::new(record.user, record.group, record.other, record.mask, record.named);
            self.set_acl(record.inode, record.kind, Some(acl));
        }
        Ok(())
    }

    fn load_opens(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Open>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            if self.sessions.get(record.session).is_some() {
                self.opens.add(record.session, record.inode);
            }
        }
        Ok(())
    }

    fn load_flocks(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Flck>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            let ondisk::image::FlockRecord { inode, owner, session, exclusive } = record;
            if self.sessions.get(session).is_none() {
                continue;
            }
            if !self.opens.contains(session, inode) {
                damage.met(bad_record(Flck::NAME, inode, "locked but not open in that session"))?;
                continue;
            }
            let locked = self.flocks.lock(inode, Flock { owner, session, exclusive });
            damage
                .pass(locked.map_err(|_| bad_record(Flck::NAME, inode, "locks that exclude each other")))?;
        }
        Ok(())
    }

    fn load_plocks(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let mut last: Option<(Inode, PosixLocks)> = None;
        let Some(records) = damage.pass(section.read::<Plck>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            let PosixLockRecord { inode, owner, session, pid, start, end, exclusive } = record;
            if self.sessions.get(session).is_none() {
                continue;
            }
            let range = PosixRange { start, end, exclusive };
            match &mut last {
                Some((i, locks)) if (*i, locks.session, locks.owner) == (inode, session, owner) => {
                    if damage.pass(check_order(locks, &record))?.is_some() {
                        locks.ranges.push(range);
                    }
                }
                _ => {
                    if start >= end {
                        damage.met(bad_record(Plck::NAME, inode, "an empty lock range"))?;
                        continue;
                    }
                    let new = PosixLocks { session, owner, pid, ranges: vec![range] };
                    if let Some((inode, locks)) = last.replace((inode, new)) {
                        self.plocks.append(inode, locks);
                    }
                }
            }
        }
        if let Some((inode, locks)) = last {
            self.plocks.append(inode, locks);
        }
        Ok(())
    }

    fn load_servers(&mut self, section: &Section<'_>, damage: &mut Damage) -> Result<(), LoadError> {
        let Some(records) = damage.pass(section.read::<Csdb>())? else { return Ok(()) };
        for record in records {
            let Some(record) = damage.pass(record)? else { break };
            let address = (record.ip, record.port);
            let maintenance = match record.maintenance {
                0 => Maintenance::Off,
                1 => Maintenance::On,
                _ => Maintenance::Temporary,
            };
            let cs = CsRecord { id: record.id, maintenance, maintenance_until: record.maintenance_end };
            if self.csdb.by_address.insert(address, cs).is_some() {
                let ip = std::net::Ipv4Addr::from(record.ip);
                damage.met(LoadError::ServerTwice(format!("{ip}:{}", record.port)))?;
                continue;
            }
        }
        Ok(())
    }
}

/// Ranges of one owner ascend, and two of a kind do not touch.
fn check_order(locks: &PosixLocks, record: &PosixLockRecord) -> Result<(), LoadError> {
    let bad = |what| Err(bad_record(Plck::NAME, record.inode, what));
    match locks.ranges.last() {
        Some(last) if record.start < last.end || record.start >= record.end => bad("lock range not in order"),
        Some(last) if record.start == last.end && record.exclusive == last.exclusive => {
            bad("lock range not connected")
        }
        _ => Ok(()),
    }
}
