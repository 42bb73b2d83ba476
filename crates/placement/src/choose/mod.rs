//! Which servers get a new chunk (`spec/chunk-placement.md` 2.1–2.6).

mod create;
mod matching;
#[cfg(test)]
mod tests;
mod weights;

pub(crate) use matching::{Candidate, matching};
