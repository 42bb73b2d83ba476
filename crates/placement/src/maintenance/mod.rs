//! Healing: every chunk is looked at again and again, and the urgent ones first (`spec/chunk-placement.md` 4).

mod assess;
mod delete;
#[cfg(test)]
mod option_tests;
mod purge;
mod queues;
mod rebalance;
mod replicate;
#[cfg(test)]
mod tests;
mod tick;
mod visit;
mod walk;

pub(crate) use purge::Purge;
pub(crate) use queues::Queues;
pub(crate) use walk::Walk;
