//! What can be wrong with a configuration file, said so that it can be repaired.

use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// A file that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("can't load config file: {}: {error}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Some values are not what their options take. All of them are named, not just the first.
    #[error("{}", list(file, problems))]
    Invalid {
        /// Which file.
        file: PathBuf,
        /// Each bad value.
        problems: Vec<Problem>,
    },
}

/// One bad value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line number from 1; `None` when the default is the problem.
    pub line: Option<usize>,
    /// The option as written.
    pub option: String,
    /// What is wrong.
    pub message: String,
    /// What may be written instead.
    pub allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "option {}: {}; allowed: {}", self.option, self.message, self.allowed)
    }
}

fn list(file: &std::path::Path, problems: &[Problem]) -> String {
    let lines: Vec<String> =
        problems.iter().map(|problem| format!("{}, {problem}", file.display())).collect();
    lines.join("\n")
}
