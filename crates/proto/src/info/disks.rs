//! What chunkservers tell monitors of their disks.

use types::{ChunkId, Counted, DecodeError, Name, Reader, Wire};

record! { <'a> {
    /// What a disk did in some time.
    #[derive(Eq, Default)]
    DiskStats {
        /// Bytes read.
        bytes_read: u64,
        /// Bytes written.
        bytes_written: u64,
        /// Microseconds spent reading.
        read_us: u64,
        /// Microseconds spent writing.
        write_us: u64,
        /// Microseconds spent in fsync.
        fsync_us: u64,
        /// Reads.
        reads: u32,
        /// Writes.
        writes: u32,
        /// Fsyncs.
        fsyncs: u32,
        /// The longest read, microseconds.
        max_read_us: u32,
        /// The longest write, microseconds.
        max_write_us: u32,
        /// The longest fsync, microseconds.
        max_fsync_us: u32,
    }

    /// A disk.
    #[derive(Eq)]
    DiskEntry<'a> {
        /// Its path, with `/` at the end; of a longer one `(...)` and the last 250 bytes.
        path: Name<'a>,
        /// 1 marked for removal, 2 damaged, 4 being scanned, 8 not in use (then with 2, and all else 0).
        flags: u8,
        /// The chunk of the last error.
        last_error_chunk: ChunkId,
        /// When it was, Unix seconds.
        last_error_time: u32,
        /// Bytes; while scanning, percent done.
        used: u64,
        /// Bytes; 0 while scanning.
        total: u64,
        /// Chunks.
        chunks: u32,
    }
} }

/// `u16 size of all that follows | entry | statistics * N`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiskWithStats<'a, const N: usize> {
    /// The disk.
    pub disk: DiskEntry<'a>,
    /// What it did.
    pub stats: [DiskStats; N],
}

/// A disk with what it did in the last minute, hour and day.
pub type DiskInfo<'a> = DiskWithStats<'a, 3>;

/// A disk with what it did since the daemon started.
pub type DiskTotals<'a> = DiskWithStats<'a, 1>;

impl<'a, const N: usize> Wire<'a> for DiskWithStats<'a, N> {
    const MIN_SIZE: usize = 2 + DiskEntry::MIN_SIZE + N * DiskStats::MIN_SIZE;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let size = u16::decode(r)?;
        let left = r.left();
        let disk = DiskEntry::decode(r)?;
        let mut stats = [DiskStats::default(); N];
        for one in &mut stats {
            *one = DiskStats::decode(r)?;
        }
        if left - r.left() != usize::from(size) {
            Err(r.bad("size of a disk entry"))
        } else {
            Ok(DiskWithStats { disk, stats })
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        let size = Self::MIN_SIZE - 2 + self.disk.path.as_bytes().len();
        u16::try_from(size).expect("a name and a few statistics").encode(out);
        self.disk.encode(out);
        self.stats.iter().for_each(|one| one.encode(out));
    }
}

/// `u16 n | u64*n`, and from a chunkserver `u16 disks | disk*`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Monotonic<'a> {
    /// Sums since the daemon started, in the order of the chart series.
    pub counters: Counted<'a, u16, u64>,
    /// Disks of a chunkserver.
    pub disks: Option<Counted<'a, u16, DiskTotals<'a>>>,
}

impl<'a> Wire<'a> for Monotonic<'a> {
    const MIN_SIZE: usize = 2;
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Monotonic { counters: Wire::decode(r)?, disks: Wire::decode(r)? })
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.counters.encode(out);
        self.disks.encode(out);
    }
}
