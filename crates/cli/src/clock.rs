//! The desk's two clocks: the real one, and the demonstration desk's, which opens on a Tuesday morning whatever day it is.
//!
//! The demonstration clock is the real one plus an offset. The offset lies in the store, so that server and workers show
//! the same time and a restart never goes back. The rest of the project takes a [`Clock`] and cannot read the time.

use filmdesk_desk::Clock;
use filmdesk_policy::{Overlay, Rules};
use jiff::civil::{Time, Weekday, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The real clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The real clock moved by a fixed offset; never goes back, even when the machine's clock is set back.
#[derive(Clone, Debug)]
pub struct DemoClock {
    offset: SignedDuration,
    last: Arc<AtomicI64>,
}

impl DemoClock {
    /// The clock that shows the real time plus `offset`.
    pub fn new(offset: SignedDuration) -> Self {
        DemoClock { offset, last: Arc::new(AtomicI64::new(i64::MIN)) }
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        let shown = RealClock.now().saturating_add(self.offset).unwrap_or(Timestamp::MAX);
        let last = self.last.fetch_max(shown.as_microsecond(), Ordering::Relaxed);
        Timestamp::from_microsecond(last).map_or(shown, |last| shown.max(last))
    }
}

/// A demonstration desk opens at this hour of the hospital's day …
const OPENS: Time = time(10, 0, 0, 0);
/// … and one restarted before this hour goes on with the same day.
const GOES_ON_BEFORE: Time = time(15, 0, 0, 0);
/// How often the time shown is written down; after a crash the clock goes on at least this much later.
pub const WRITTEN_DOWN_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// The calendar of the rules has no open Tuesday left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("calendar.toml has no open Tuesday within a year: add the coming year's days to the rules")]
pub struct NoOpenTuesday;

/// What a demonstration clock shows first: where it was, if its desk day is not over; else the next open Tuesday at ten.
///
/// `last` is the time last written down, `real` the real time, which only matters at the first start.
///
/// # Errors
/// [`NoOpenTuesday`] when the calendar ends.
pub fn demo_start(
    rules: &Rules,
    overlay: &Overlay,
    last: Option<Timestamp>,
    real: Timestamp,
) -> Result<Timestamp, NoOpenTuesday> {
    let zone = TimeZone::get(&rules.hospital().time_zone).map_err(|_| NoOpenTuesday)?;
    let from = match last {
        Some(last) => {
            let from = last.saturating_add(WRITTEN_DOWN_EVERY).unwrap_or(last);
            let local = from.to_zoned(zone.clone());
            let same_day = local.date() == last.to_zoned(zone.clone()).date();
            if same_day && local.time() < GOES_ON_BEFORE && rules.is_open(overlay, local.date()) {
                return Ok(from);
            }
            from
        }
        None => real,
    };
    let mut day = from.to_zoned(zone.clone()).date();
    for _ in 0..366 {
        let opens = day.to_datetime(OPENS).to_zoned(zone.clone()).map_err(|_| NoOpenTuesday)?.timestamp();
        if day.weekday() == Weekday::Tuesday && opens >= from && rules.is_open(overlay, day) {
            return Ok(opens);
        }
        day = day.saturating_add(1.day());
    }
    Err(NoOpenTuesday)
}
