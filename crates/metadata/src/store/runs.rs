//! Short arrays of different lengths in one pool.

use super::Pages;

/// A pool of runs of `T`, each inside one page of `N`. The owner of a run remembers where it starts and how long
/// it is. Freed runs are used again for runs of their own length, or cut for shorter ones before the pool grows.
pub(crate) struct Runs<T, const N: usize> {
    pages: Pages<T, N>,
    /// Starts of free runs, by length.
    free: Vec<Vec<u32>>,
    /// The first unit never used.
    end: u32,
}

impl<T: Copy + Default, const N: usize> Runs<T, N> {
    pub(crate) fn new() -> Self {
        // Run 0 would start at 0, which means "none" to owners; the first unit stays unused.
        Runs { pages: Pages::new(), free: vec![Vec::new(); N + 1], end: 1 }
    }

    /// A run of `len` (1 to `N`) default values.
    pub(crate) fn allocate(&mut self, len: usize) -> u32 {
        debug_assert!((1..=N).contains(&len));
        if let Some(start) = self.free[len].pop() {
            return start;
        }
        let left = N - self.end as usize % N;
        if left >= len {
            return self.grow(len);
        }
        if let Some(longer) = (len + 1..=N).find(|l| !self.free[*l].is_empty()) {
            let start = self.free[longer].pop().expect("found not empty");
            self.free[longer - len].push(start + len as u32);
            return start;
        }
        let rest = self.grow(left);
        self.free[left].push(rest);
        self.grow(len)
    }

    fn grow(&mut self, len: usize) -> u32 {
        let start = self.end;
        self.end = self.end.saturating_add(len as u32);
        start
    }

    /// Bytes of memory taken, and bytes of the runs in it.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let free: u64 = self.free.iter().zip(0..).map(|(starts, len)| starts.len() as u64 * len).sum();
        let used = u64::from(self.end.saturating_sub(1)).saturating_sub(free);
        (self.pages.bytes(), used * size_of::<T>() as u64)
    }

    /// Gives a run back.
    pub(crate) fn free(&mut self, start: u32, len: usize) {
        self.get_mut(start, len).fill(T::default());
        self.free[len].push(start);
    }

    pub(crate) fn get(&self, start: u32, len: usize) -> &[T] {
        run(&self.pages, start, len)
    }

    pub(crate) fn get_mut(&mut self, start: u32, len: usize) -> &mut [T] {
        &mut self.pages.tail_mut(start)[..len]
    }

    /// Units that can still be handed out without cutting anything.
    pub(crate) fn room(&self) -> u32 {
        u32::MAX - self.end
    }

    /// The content alone, shared.
    pub(crate) fn view(&self) -> RunsView<T, N> {
        RunsView(self.pages.clone())
    }
}

/// What a pool held when the view was taken.
pub(crate) struct RunsView<T, const N: usize>(Pages<T, N>);

impl<T: Copy + Default, const N: usize> RunsView<T, N> {
    pub(crate) fn get(&self, start: u32, len: usize) -> &[T] {
        run(&self.0, start, len)
    }

    /// From `start` to the end of its page.
    pub(crate) fn tail(&self, start: u32) -> &[T] {
        self.0.tail(start)
    }
}

impl<T: Copy + Default, const N: usize> Runs<T, N> {
    /// From `start` to the end of its page.
    pub(crate) fn tail(&self, start: u32) -> &[T] {
        self.pages.tail(start)
    }
}

fn run<T: Copy + Default, const N: usize>(pages: &Pages<T, N>, start: u32, len: usize) -> &[T] {
    pages.tail(start).get(..len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn runs_do_not_overlap(steps in prop::collection::vec((1usize..=64, any::<u64>(), any::<bool>()), 1..400)) {
            let mut runs = Runs::<u64, 64>::new();
            let mut model: Vec<(u32, usize, u64)> = Vec::new();
            for (len, value, add) in steps {
                if add || model.is_empty() {
                    let start = runs.allocate(len);
                    prop_assert!(start != 0 && start as usize / 64 == (start as usize + len - 1) / 64);
                    prop_assert!(runs.get(start, len).iter().all(|v| *v == 0));
                    runs.get_mut(start, len).fill(value);
                    model.push((start, len, value));
                } else {
                    let (start, len, _) = model.swap_remove(value as usize % model.len());
                    runs.free(start, len);
                }
                for (start, len, value) in &model {
                    prop_assert!(runs.get(*start, *len).iter().all(|v| v == value));
                }
            }
        }
    }
}
