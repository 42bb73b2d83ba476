//! When a replayed operation did what the log says it did.

use super::{Op, Outcome};

impl Op<'_> {
    /// True when `actual` does not contradict what the line had `logged` (`spec/metadata-format.md` 15). Numbers that
    /// old lines leave out are not compared, neither is the xor of inodes where it is 0, nor a `SNAPSHOT`'s all-zero
    /// list.
    pub fn agrees(&self, logged: &Outcome, actual: &Outcome) -> bool {
        let all_zero = logged.as_slice().iter().all(|&n| n == 0);
        let xor = match self {
            Op::Snapshot { .. } if all_zero => return true,
            Op::EmptyTrash { .. } | Op::FreeInodes { .. } => Some(2),
            Op::EmptySustained { .. } => Some(1),
            _ => None,
        };
        let mut pairs = logged.as_slice().iter().zip(actual.as_slice()).enumerate();
        let same = pairs.all(|(i, (logged, actual))| logged == actual || (Some(i) == xor && *logged == 0));
        same && logged.as_slice().len() <= actual.as_slice().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared() {
        let outcome = Outcome::from_slice;
        let trash = Op::EmptyTrash { bucket: None };
        assert!(trash.agrees(&outcome(&[1, 2]), &outcome(&[1, 2, 77])));
        assert!(trash.agrees(&outcome(&[1, 2, 0]), &outcome(&[1, 2, 77])));
        assert!(!trash.agrees(&outcome(&[1, 2, 76]), &outcome(&[1, 2, 77])));
        assert!(!trash.agrees(&outcome(&[0, 2, 0]), &outcome(&[1, 2, 77])));
        let arch = Op::ArchChg { inode: types::ROOT, uid: 0, cmd: 1 };
        assert!(!arch.agrees(&outcome(&[1, 2, 0]), &outcome(&[1, 2, 77])));
        assert!(!arch.agrees(&outcome(&[1]), &Outcome::none()), "nothing agrees with what is not there");
    }
}
