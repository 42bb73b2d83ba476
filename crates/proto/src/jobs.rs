//! Extension: the background jobs of a daemon, which there are and a switch for each. Asked on a chunkserver's data port by
//! `elkfs jobs`, of daemons that offer it: asked by GET_CONFIG for an option that stock does not have, and so answers with
//! nothing.

use types::{Name, Rest};

/// The option of GET_CONFIG that a daemon answers with [`OFFER`] if it understands these packets.
pub const OFFER_OPTION: &str = "ELKFS_OFFERS";
/// The answer.
pub const OFFER: &str = "jobs";

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
