//! Lines with counters, which most tools end with.

use crate::numbers::{Kind, Style};

/// ` LABEL:  NUMBER` lines, the labels padded to one width.
pub(crate) fn lines(style: Style, kind: Kind, labels: usize, counts: &[(&str, u64)]) -> String {
    let line =
        |(label, n): &(&str, u64)| format!(" {:labels$} {}\n", format!("{label}:"), style.column(kind, *n));
    counts.iter().map(line).collect()
}
