//! SCLA: storage classes.

use super::body::{end_mark, zeros};
use super::{Body, SectionName};
use crate::SclassCounts;
use std::borrow::Cow;
use types::{DecodeError, Reader, Wire};

/// Masks in one label entry.
pub const LABEL_GROUP: usize = 4;
/// The most copies a class can ask for at a time.
const MAX_COPIES: u8 = 9;
/// The longest description of a label in old versions, bytes.
const MAX_DESCRIPTION: u8 = 128;

/// A storage class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SclassRecord<'a> {
    /// 1 to 255; 1 to 9 are predefined.
    pub id: u16,
    /// 1 to 255 bytes; versions before 1.6 have no names, there one is made up.
    pub name: Cow<'a, [u8]>,
    /// Only administrators may use it.
    pub admin_only: bool,
    /// 0 loose, 1 standard, 2 strict.
    pub mode: u8,
    /// Days.
    pub arch_delay: u16,
    /// How many label entries of each kind there are.
    pub counts: SclassCounts,
    /// Label entries: create, then keep, then archive. An entry is up to four masks, any of which will do; a mask is
    /// labels that must all be there (bit 0 is A); the first mask 0 is any server.
    pub labels: Vec<[u32; LABEL_GROUP]>,
}

/// The section. Ascending ids.
pub enum Scla {}

impl<'a> Body<'a> for Scla {
    const NAME: SectionName = SectionName(*b"SCLA");
    const VERSION: u8 = 0x16;
    const OLDEST: u8 = 0x10;
    /// Masks in one label entry of the file that is read; [`LABEL_GROUP`] are always written.
    type Head = u8;
    type Record = SclassRecord<'a>;

    fn head(version: u8, r: &mut Reader<'a>) -> Result<u8, DecodeError> {
        for _ in 0..if version < 0x16 { 26 } else { 0 } {
            let len = u8::decode(r)?;
            if len > MAX_DESCRIPTION {
                return Err(r.bad("length of a label's description"));
            }
            r.take(len.into())?;
        }
        let group = if version == 0x10 { 1 } else { u8::decode(r)? };
        if usize::from(group) > LABEL_GROUP {
            return Err(r.bad("number of masks in a label entry"));
        }
        Ok(group)
    }

    fn record(version: u8, group: &u8, r: &mut Reader<'a>) -> Result<Option<SclassRecord<'a>>, DecodeError> {
        let head = match version {
            0x10 | 0x11 | 0x13 => 3,
            0x12 => 11,
            0x14 => 5,
            0x15 => 8,
            _ => 10,
        };
        if end_mark(r, head) {
            return Ok(None);
        }
        if version < 0x16 { old_record(version, *group, r) } else { record(*group, r) }.map(Some)
    }

    fn write_head(_head: &u8, out: &mut Vec<u8>) {
        out.push(LABEL_GROUP as u8);
    }

    fn write_record(class: &SclassRecord<'a>, out: &mut Vec<u8>) {
        let counts = class.counts;
        (class.id, class.name.len() as u8, u8::from(class.admin_only), class.mode).encode(out);
        (class.arch_delay, counts.create, counts.keep, counts.archive).encode(out);
        out.extend_from_slice(&class.name);
        class.labels.iter().flatten().for_each(|mask| mask.encode(out));
    }

    fn write_end(out: &mut Vec<u8>) {
        zeros(10, out);
    }
}

fn record<'a>(group: u8, r: &mut Reader<'a>) -> Result<SclassRecord<'a>, DecodeError> {
    let id = Wire::decode(r)?;
    let name_len = u8::decode(r)?;
    if name_len == 0 {
        return Err(r.bad("class without name"));
    }
    let admin_only = u8::decode(r)? != 0;
    let (mode, arch_delay) = Wire::decode(r)?;
    let counts = SclassCounts { create: count(r)?, keep: count(r)?, archive: count(r)? };
    let name = Cow::Borrowed(r.take(name_len.into())?);
    let entries = counts.create + counts.keep + counts.archive;
    let labels = labels(entries, group, r)?;
    Ok(SclassRecord { id, name, admin_only, mode, arch_delay, counts, labels })
}

/// What is missing in old versions follows from what is there.
fn old_record<'a>(version: u8, group: u8, r: &mut Reader<'a>) -> Result<SclassRecord<'a>, DecodeError> {
    let id = u16::decode(r)?;
    let mode = if version >= 0x14 { u8::decode(r)? } else { 1 };
    let arch_delay = if version >= 0x15 { u16::decode(r)? } else { 0 };
    let create = count(r)?;
    let (skipped, _): (u32, u32) = if version == 0x12 { Wire::decode(r)? } else { (0, 0) };
    let keep = if version >= 0x14 { Some(count(r)?) } else { None };
    let archive = if version >= 0x15 { Some(count(r)?) } else { None };
    let create_labels = labels(create, group, r)?;
    let keep_labels = keep.map_or_else(|| Ok(create_labels.clone()), |n| labels(n, group, r))?;
    let archive_labels = archive.map_or_else(|| Ok(keep_labels.clone()), |n| labels(n, group, r))?;
    r.take((skipped as usize).saturating_mul(8))?;
    let counts = SclassCounts { create, keep: keep_labels.len() as u8, archive: archive_labels.len() as u8 };
    let name = if id < 10 { id.to_string() } else { format!("sclass_{}", id - 9) };
    let labels = [create_labels, keep_labels, archive_labels].concat();
    Ok(SclassRecord {
        id,
        name: name.into_bytes().into(),
        admin_only: false,
        mode,
        arch_delay,
        counts,
        labels,
    })
}

fn count(r: &mut Reader<'_>) -> Result<u8, DecodeError> {
    match u8::decode(r)? {
        count @ 1..=MAX_COPIES => Ok(count),
        _ => Err(r.bad("number of copies")),
    }
}

fn labels(entries: u8, group: u8, r: &mut Reader<'_>) -> Result<Vec<[u32; LABEL_GROUP]>, DecodeError> {
    let mut entry = || {
        let mut masks = [0; LABEL_GROUP];
        for mask in &mut masks[..group.into()] {
            *mask = u32::decode(r)?;
        }
        Ok(masks)
    };
    (0..entries).map(|_| entry()).collect()
}
