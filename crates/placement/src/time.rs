//! Time as an argument.

/// A point on the monotonic clock, milliseconds since some start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Instant(pub u64);

impl Instant {
    /// This much later.
    pub fn after_ms(self, ms: u64) -> Instant {
        Instant(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`; 0 when it is later.
    pub fn since_ms(self, earlier: Instant) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The two clocks of an event: deadlines follow the monotonic one, times stored in metadata are Unix seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Monotonic.
    pub at: Instant,
    /// Unix seconds.
    pub unix: u32,
}
