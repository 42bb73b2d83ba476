//! What the master tells monitors of storage classes.

use crate::client_master::LabelSet;
use types::{DecodeError, Name, Reader, Rest, Wire};

record! { <'a> {
    /// A set of labels, and how many servers have them.
    #[derive(Eq)]
    LabelMatch {
        /// Which servers.
        labels: LabelSet,
        /// How many those are.
        servers: u16,
    }

    /// A storage class.
    SclassInfo<'a> {
        /// Its number.
        id: u8,
        /// Its name.
        name: Name<'a>,
        /// Files that have it.
        files: u32,
        /// Directories that have it.
        dirs: u32,
        /// Chunks with too few, the right number of, and too many copies; each ordinary, then archived.
        chunks: [u64; 6],
        /// 1: only administrators may use it.
        admin_only: u8,
        /// 0 loose, 1 standard, 2 strict.
        mode: u8,
        /// Days.
        archive_delay_days: u16,
        /// Where copies go.
        policy: SclassPolicy<'a>,
    }
} }

/// `(u8 state | u8 count)` for create, keep, archive, then as many label sets.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SclassPolicy<'a> {
    /// For new chunks, chunks in use, and archived ones: can be fulfilled (3), only with overloaded servers (2), with full
    /// ones (1), not at all (0); and a set for each copy, 255 at most.
    pub parts: [(u8, Rest<'a, LabelMatch>); 3],
}

impl<'a> Wire<'a> for SclassPolicy<'a> {
    const MIN_SIZE: usize = 6;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let [create, create_count, keep, keep_count, archive, archive_count] = r.array()?;
        let parts = [
            (create, Rest::decode_n(r, create_count.into())?),
            (keep, Rest::decode_n(r, keep_count.into())?),
            (archive, Rest::decode_n(r, archive_count.into())?),
        ];
        Ok(SclassPolicy { parts })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        let counts = self.parts.map(|(_, list)| u8::try_from(list.count()).unwrap_or(u8::MAX));
        for ((state, _), count) in self.parts.iter().zip(counts) {
            (*state, count).encode(out);
        }
        for ((_, list), count) in self.parts.iter().zip(counts) {
            list.iter().take(count.into()).for_each(|set| set.encode(out));
        }
    }
}
