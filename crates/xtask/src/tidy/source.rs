//! The source files of the workspace.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file.
pub(super) struct Source {
    /// Relative to the workspace.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Source {
    #[cfg(test)]
    pub(super) fn new(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    /// Name of the crate's folder, which is the crate's name.
    pub(super) fn crate_name(&self) -> &str {
        self.path.iter().nth(1).and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Whether all of it is tests, benches or examples.
    pub(super) fn is_test(&self) -> bool {
        let part = self.path.iter().nth(2).and_then(|name| name.to_str());
        let file = self.path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        matches!(part, Some("tests" | "benches" | "examples"))
            || matches!(file, "tests" | "fixtures")
            || file.ends_with("_tests")
            || self.path.iter().skip(3).any(|part| part == "tests")
    }

    /// Its lines before the tests at its end, numbered from 1.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines()).take_while(|(_, line)| line.trim() != "#[cfg(test)]")
    }
}

/// All files below `crates/`.
pub(super) fn all(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut todo = vec![root.join("crates")];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).with_context(|| format!("list {}", dir.display()))? {
            let path = entry.with_context(|| format!("list {}", dir.display()))?.path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    todo.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
                sources.push(Source { path: path.strip_prefix(root).unwrap_or(&path).to_owned(), text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}
