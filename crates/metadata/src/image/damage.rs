//! What is wrong with an image, and whether it is loaded all the same (`-i`).

use super::LoadError;

/// So many problems are kept; the rest is counted.
const KEPT: usize = 1000;

/// Refuses at the first problem, or goes on and keeps them.
#[derive(Debug, Default)]
pub struct Damage {
    tolerant: bool,
    /// The first problems.
    pub found: Vec<LoadError>,
    /// Problems beyond those.
    pub more: u64,
}

impl Damage {
    /// Every problem ends the load.
    pub(super) fn refuse() -> Self {
        Damage::default()
    }

    /// Problems are kept, what they concern is left out or put right.
    pub(super) fn tolerate() -> Self {
        Damage { tolerant: true, ..Damage::default() }
    }

    /// The same attitude, nothing found yet: for another thread.
    pub(super) fn like(&self) -> Self {
        Damage { tolerant: self.tolerant, ..Damage::default() }
    }

    /// True when problems are kept and not errors.
    pub(super) fn is_tolerant(&self) -> bool {
        self.tolerant
    }

    /// Adds what another thread has found.
    pub(super) fn add(&mut self, other: Damage) {
        self.more += other.more;
        other.found.into_iter().for_each(|error| self.keep(error));
    }

    fn keep(&mut self, error: LoadError) {
        if self.found.len() < KEPT {
            self.found.push(error);
        } else {
            self.more += 1;
        }
    }

    /// A problem; an error when it is not tolerated.
    pub(super) fn met(&mut self, error: impl Into<LoadError>) -> Result<(), LoadError> {
        if !self.tolerant {
            return Err(error.into());
        }
        self.keep(error.into());
        Ok(())
    }

    /// What was read, or none when it could not be and that is tolerated.
    pub(super) fn pass<T>(
        &mut self,
        result: Result<T, impl Into<LoadError>>,
    ) -> Result<Option<T>, LoadError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => self.met(error).map(|()| None),
        }
    }
}
