//! Operations that an export line can refuse.

/// Words of `disable=`, in the order of their bits.
const WORDS: [&str; 25] = [
    "chown",
    "chmod",
    "symlink",
    "mkfifo",
    "mkdev",
    "mksock",
    "mkdir",
    "unlink",
    "rmdir",
    "rename",
    "move",
    "link",
    "create",
    "readdir",
    "read",
    "write",
    "truncate",
    "setlength",
    "appendchunks",
    "snapshot",
    "settrash",
    "setsclass",
    "seteattr",
    "setxattr",
    "setfacl",
];

/// The bit of a word.
pub(super) fn bit(word: &str) -> Option<u32> {
    WORDS.iter().position(|w| *w == word).map(|i| 1 << i)
}
