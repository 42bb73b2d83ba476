//! Rules of `style.md` that no lint knows: module docs, sizes, allowed edges, calls banned in pure crates.

mod edges;
mod purity;
mod sizes;
mod source;

use anyhow::Result;
use source::Source;
use std::path::Path;

/// Every broken rule below the workspace `root`, each with its place and what to do.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let sources = source::all(root)?;
    let mut problems: Vec<_> = sources.iter().filter_map(module_doc).collect();
    problems.extend(sizes::check(&sources));
    problems.extend(purity::check(&sources));
    problems.extend(edges::check(root)?);
    Ok(problems)
}

/// Each file says in its first line what it is for; the name `tests.rs` beside a module says it.
fn module_doc(source: &Source) -> Option<String> {
    if source.path.ends_with("tests.rs") {
        return None;
    }
    let first = source.text.lines().find(|line| !line.starts_with("#!["));
    let documented = first.is_some_and(|line| line.starts_with("//!"));
    (!documented)
        .then(|| format!("{}: starts without a //! line that says what it is for", source.path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_must_say_what_it_is_for() {
        let doc = |text: &str| module_doc(&Source::new("crates/a/src/b.rs", text)).is_none();
        assert!(doc("//! Does it.\nfn a() {}"));
        assert!(doc("#![no_main]\n//! Does it.\n"));
        assert!(!doc("// Does it.\n"));
        assert!(module_doc(&Source::new("crates/a/src/b/tests.rs", "")).is_none());
        assert!(!doc(""));
    }
}
