//! Labels to servers: a maximum matching (`spec/chunk-placement.md` 2.4).

use crate::{LabelTerm, term_matches};

/// A server that may be matched. Of each group at most one is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) labels: u32,
    pub(crate) group: u64,
}

struct Search<'a> {
    terms: &'a [LabelTerm],
    candidates: &'a [Candidate],
    /// By candidate, its group as a small number; by group, the term that has it.
    groups: Vec<usize>,
    taken_by: Vec<Option<usize>>,
    result: Vec<Option<usize>>,
}

impl Search<'_> {
    /// Finds a place for the term, moving others if that helps. The best candidates are last, so the walk is backward.
    fn place(&mut self, term: usize, visited: &mut [bool]) -> bool {
        for n in (0..self.candidates.len()).rev() {
            let group = self.groups[n];
            if visited[group] || !term_matches(&self.terms[term], self.candidates[n].labels) {
                continue;
            }
            visited[group] = true;
            let free = match self.taken_by[group] {
                None => true,
                Some(other) => self.place(other, visited),
            };
            if free {
                self.taken_by[group] = Some(term);
                self.result[term] = Some(n);
                return true;
            }
        }
        false
    }
}

/// For each term the candidate it gets. Candidates nearer to the end are preferred.
pub(crate) fn matching(terms: &[LabelTerm], candidates: &[Candidate]) -> Vec<Option<usize>> {
    let mut distinct: Vec<u64> = candidates.iter().map(|c| c.group).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let number = |c: &Candidate| distinct.binary_search(&c.group).unwrap_or_default();
    let mut search = Search {
        terms,
        candidates,
        groups: candidates.iter().map(number).collect(),
        taken_by: vec![None; distinct.len()],
        result: vec![None; terms.len()],
    };
    for term in 0..terms.len() {
        search.place(term, &mut vec![false; distinct.len()]);
    }
    search.result
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: LabelTerm = [1, 0, 0, 0];
    const B: LabelTerm = [2, 0, 0, 0];
    const AB: LabelTerm = [1, 2, 0, 0];
    const ANY: LabelTerm = [0; 4];

    fn run(terms: &[LabelTerm], labels: &[(u32, u64)]) -> Vec<Option<usize>> {
        let candidate = |(labels, group): &(u32, u64)| Candidate { labels: *labels, group: *group };
        matching(terms, &labels.iter().map(candidate).collect::<Vec<_>>())
    }

    #[test]
    fn the_last_that_fit_are_taken_and_others_make_room() {
        // The second term takes the last; the first moves on.
        assert_eq!(run(&[ANY, ANY], &[(1, 0), (1, 1), (1, 2)]), [Some(1), Some(2)]);
        // "any" takes the last first, but gives way to A, which only it has.
        assert_eq!(run(&[ANY, A], &[(2, 0), (2, 1), (1, 2)]), [Some(1), Some(2)]);
        assert_eq!(run(&[AB, A, B], &[(1, 0), (1, 1), (2, 2)]), [Some(1), Some(0), Some(2)]);
        assert_eq!(run(&[A, A], &[(1, 0), (2, 1)]), [Some(0), None]);
        // A term of two labels asks for both on one server.
        assert_eq!(run(&[[3, 0, 0, 0]], &[(1, 0), (2, 1)]), [None]);
    }

    #[test]
    fn one_server_of_a_group() {
        assert_eq!(run(&[ANY, ANY], &[(0, 5), (0, 7), (0, 7)]), [Some(0), Some(2)]);
        assert_eq!(run(&[ANY, ANY], &[(0, 7), (0, 7)]), [Some(1), None]);
    }
}
