//! A sparse array of small records in copy-on-write pages.

use std::sync::Arc;

/// Pages under one middle table. A first write after a snapshot copies one middle table and one page.
const FAN: usize = 256;

type Page<T, const N: usize> = Arc<[T; N]>;
type Middle<T, const N: usize> = Arc<[Option<Page<T, N>>; FAN]>;

/// An array indexed by `u32`, made of pages of `N` records; pages never written take no memory and read as absent.
///
/// `clone` costs one reference count per `FAN * N` records and shares all pages. A later write to either side
/// copies the touched page only.
#[derive(Clone)]
pub(crate) struct Pages<T, const N: usize> {
    top: Vec<Option<Middle<T, N>>>,
}

impl<T: Copy + Default, const N: usize> Pages<T, N> {
    pub(crate) fn new() -> Self {
        Pages { top: Vec::new() }
    }

    fn split(index: u32) -> (usize, usize, usize) {
        let index = index as usize;
        (index / N / FAN, index / N % FAN, index % N)
    }

    /// The record, if its page was ever written.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let (top, middle, at) = Self::split(index);
        Some(&self.page(top, middle)?[at])
    }

    fn page(&self, top: usize, middle: usize) -> Option<&[T; N]> {
        self.top.get(top)?.as_ref()?[middle].as_deref()
    }

    /// The records from `index` to the end of its page, for readers of runs that do not cross pages.
    pub(crate) fn tail(&self, index: u32) -> &[T] {
        let (top, middle, at) = Self::split(index);
        self.page(top, middle).map_or(&[], |page| &page[at..])
    }

    /// The record for writing; its page is made (filled with `T::default()`) or unshared first.
    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> &mut T {
        &mut self.tail_mut(index)[0]
    }

    /// As [`Pages::get_mut`], up to the end of the page. Never empty.
    pub(crate) fn tail_mut(&mut self, index: u32) -> &mut [T] {
        let (top, middle, at) = Self::split(index);
        if top >= self.top.len() {
            self.top.resize_with(top + 1, || None);
        }
        let middles = self.top[top].get_or_insert_with(|| Arc::new([const { None }; FAN]));
        let page = Arc::make_mut(middles)[middle].get_or_insert_with(|| Arc::new([T::default(); N]));
        &mut Arc::make_mut(page)[at..]
    }

    /// All records of all pages with their indices, ascending, from `start` on.
    pub(crate) fn iter_from(&self, start: u32) -> impl Iterator<Item = (u32, &T)> {
        let first = start as usize / N / FAN;
        let tops = self.top.iter().enumerate().skip(first).filter_map(|(t, m)| Some((t, m.as_deref()?)));
        let pages = tops.flat_map(|(t, m)| {
            m.iter().enumerate().filter_map(move |(i, page)| Some((t * FAN + i, page.as_deref()?)))
        });
        pages
            .flat_map(|(p, page)| {
                page.iter().enumerate().map(move |(i, record)| ((p * N + i) as u32, record))
            })
            .skip_while(move |(i, _)| *i < start)
    }

    /// All records of all pages with their indices, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.iter_from(0)
    }

    /// The highest index below `end` whose record is `wanted`, skipping what was never written.
    pub(crate) fn last_below(&self, end: u32, wanted: impl Fn(&T) -> bool) -> Option<u32> {
        let mut end = end as usize;
        while end > 0 {
            let (top, middle, at) = Self::split((end - 1) as u32);
            let Some(pages) = self.top.get(top).and_then(Option::as_ref) else {
                end = (top * FAN * N).min(self.top.len() * FAN * N);
                continue;
            };
            let base = end - 1 - at;
            if let Some(found) = pages[middle].as_ref().and_then(|page| page[..=at].iter().rposition(&wanted))
            {
                return Some((base + found) as u32);
            }
            end = base;
        }
        None
    }

    /// Pages that were written.
    fn pages(&self) -> usize {
        self.top.iter().flatten().map(|m| m.iter().flatten().count()).sum()
    }

    /// Bytes of memory that the pages take, with the tables that find them.
    pub(crate) fn bytes(&self) -> u64 {
        let middles = self.top.iter().flatten().count() * FAN * size_of::<usize>();
        (self.pages() * N * size_of::<T>() + middles) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn sparse_and_huge_indices() {
        let mut pages = Pages::<u32, 8>::new();
        *pages.get_mut(u32::MAX) = 7;
        *pages.get_mut(3) = 1;
        assert_eq!(pages.get(u32::MAX), Some(&7));
        assert_eq!(pages.get(1 << 20), None);
        assert_eq!(pages.pages(), 2);
        assert_eq!(pages.tail(3).len(), 5);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_snapshot_keeps_what_it_saw(writes in prop::collection::vec((0u32..3000, any::<u64>(), any::<bool>()), 1..200)) {
            let mut pages = Pages::<u64, 4>::new();
            let mut model = BTreeMap::new();
            let mut kept = Vec::new();
            for (at, value, snapshot) in writes {
                if snapshot {
                    kept.push((pages.clone(), model.clone()));
                }
                *pages.get_mut(at) = value;
                model.insert(at, value);
            }
            kept.push((pages, model));
            for (pages, model) in kept {
                let seen: BTreeMap<u32, u64> = pages.iter().filter(|(_, v)| **v != 0).map(|(i, v)| (i, *v)).collect();
                let wanted: BTreeMap<u32, u64> = model.into_iter().filter(|(_, v)| *v != 0).collect();
                prop_assert_eq!(&seen, &wanted);
                let late: Vec<u32> = pages.iter_from(1500).map(|(i, _)| i).collect();
                prop_assert!(late.iter().all(|i| *i >= 1500) && late.is_sorted());
            }
        }
    }
}
