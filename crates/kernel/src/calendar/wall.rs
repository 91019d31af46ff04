//! Clock times of a place and the moments they stand for, in an order that a change of the clocks does not break.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::Timestamp;

/// Milliseconds of a day on the wall clock.
pub(super) const DAY_MS: i64 = 86_400_000;

/// A clock time: a date and milliseconds after its midnight, 0 to [`DAY_MS`] included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wall {
    pub(super) date: Date,
    pub(super) ms: i64,
}

impl Wall {
    /// What the clock shows at `at`. Within the second coming of a repeated hour: the end of that hour.
    pub(super) fn of(at: Timestamp, zone: &TimeZone) -> Self {
        let at = at.to_jiff();
        let offset = zone.to_offset(at);
        let shown = offset.to_datetime(at);
        let AmbiguousOffset::Fold { before, after } = zone.to_ambiguous_timestamp(shown).offset() else {
            return Self { date: shown.date(), ms: ms_of(shown.time()) };
        };
        if offset != after {
            return Self { date: shown.date(), ms: ms_of(shown.time()) };
        }
        let first_coming = before.to_timestamp(shown).map_or(at, |t| t);
        let change = change_between(zone, first_coming.as_millisecond(), at.as_millisecond());
        let end = jiff::Timestamp::from_millisecond(change).map_or(shown, |t| before.to_datetime(t));
        // The repeated hour may end at midnight: that is 24:00 of the day it belongs to.
        if end.date() > shown.date() { Self { date: shown.date(), ms: DAY_MS } } else { Self { date: end.date(), ms: ms_of(end.time()) } }
    }

    /// The moment for which this clock time stands, kept within the years that this program keeps.
    pub(super) fn moment(self, zone: &TimeZone) -> Timestamp {
        let (date, ms) = if self.ms >= DAY_MS { (self.date.tomorrow().unwrap_or(Date::MAX), 0) } else { (self.date, self.ms) };
        let shown = date.to_datetime(time_of(ms));
        let moment = match zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => offset.to_timestamp(shown),
            AmbiguousOffset::Gap { before, after } => match (after.to_timestamp(shown), before.to_timestamp(shown)) {
                (Ok(early), Ok(late)) => jiff::Timestamp::from_millisecond(change_between(zone, early.as_millisecond(), late.as_millisecond())),
                (early, _) => early,
            },
        };
        moment.map_or(Timestamp::LATEST, Timestamp::from_jiff)
    }
}

/// The first millisecond after `early`, up to `late`, at which the zone's offset is no longer that of `early`.
fn change_between(zone: &TimeZone, early: i64, late: i64) -> i64 {
    let offset = |ms: i64| jiff::Timestamp::from_millisecond(ms).map(|t| zone.to_offset(t));
    let old = offset(early);
    let (mut low, mut high) = (early, late);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let same = matches!((&old, offset(middle)), (Ok(old), Ok(new)) if *old == new);
        if same { low = middle } else { high = middle }
    }
    high
}

fn ms_of(time: Time) -> i64 {
    (i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())) * 1000 + i64::from(time.millisecond())
}

fn time_of(ms: i64) -> Time {
    let part = |unit: i64, of: i64| i8::try_from(ms / unit % of).unwrap_or(0);
    let nanos = i32::try_from(ms % 1000 * 1_000_000).unwrap_or(0);
    Time::new(part(3_600_000, 24), part(60_000, 60), part(1000, 60), nanos).unwrap_or(Time::midnight())
}
