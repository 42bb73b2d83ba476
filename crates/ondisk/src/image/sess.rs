//! SESS: client sessions.

use super::body::zeros;
use super::{Body, SectionName};
use crate::SessionFields;
use types::{Bytes32, DecodeError, Reader, SessionId, Wire};

/// How many kinds of operations a session's counters tell apart.
pub const OP_COUNTERS: usize = 16;

/// What stands before the sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessHead {
    /// The next new session's id.
    pub next_session: SessionId,
    /// Counters per record in the file that is read; [`OP_COUNTERS`] are always written.
    counters: u16,
}

impl SessHead {
    /// For writing.
    pub fn new(next_session: SessionId) -> Self {
        SessHead { next_session, counters: OP_COUNTERS as u16 }
    }

    /// How many counters a record of the file that is read has.
    pub fn counters(&self) -> u16 {
        self.counters
    }
}

/// A session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionRecord<'a> {
    /// Its number.
    pub id: SessionId,
    /// What the changelog says of it too. Versions before 1.3, 1.4, 1.5 lack checksum, umask, disabled commands: 0.
    pub fields: SessionFields<'a>,
    /// Since when it has no connection, Unix seconds; 0 when it had one. Version 1.0 lacks it (0 too).
    pub disconnected: u32,
    /// Operations of the current hour, by kind.
    pub current_ops: [u32; OP_COUNTERS],
    /// Operations of the last hour, by kind.
    pub last_ops: [u32; OP_COUNTERS],
}

/// The section, in order of creation.
pub enum Sess {}

impl<'a> Body<'a> for Sess {
    const NAME: SectionName = SectionName(*b"SESS");
    const VERSION: u8 = 0x15;
    const OLDEST: u8 = 0x10;
    type Head = SessHead;
    type Record = SessionRecord<'a>;

    fn head(version: u8, r: &mut Reader<'a>) -> Result<SessHead, DecodeError> {
        if version < 0x12 {
            // These had a version of their own inside.
            let inner = u16::decode(r)?;
            if inner != u16::from(version & 15) + 1 {
                return Err(r.bad("inner version"));
            }
        }
        Ok(SessHead { next_session: Wire::decode(r)?, counters: Wire::decode(r)? })
    }

    fn record(
        version: u8,
        head: &SessHead,
        r: &mut Reader<'a>,
    ) -> Result<Option<SessionRecord<'a>>, DecodeError> {
        let id = SessionId::decode(r)?;
        let exports_csum = if version >= 0x13 { u64::decode(r)? } else { 0 };
        let info_len = u32::decode(r)?;
        let mut fields = SessionFields {
            exports_csum,
            ip: Wire::decode(r)?,
            root: Wire::decode(r)?,
            flags: Wire::decode(r)?,
            umask: if version >= 0x14 { Wire::decode(r)? } else { 0 },
            min_goal: Wire::decode(r)?,
            max_goal: Wire::decode(r)?,
            min_trash: Wire::decode(r)?,
            max_trash: Wire::decode(r)?,
            root_uid: Wire::decode(r)?,
            root_gid: Wire::decode(r)?,
            mapall_uid: Wire::decode(r)?,
            mapall_gid: Wire::decode(r)?,
            disables: if version >= 0x15 { Wire::decode(r)? } else { 0 },
            info: Bytes32::new(&[]),
        };
        let disconnected = if version >= 0x11 { Wire::decode(r)? } else { 0 };
        let (current_ops, last_ops) = (counters(head.counters, r)?, counters(head.counters, r)?);
        fields.info = Bytes32::new(r.take(info_len as usize)?);
        let record = SessionRecord { id, fields, disconnected, current_ops, last_ops };
        // The end mark is a whole record of zeros.
        Ok((id != SessionId(0)).then_some(record))
    }

    fn write_head(head: &SessHead, out: &mut Vec<u8>) {
        (head.next_session, OP_COUNTERS as u16).encode(out);
    }

    fn write_record(record: &SessionRecord<'a>, out: &mut Vec<u8>) {
        let f = &record.fields;
        let info = f.info.as_bytes();
        (record.id, f.exports_csum, info.len() as u32).encode(out);
        (f.ip, f.root, f.flags, f.umask).encode(out);
        (f.min_goal, f.max_goal, f.min_trash, f.max_trash).encode(out);
        (f.root_uid, f.root_gid, f.mapall_uid, f.mapall_gid).encode(out);
        (f.disables, record.disconnected).encode(out);
        record.current_ops.iter().chain(&record.last_ops).for_each(|n| n.encode(out));
        out.extend_from_slice(info);
    }

    fn write_end(out: &mut Vec<u8>) {
        zeros(61 + 8 * OP_COUNTERS, out);
    }
}

/// `stored` counters: those we do not know are skipped, those that are missing are 0.
fn counters(stored: u16, r: &mut Reader<'_>) -> Result<[u32; OP_COUNTERS], DecodeError> {
    let mut all = [0; OP_COUNTERS];
    for index in 0..stored.into() {
        let value = u32::decode(r)?;
        if let Some(slot) = all.get_mut(index) {
            *slot = value;
        }
    }
    Ok(all)
}
