//! Read-ahead: when, how far, and what has arrived. No threads, no sockets.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Requests of the kernel that are in flight together may arrive in another order; within this distance of the
/// expected position a read still counts as sequential.
const SLACK: u64 = 2 << 20;
/// Read-ahead begins after this many sequential bytes.
const BEGIN: u64 = 128 << 10;
/// Depth in units of one request, before and after the trigger.
const SHALLOW: u64 = 2;
const DEEP: u64 = 8;
/// Segments this far behind a sequential reader will not be wanted any more.
const BEHIND: u64 = 4 << 20;

/// How one handle has been read so far.
#[derive(Default, Debug)]
pub(crate) struct Pattern {
    next: u64,
    run: u64,
}

impl Pattern {
    /// A read happens: returns how far behind it to read ahead, bytes (0: not at all).
    pub(crate) fn read(&mut self, offset: u64, len: u64, unit: u64, trigger: u64) -> u64 {
        if offset.abs_diff(self.next) <= SLACK && (self.next > 0 || offset == 0) {
            self.run += len;
            self.next = self.next.max(offset + len);
        } else {
            (self.run, self.next) = (0, offset + len);
        }
        match self.run {
            run if run < BEGIN => 0,
            run if run < trigger => run.min(SHALLOW * unit),
            _ => DEEP * unit,
        }
    }
}

/// A range that was asked for.
#[derive(Debug)]
struct Segment {
    len: usize,
    id: u64,
    /// `None` while it is on its way.
    data: Option<Arc<Vec<u8>>>,
    taken: usize,
}

/// What a reader finds at a position.
#[derive(Debug)]
pub(crate) enum Found {
    /// Data, and where in it the position is.
    Ready(Arc<Vec<u8>>, usize),
    /// It is on its way.
    Coming,
    /// Nothing up to this position (`u64::MAX`: nothing at all).
    NothingUntil(u64),
}

/// A segment to fetch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Planned {
    pub(crate) start: u64,
    pub(crate) len: usize,
    pub(crate) id: u64,
}

/// The segments of one file, which never overlap.
#[derive(Default, Debug)]
pub(crate) struct Ahead {
    segments: BTreeMap<u64, Segment>,
    next_id: u64,
    /// Bytes that were dropped or used up and not yet given back to the budget.
    freed: usize,
}

impl Ahead {
    /// What there is at `offset`.
    pub(crate) fn find(&self, offset: u64) -> Found {
        if let Some((&start, segment)) = self.segments.range(..=offset).next_back()
            && offset < start + segment.len as u64
        {
            return match &segment.data {
                Some(data) => Found::Ready(data.clone(), (offset - start) as usize),
                None => Found::Coming,
            };
        }
        Found::NothingUntil(self.segments.range(offset..).next().map_or(u64::MAX, |(&start, _)| start))
    }

    /// `len` bytes from `offset` on were handed out; a segment that was handed out whole goes.
    pub(crate) fn taken(&mut self, offset: u64, len: usize) {
        if let Some((&start, segment)) = self.segments.range_mut(..=offset).next_back() {
            segment.taken += len;
            if segment.taken >= segment.len {
                self.drop_segment(start);
            }
        }
    }

    /// Plans segments for `from..to`, cut at multiples of `unit`. Ends where `room` bytes are used up.
    pub(crate) fn plan(&mut self, from: u64, to: u64, unit: u64, room: usize) -> Vec<Planned> {
        let behind: Vec<u64> = self.segments.range(..from.saturating_sub(BEHIND)).map(|(&s, _)| s).collect();
        for start in behind {
            self.drop_segment(start);
        }
        let (mut at, mut room, mut planned) = (from, room as u64, Vec::new());
        while at < to {
            match self.find(at) {
                Found::NothingUntil(next) => {
                    let end = next.min(to).min((at / unit + 1) * unit);
                    if end - at > room {
                        break;
                    }
                    room -= end - at;
                    let len = (end - at) as usize;
                    self.next_id += 1;
                    self.segments.insert(at, Segment { len, id: self.next_id, data: None, taken: 0 });
                    planned.push(Planned { start: at, len, id: self.next_id });
                    at = end;
                }
                _ => {
                    let (&start, segment) = self.segments.range(..=at).next_back().expect("just found");
                    at = start + segment.len as u64;
                }
            }
        }
        planned
    }

    /// A segment has arrived (`None`: failed). Data that is not wanted any more is dropped.
    pub(crate) fn arrived(&mut self, planned: Planned, data: Option<Vec<u8>>) {
        let Some(segment) = self.segments.get_mut(&planned.start).filter(|s| s.id == planned.id) else {
            return;
        };
        match data {
            Some(data) => segment.data = Some(Arc::new(data)),
            None => self.drop_segment(planned.start),
        }
    }

    /// These bytes have changed.
    pub(crate) fn invalidate(&mut self, offset: u64, len: u64) {
        if self.segments.is_empty() {
            return;
        }
        let end = offset.saturating_add(len);
        let touched: Vec<u64> = self
            .segments
            .range(..end)
            .filter(|(start, s)| **start + s.len as u64 > offset)
            .map(|(&start, _)| start)
            .collect();
        for start in touched {
            self.drop_segment(start);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.invalidate(0, u64::MAX);
    }

    /// Bytes to give back to the budget.
    pub(crate) fn take_freed(&mut self) -> usize {
        std::mem::take(&mut self.freed)
    }

    fn drop_segment(&mut self, start: u64) {
        if let Some(segment) = self.segments.remove(&start) {
            self.freed += segment.len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequential_reads_go_deeper_random_ones_stop() {
        let mut pattern = Pattern::default();
        let unit = 1 << 20;
        assert_eq!(pattern.read(0, 65536, unit, 10 * unit), 0);
        assert_eq!(pattern.read(65536, 65536, unit, 10 * unit), 128 << 10);
        for i in 2..200 {
            pattern.read(i * 65536, 65536, unit, 10 * unit);
        }
        assert_eq!(pattern.read(200 * 65536, 65536, unit, 10 * unit), 8 * unit);
        assert_eq!(pattern.read(900 << 20, 4096, unit, 10 * unit), 0);
    }

    #[test]
    fn segments_are_planned_filled_used_and_dropped() {
        let mut ahead = Ahead::default();
        let planned = ahead.plan(1000, 5000, 2048, 1 << 20);
        let ranges: Vec<_> = planned.iter().map(|p| (p.start, p.len)).collect();
        assert_eq!(ranges, [(1000, 1048), (2048, 2048), (4096, 904)]);
        assert!(ahead.plan(1000, 5000, 2048, 1 << 20).is_empty());
        assert!(matches!(ahead.find(1500), Found::Coming));
        assert!(matches!(ahead.find(10), Found::NothingUntil(1000)));
        ahead.arrived(planned[0], Some(vec![7; 1048]));
        assert!(matches!(ahead.find(1500), Found::Ready(_, 500)));
        ahead.taken(1000, 1048);
        assert!(matches!(ahead.find(1500), Found::NothingUntil(2048)));
        ahead.invalidate(3000, 10);
        ahead.arrived(planned[1], Some(vec![1; 2048]));
        assert!(matches!(ahead.find(2048), Found::NothingUntil(4096)));
        ahead.clear();
        assert_eq!(ahead.take_freed(), 4000);
    }
}
