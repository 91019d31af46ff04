//! A moment in time as this program keeps it: milliseconds since 1970 in UTC.
//!
//! Both engines hold it as a plain 64-bit whole number, so that they compare, sort and export it alike (ADR 0004).

use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest moment that a city's record may carry: 1900-01-01T00:00:00Z.
    pub const EARLIEST: Self = Self(-2_208_988_800_000);
    /// The latest moment that a city's record may carry: 2200-01-01T00:00:00Z.
    pub const LATEST: Self = Self(7_258_118_400_000);

    /// From milliseconds since 1970, kept within [`Timestamp::EARLIEST`] and [`Timestamp::LATEST`].
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::EARLIEST.0, Self::LATEST.0))
    }

    /// From milliseconds since 1970, or `None` outside 1900 to 2200.
    #[must_use]
    pub fn checked_from_millis(millis: i64) -> Option<Self> {
        (Self::EARLIEST.0..=Self::LATEST.0).contains(&millis).then_some(Self(millis))
    }

    /// From jiff's moment, cut to milliseconds and kept within 1900 to 2200.
    #[must_use]
    pub fn from_jiff(at: jiff::Timestamp) -> Self {
        Self::from_millis(at.as_millisecond())
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The same moment in jiff's type.
    #[must_use]
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// The same moment on the wall clock of `zone`.
    #[must_use]
    pub fn in_zone(self, zone: &TimeZone) -> jiff::Zoned {
        self.to_jiff().to_zoned(zone.clone())
    }

    /// `millis` later (earlier when negative), kept within 1900 to 2200.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// The W3 profile of ISO 8601 with the offset of `zone` and whole seconds: `2010-01-01T00:00:00-05:00`.
    /// UTC is written as `Z`.
    #[must_use]
    pub fn to_w3(self, zone: &TimeZone) -> String {
        let whole = jiff::Timestamp::from_second(self.0.div_euclid(1000)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let zoned = whole.to_zoned(zone.clone());
        let civil = zoned.strftime("%Y-%m-%dT%H:%M:%S");
        if zoned.offset() == jiff::tz::Offset::UTC { format!("{civil}Z") } else { format!("{civil}{}", zoned.strftime("%:z")) }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_w3(&TimeZone::UTC))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w3_dates_carry_the_offset_of_the_zone_in_whole_seconds() {
        let chicago = TimeZone::get("America/Chicago").unwrap();
        let at = Timestamp::from_millis(1_398_317_858_999);
        assert_eq!(at.to_w3(&chicago), "2014-04-24T00:37:38-05:00");
        assert_eq!(at.to_w3(&TimeZone::UTC), "2014-04-24T05:37:38Z");
        assert_eq!(Timestamp::from_millis(-1).to_w3(&TimeZone::UTC), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn absurd_years_are_refused() {
        assert_eq!(Timestamp::checked_from_millis(i64::MAX), None);
        assert_eq!(Timestamp::from_millis(i64::MIN), Timestamp::EARLIEST);
    }
}
