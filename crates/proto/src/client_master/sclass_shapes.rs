//! Shapes of storage class packets.

use types::{DecodeError, Reader, Rest, Wire};

/// Which servers may hold a copy: an or of up to four masks of labels (unused ones 0); all zero is any server.
pub type LabelSet = [u32; 4];

/// A set as people write it: `*`, or masks joined by `+`, a mask being letters from A.
pub fn show_labels(set: &LabelSet) -> String {
    if set[0] == 0 {
        return "*".into();
    }
    let letters = |mask: &u32| -> String {
        (0..26_u8).filter(|bit| mask >> bit & 1 == 1).map(|bit| char::from(b'A' + bit)).collect()
    };
    set.iter().take_while(|mask| **mask != 0).map(letters).collect::<Vec<_>>().join("+")
}

/// What a storage class asks for: `u8 admin_only | u8 mode | u16 delay | u8 create | u8 keep | u8 archive | sets`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SclassDef<'a> {
    /// 1: only administrators may use it.
    pub admin_only: u8,
    /// 0 loose, 1 standard, 2 strict.
    pub mode: u8,
    /// After how many days without change files are archived; 0 never.
    pub archive_delay_days: u16,
    /// A set for each copy of new chunks; at most 9 are used, at most 255 can be sent.
    pub create: Rest<'a, LabelSet>,
    /// A set for each copy of chunks in use.
    pub keep: Rest<'a, LabelSet>,
    /// A set for each copy of archived chunks.
    pub archive: Rest<'a, LabelSet>,
}

impl<'a> Wire<'a> for SclassDef<'a> {
    const MIN_SIZE: usize = 7;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let (admin_only, mode, archive_delay_days) = Wire::decode(r)?;
        let [create, keep, archive] = r.array()?;
        Ok(SclassDef {
            admin_only,
            mode,
            archive_delay_days,
            create: Rest::decode_n(r, create.into())?,
            keep: Rest::decode_n(r, keep.into())?,
            archive: Rest::decode_n(r, archive.into())?,
        })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        (self.admin_only, self.mode, self.archive_delay_days).encode(out);
        let lists = [&self.create, &self.keep, &self.archive];
        let counts = lists.map(|list| u8::try_from(list.count()).unwrap_or(u8::MAX));
        counts.encode(out);
        for (list, count) in lists.into_iter().zip(counts) {
            list.iter().take(count.into()).for_each(|set| set.encode(out));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_as_people_write_them() {
        assert_eq!(show_labels(&[0; 4]), "*");
        assert_eq!(show_labels(&[0b11, 1 << 25, 0, 0]), "AB+Z");
    }
}
