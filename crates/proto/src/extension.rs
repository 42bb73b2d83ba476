//! Room for packets that only our own two ends speak.

use std::ops::RangeInclusive;

/// Ids of our own packets. Stock ids end below 1000 (a variant build adds 65536 to them), 4.x ids too, so nobody else
/// comes near. A stock peer closes the connection on an unknown packet: none of these may be sent before the peer has
/// offered to understand it, in a place that stock ignores.
pub const EXTENSION_IDS: RangeInclusive<u32> = 0x454C_0000..=0x454C_FFFF;

/// What a daemon of ours appends to its version's text (GET_VERSION) when it answers to the packets of [`jobs`].
pub const OFFERS_JOBS: &str = "elkfs:jobs";

/// Background jobs of a daemon: which there are, and a switch for each.
pub mod jobs {
    use types::{Name, Rest};

    record! { <'a> {
        /// A job.
        #[derive(Eq)]
        JobEntry<'a> {
            /// What it is called.
            name: Name<'a>,
            /// The end of the path of the disk it works on; empty for work on all.
            disk: Name<'a>,
            /// 0 nothing to do, 1 at work, 2 paused.
            state: u8,
            /// Things done since the daemon started.
            done: u64,
            /// Things known to be left.
            left: u64,
            /// Bytes worked through since the daemon started.
            bytes: u64,
            /// Bytes per second of late.
            rate: u64,
            /// More about it, for people.
            detail: Name<'a>,
        }
    } }

    packets! { <'a> {
        /// Which background jobs are there?
        0x454C0301 JobList {}
        /// Answers `JobList`.
        0x454C0302 JobListReply<'a> { jobs: Rest<'a, JobEntry<'a>> }
        /// Pauses (1) or resumes (0) the jobs of this name, on the disk of this path or, if it is empty, on all.
        0x454C0303 JobSwitch<'a> { name: Name<'a>, disk: Name<'a>, pause: u8 }
        /// Answers `JobSwitch`: how many jobs that were; 0 if there is none of this name.
        0x454C0304 JobSwitchReply { jobs: u32 }
    } }
}
