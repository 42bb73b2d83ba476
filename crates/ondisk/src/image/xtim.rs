//! XTIM, ours: what times are beyond stock's seconds.

use super::record::record;
use super::{Body, SectionName};
use types::{DecodeError, Inode, Reader, Wire};

record! {
/// The fine parts ([`types::Time::fine`]) of a node's times; the seconds are in its NODE record.
FineTimesRecord {
    inode: Inode,
    atime: u32,
    mtime: u32,
    ctime: u32,
}
}

/// The section; nodes whose times are all whole seconds are not in it. It stands behind the marker at which stock stops
/// reading ([`super::ImageWriter::end_for_stock`]), so stock loads the image, and forgets the section.
pub enum Xtim {}

impl<'a> Body<'a> for Xtim {
    const NAME: SectionName = SectionName(*b"XTIM");
    const VERSION: u8 = 0x10;
    const OLDEST: u8 = 0x10;
    type Head = ();
    type Record = FineTimesRecord;

    fn head(_version: u8, _r: &mut Reader<'a>) -> Result<(), DecodeError> {
        Ok(())
    }
    fn record(_version: u8, _head: &(), r: &mut Reader<'a>) -> Result<Option<FineTimesRecord>, DecodeError> {
        let record = FineTimesRecord::decode(r)?;
        Ok((record.inode.0 != 0).then_some(record))
    }
    fn write_head(_head: &(), _out: &mut Vec<u8>) {}
    fn write_record(record: &FineTimesRecord, out: &mut Vec<u8>) {
        record.encode(out);
    }
    fn write_end(out: &mut Vec<u8>) {
        super::body::zeros(16, out);
    }
}
