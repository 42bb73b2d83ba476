//! XATR: extended attributes.

use super::body::{end_mark, zeros};
use super::{Body, SectionName};
use types::{DecodeError, Inode, Name, Reader, Wire};

/// One extended attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct XattrRecord<'a> {
    /// The node.
    pub inode: Inode,
    /// The attribute's name.
    pub name: Name<'a>,
    /// Its value; less than 4 GiB.
    pub value: &'a [u8],
}

/// The section. All attributes of a node stand together.
pub enum Xatr {}

impl<'a> Body<'a> for Xatr {
    const NAME: SectionName = SectionName(*b"XATR");
    const VERSION: u8 = 0x10;
    const OLDEST: u8 = 0x10;
    type Head = ();
    type Record = XattrRecord<'a>;

    fn head(_version: u8, _r: &mut Reader<'a>) -> Result<(), DecodeError> {
        Ok(())
    }

    fn record(_version: u8, _head: &(), r: &mut Reader<'a>) -> Result<Option<XattrRecord<'a>>, DecodeError> {
        if end_mark(r, 9) {
            return Ok(None);
        }
        let inode = Inode::decode(r)?;
        let (name, value): (u8, u32) = Wire::decode(r)?;
        let name = Name::new(r.take(name.into())?).ok_or_else(|| r.bad("name"))?;
        Ok(Some(XattrRecord { inode, name, value: r.take(value as usize)? }))
    }

    fn write_head(_head: &(), _out: &mut Vec<u8>) {}

    fn write_record(record: &XattrRecord<'a>, out: &mut Vec<u8>) {
        let (name, value) = (record.name.as_bytes(), record.value);
        (record.inode, name.len() as u8, value.len() as u32).encode(out);
        out.extend_from_slice(name);
        out.extend_from_slice(value);
    }

    fn write_end(out: &mut Vec<u8>) {
        zeros(9, out);
    }
}
