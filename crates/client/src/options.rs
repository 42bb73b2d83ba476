//! What a client is told at its start.

use std::net::Ipv4Addr;

/// When chown(2) clears the set-id bits of a file (`mfssugidclearmode`), with the numbers of the wire
/// (`spec/wire-client-master.md` 3.4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum SugidClearMode {
    /// Never.
    Never = 0,
    /// Always.
    Always = 1,
    /// As Mac OS X does.
    Osx = 2,
    /// As BSDs do.
    Bsd = 3,
    /// As Linux's ext file systems do.
    Ext = 4,
    /// As Linux's XFS does.
    Xfs = 5,
}

/// A password as the master checks it: the MD5 of its bytes, which is what `md5pass=` in an exports file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordMd5(pub [u8; 16]);

impl PasswordMd5 {
    /// The digest of a password typed in.
    pub fn of(password: &[u8]) -> Self {
        PasswordMd5(md5::compute(password).0)
    }
}

/// Never shows the digest, which is as good as the password.
impl std::fmt::Debug for PasswordMd5 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordMd5(..)")
    }
}

/// Everything a [`crate::Client`] can be told; the defaults are those of a stock 3.0.117 mount.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name or IPv4 address of the master.
    pub master_host: String,
    /// The master's port for clients.
    pub master_port: u16,
    /// Source address of all connections.
    pub bind: Option<Ipv4Addr>,
    /// The exported directory that becomes our root.
    pub subfolder: String,
    /// Open a session of the trash instead: only the calls about deleted files work (`mfsmeta`).
    pub deleted_files: bool,
    /// Shown in the master's list of sessions; a mount says its mount point.
    pub info: String,
    /// What an export with a password wants to see.
    pub password: Option<PasswordMd5>,
    /// Forget the password after the first registration; a session that is lost then comes back without it.
    pub forget_password: bool,
    /// Attempts of one read or write before it fails (`mfsioretries`).
    pub io_retries: u32,
    /// Seconds after which a read or write that goes on failing is given up; 0 means never (`mfstimeout`).
    pub io_timeout_s: u32,
    /// The first attempt that is worth a line in the log (`mfslogretry`).
    pub log_retry: u32,
    /// Most bytes that wait to be written, over all files (`mfswritecachesize`).
    pub write_cache_bytes: usize,
    /// Most bytes read ahead, over all files (`mfsreadaheadsize`).
    pub read_ahead_bytes: usize,
    /// Bytes one read-ahead request asks for (`mfsreadaheadleng`).
    pub read_ahead_length: usize,
    /// Bytes read in sequence before read-ahead goes to its full depth (`mfsreadaheadtrigger`).
    pub read_ahead_trigger: u64,
    /// Fail at once when all copies of a chunk are known to be lost (`mfserroronlostchunk`).
    pub error_on_lost_chunk: bool,
    /// Fail at once when no chunkserver has space (`mfserroronnospace`).
    pub error_on_no_space: bool,
    /// Which chunkservers to prefer: expressions in order of priority, each satisfied by a server that has all labels
    /// of one of its masks (bit 0 is A); mask 0 matches any (`mfspreflabels`).
    pub preferred_labels: Vec<Vec<u32>>,
    /// Directories inherit the set-group-id bit (`mfsmkdircopysgid`).
    pub mkdir_copy_sgid: bool,
    /// See [`SugidClearMode`].
    pub sugid_clear_mode: SugidClearMode,
}

impl Options {
    /// How much a server with these labels is preferred; lower is better.
    pub(crate) fn preference(&self, labels: u32) -> usize {
        let satisfied = |masks: &Vec<u32>| masks.iter().any(|&mask| !labels & mask == 0);
        self.preferred_labels.iter().position(satisfied).unwrap_or(self.preferred_labels.len())
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            master_host: "mfsmaster".into(),
            master_port: 9421,
            bind: None,
            subfolder: "/".into(),
            deleted_files: false,
            info: String::new(),
            password: None,
            forget_password: false,
            io_retries: 30,
            io_timeout_s: 0,
            log_retry: 5,
            write_cache_bytes: 256 << 20,
            read_ahead_bytes: 256 << 20,
            read_ahead_length: 1 << 20,
            read_ahead_trigger: 10 << 20,
            error_on_lost_chunk: false,
            error_on_no_space: false,
            preferred_labels: Vec::new(),
            mkdir_copy_sgid: true,
            sugid_clear_mode: SugidClearMode::Ext,
        }
    }
}
