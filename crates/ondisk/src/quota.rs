//! The limits of a quota, in the order in which images and changelogs carry them.

/// Soft and hard limits of one directory; which of them count is said by flag bits beside them
/// (`spec/metadata-format.md` 1). Lengths and sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct QuotaLimits {
    pub soft_inodes: u32,
    pub hard_inodes: u32,
    pub soft_length: u64,
    pub hard_length: u64,
    pub soft_size: u64,
    pub hard_size: u64,
    pub soft_real_size: u64,
    pub hard_real_size: u64,
}
