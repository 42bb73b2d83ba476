//! What a check has found.

use serde::Serialize;
use std::fmt;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Worth knowing; a start goes on.
    Note,
    /// A start refuses, or something is lost.
    Problem,
}

/// One thing found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) text: String,
}

/// One section of an image.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SectionReport {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) records: u64,
}

/// One file, or the directory as a whole.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Report {
    /// Which.
    pub(super) file: String,
    /// `image`, `changelog` or `directory`.
    pub(super) kind: &'static str,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// Of an image, or reached by replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<u64>,
    /// Sixteen digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sections: Vec<SectionReport>,
    /// First and last change of a changelog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) changes: Option<(u64, u64)>,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(file: impl Into<String>, kind: &'static str) -> Report {
        Report { file: file.into(), kind, ..Report::default() }
    }

    pub(super) fn problem(&mut self, text: impl fmt::Display) {
        self.findings.push(Finding { level: Level::Problem, text: text.to_string() });
    }

    pub(super) fn note(&mut self, text: impl fmt::Display) {
        self.findings.push(Finding { level: Level::Note, text: text.to_string() });
    }

    pub(super) fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.level == Level::Note)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.kind)?;
        if let Some(size) = self.size {
            write!(f, ", {size} bytes")?;
        }
        if let Some(version) = self.version {
            write!(f, ", version {version}")?;
        }
        if let Some(id) = &self.id {
            write!(f, ", id {id}")?;
        }
        if let Some((first, last)) = self.changes {
            write!(f, ", changes {first} to {last}")?;
        }
        writeln!(f, ": {}", if self.is_good() { "ok" } else { "PROBLEMS" })?;
        for SectionReport { name, version, records } in &self.sections {
            writeln!(f, "  {name} {version}: {records}")?;
        }
        for finding in &self.findings {
            let word = if finding.level == Level::Note { "note" } else { "PROBLEM" };
            writeln!(f, "  {word}: {}", finding.text)?;
        }
        Ok(())
    }
}
