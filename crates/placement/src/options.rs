//! Every option of `mfsmaster.cfg` that concerns chunks (`spec/chunk-placement.md` 4.11).

use std::str::FromStr;

/// Which of the four replication limits applies (`spec/chunk-placement.md` 4.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitClass {
    /// One good copy left.
    Endangered,
    /// Too few copies, or on the wrong servers.
    Undergoal,
    /// Rebalancing between servers of nearly the same usage.
    Rebalance,
    /// Rebalancing between servers far apart.
    FarRebalance,
}

/// Replications that may run at the same time on one server, by [`LimitClass`]. Fractions mean "in that part of
/// the seconds".
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RepLimits(pub [f64; 4]);

impl RepLimits {
    pub(crate) fn of(&self, class: LimitClass) -> f64 {
        self.0[class as usize]
    }
}

/// `a,b,c,d`, or one number for all four.
impl FromStr for RepLimits {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let number =
            |part: &str| part.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0).ok_or(());
        let parts = text.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
        match parts[..] {
            [all] => Ok(RepLimits([all; 4])),
            [a, b, c, d] => Ok(RepLimits([a, b, c, d])),
            _ => Err(()),
        }
    }
}

/// `CHUNKS_UNIQUE_MODE`: what two copies of a chunk must not share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UniqueMode {
    /// The server.
    Server,
    /// The IP address.
    Ip,
    /// The rack; servers without a rack count as racks of their own.
    Rack,
}

/// `RESERVE_SPACE`: free space that only root may use (`spec/chunk-placement.md` 2.6).
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ReserveSpace {
    /// So many bytes.
    Bytes(u64),
    /// So many percent of the total.
    Percent(f64),
    /// So many times the used space of the most used server.
    MostUsed(f64),
    /// So many times the total space of the largest server.
    Largest(f64),
}

/// Bytes with an SI or IEC prefix, `N%`, `N.NU`, `N.NC`.
impl FromStr for ReserveSpace {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let number = text[..digits].parse::<f64>().map_err(|_| ())?;
        let unit = text[digits..].trim();
        let factor = match unit {
            "%" if number <= 100.0 => return Ok(ReserveSpace::Percent(number)),
            "U" => return Ok(ReserveSpace::MostUsed(number)),
            "C" => return Ok(ReserveSpace::Largest(number)),
            "" | "B" => 1.0,
            _ => {
                let prefix = unit.strip_suffix('B').unwrap_or(unit);
                let (letter, base) = match prefix.strip_suffix('i') {
                    Some(letter) => (letter, 1024_f64),
                    None => (prefix, 1000_f64),
                };
                let power = match letter {
                    "k" | "K" => 1,
                    "M" => 2,
                    "G" => 3,
                    "T" => 4,
                    "P" => 5,
                    "E" => 6,
                    _ => return Err(()),
                };
                base.powi(power)
            }
        };
        Ok(ReserveSpace::Bytes((number * factor) as u64))
    }
}

/// All of them. [`Options::default`] holds stock's defaults.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// `REPLICATIONS_DELAY_INIT`: no maintenance for so long after start.
    pub delay_init_ms: u64,
    /// `REPLICATIONS_DELAY_DISCONNECT` (an option of 1.6): no replication for so long after a server was lost.
    pub delay_disconnect_ms: u64,
    /// `CHUNKS_LOOP_MIN_TIME`: seconds that one pass over all chunks takes at least.
    pub loop_min_time_s: u32,
    /// `CHUNKS_LOOP_MAX_CPS`: chunks looked at per second at most.
    pub loop_max_cps: u32,
    /// `CHUNKS_SOFT_DEL_LIMIT`: deletions that run at the same time on one server.
    pub soft_delete_limit: u32,
    /// `CHUNKS_HARD_DEL_LIMIT`: what that may grow to when work piles up.
    pub hard_delete_limit: u32,
    /// `CHUNKS_WRITE_REP_LIMIT`: replications to one server.
    pub write_limits: RepLimits,
    /// `CHUNKS_READ_REP_LIMIT`: replications from one server.
    pub read_limits: RepLimits,
    /// `CHUNKS_UNIQUE_MODE`.
    pub unique_mode: UniqueMode,
    /// `CREATIONS_RESPECT_TOPOLOGY`: prefer servers nearer to the client than this; 0 = off.
    pub creations_respect_topology: u32,
    /// `REPLICATIONS_RESPECT_TOPOLOGY`: 0 off, 1 nearest source, 2 also a destination in the rack of a copy.
    pub replications_respect_topology: u8,
    /// `ACCEPTABLE_PERCENTAGE_DIFFERENCE` as a fraction, 0.001..=0.1.
    pub acceptable_difference: f64,
    /// `PRIORITY_QUEUES_LENGTH`: entries of each of the seven queues.
    pub queue_length: usize,
    /// `CS_HEAVY_LOAD_THRESHOLD`.
    pub heavy_load_threshold: u32,
    /// `CS_HEAVY_LOAD_RATIO_THRESHOLD`.
    pub heavy_load_ratio: f64,
    /// `CS_HEAVY_LOAD_GRACE_PERIOD`, seconds.
    pub heavy_load_grace_s: u32,
    /// `CS_MAINTENANCE_MODE_TIMEOUT`, seconds; 0 = for ever.
    pub maintenance_timeout_s: u32,
    /// `CS_TEMP_MAINTENANCE_MODE_TIMEOUT`, seconds; 0 = for ever.
    pub temp_maintenance_timeout_s: u32,
    /// `CS_DAYS_TO_REMOVE_UNUSED`; 0 = never.
    pub days_to_remove_unused: u32,
    /// `RESERVE_SPACE`.
    pub reserve_space: ReserveSpace,
    /// `CHUNKS_QUARANTINE_TIME` (ours): seconds of healthy metadata after which a chunk nobody knows may be deleted;
    /// 0 = only when an operator says so. Stock's 7 days would be 604800.
    pub quarantine_s: u64,
}

impl Options {
    /// The limits that hold whatever was configured.
    pub(crate) fn clamped(mut self) -> Options {
        self.loop_min_time_s = self.loop_min_time_s.clamp(1, 7200);
        self.loop_max_cps = self.loop_max_cps.clamp(10_000, 10_000_000);
        self.hard_delete_limit = self.hard_delete_limit.max(1);
        self.soft_delete_limit = self.soft_delete_limit.clamp(1, self.hard_delete_limit);
        self.acceptable_difference = self.acceptable_difference.clamp(0.001, 0.1);
        self.queue_length = self.queue_length.max(10_000);
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            delay_init_ms: 60_000,
            delay_disconnect_ms: 0,
            loop_min_time_s: 300,
            loop_max_cps: 100_000,
            soft_delete_limit: 10,
            hard_delete_limit: 30,
            write_limits: RepLimits([2.0, 1.0, 1.0, 4.0]),
            read_limits: RepLimits([10.0, 5.0, 2.0, 5.0]),
            unique_mode: UniqueMode::Server,
            creations_respect_topology: 0,
            replications_respect_topology: 0,
            acceptable_difference: 0.01,
            queue_length: 1_000_000,
            heavy_load_threshold: 150,
            heavy_load_ratio: 3.0,
            heavy_load_grace_s: 900,
            maintenance_timeout_s: 0,
            temp_maintenance_timeout_s: 1800,
            days_to_remove_unused: 7,
            reserve_space: ReserveSpace::Bytes(0),
            quarantine_s: 28 * 86_400,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_reserve_as_written_in_configuration_files() {
        assert_eq!("2,1,1,4".parse(), Ok(RepLimits([2.0, 1.0, 1.0, 4.0])));
        assert_eq!("0.5".parse(), Ok(RepLimits([0.5; 4])));
        assert_eq!("1,2".parse::<RepLimits>(), Err(()));
        assert_eq!("1,x,1,1".parse::<RepLimits>(), Err(()));
        assert_eq!("100G".parse(), Ok(ReserveSpace::Bytes(100_000_000_000)));
        assert_eq!("1.5GiB".parse(), Ok(ReserveSpace::Bytes(1_610_612_736)));
        assert_eq!("5%".parse(), Ok(ReserveSpace::Percent(5.0)));
        assert_eq!("1.0U".parse(), Ok(ReserveSpace::MostUsed(1.0)));
        assert_eq!("2C".parse(), Ok(ReserveSpace::Largest(2.0)));
        assert_eq!("0".parse(), Ok(ReserveSpace::Bytes(0)));
        assert_eq!("5Q".parse::<ReserveSpace>(), Err(()));
        assert_eq!("200%".parse::<ReserveSpace>(), Err(()));
    }
}
