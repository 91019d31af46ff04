//! Dates as clients write them: ISO 8601 with every offset, with a blank where a `+` was, with fractions, without a zone
//! (then UTC), or a date alone.

use jiff::civil::{Date, DateTime, Time};
use kernel::{Problem, Timestamp};

/// Which end of a span a date stands for: a date alone is its first moment or its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The first moment that the text may mean.
    First,
    /// The last moment that the text may mean: of a whole second its last millisecond, of a date its last moment. Answers
    /// show whole seconds, so a bound taken from an answer includes the request it was taken from.
    Last,
}

/// Reads a date that bounds a span. Years before 1900 and after 2199 become these ends of time.
///
/// # Errors
/// A [`Problem`] naming `field`.
pub(crate) fn bound(field: &str, text: &str, bound: Bound) -> Result<Timestamp, Problem> {
    read(text).map(|read| Timestamp::from_millis(if bound == Bound::First { read.first } else { read.last })).ok_or_else(|| unreadable(field))
}

/// Reads when something happened.
///
/// # Errors
/// A [`Problem`] naming `field`, also for a year that no report can be of.
pub(crate) fn moment(field: &str, text: &str) -> Result<Timestamp, Problem> {
    let read = read(text).ok_or_else(|| unreadable(field))?;
    Timestamp::checked_from_millis(read.first).ok_or_else(|| Problem::new(field, "must lie between the years 1900 and 2200"))
}

fn unreadable(field: &str) -> Problem {
    Problem::new(field, "must be a date such as 2026-03-02T09:30:00-06:00 or 2026-03-02T15:30:00Z")
}

/// First and last millisecond since 1970 that a text may mean.
struct Read {
    first: i64,
    last: i64,
}

fn read(text: &str) -> Option<Read> {
    let mut rest = text.trim();
    if rest.len() > 60 || !rest.is_ascii() {
        return None;
    }
    let date = Date::new(i16::try_from(digits(&mut rest, 4)?).ok()?, dashed(&mut rest)?, dashed(&mut rest)?).ok()?;
    if rest.is_empty() {
        let first = utc_millis(DateTime::from_parts(date, Time::midnight()));
        return Some(Read { first, last: first + 86_399_999 });
    }
    rest = rest.strip_prefix(['T', 't', ' ', '_'])?.trim_start();
    let hour = small(&mut rest)?;
    let minute = coloned(&mut rest)??;
    let second = coloned(&mut rest)?;
    let (millis, precision) = match (second, fraction(&mut rest)?) {
        (Some(_), Some(millis)) => (millis, 1),
        (Some(_), None) => (0, 1_000),
        (None, None) => (0, 60_000),
        (None, Some(_)) => return None,
    };
    let offset = offset_seconds(rest)?;
    // A leap second is told as the second before it.
    let time = Time::new(hour, minute, second.unwrap_or(0).min(59), 0).ok().filter(|_| second.unwrap_or(0) <= 60)?;
    let first = utc_millis(DateTime::from_parts(date, time)) + millis - offset * 1_000;
    Some(Read { first, last: first + precision - 1 })
}

/// The last days of the year 9999, which jiff keeps free for offsets, count as its end.
fn utc_millis(at: DateTime) -> i64 {
    jiff::tz::Offset::UTC.to_timestamp(at).map_or(253_402_300_799_999, |at| at.as_millisecond())
}

/// Takes exactly `count` digits.
fn digits(rest: &mut &str, count: usize) -> Option<i32> {
    let found = rest.get(..count).filter(|found| found.bytes().all(|b| b.is_ascii_digit()))?;
    *rest = &rest[count..];
    found.parse().ok()
}

fn small(rest: &mut &str) -> Option<i8> {
    i8::try_from(digits(rest, 2)?).ok()
}

fn dashed(rest: &mut &str) -> Option<i8> {
    *rest = rest.strip_prefix('-')?;
    small(rest)
}

/// `:nn`, if a colon comes: outer `None` when it is malformed.
#[expect(clippy::option_option, reason = "absent and malformed are different things here")]
fn coloned(rest: &mut &str) -> Option<Option<i8>> {
    let Some(after) = rest.strip_prefix(':') else { return Some(None) };
    *rest = after;
    Some(Some(small(rest)?))
}

/// A fraction of a second cut to milliseconds, if one comes: outer `None` when it is malformed.
#[expect(clippy::option_option, reason = "absent and malformed are different things here")]
fn fraction(rest: &mut &str) -> Option<Option<i64>> {
    let Some(after) = rest.strip_prefix(['.', ',']) else { return Some(None) };
    let length = after.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 {
        return None;
    }
    *rest = &after[length..];
    format!("{:0<3}", &after[..length.min(3)]).parse().ok().map(Some)
}

/// What stands after the time: nothing, `Z`, or an offset as `+hh:mm`, `+hhmm` or `+hh`, with a blank for the plus. In seconds.
fn offset_seconds(rest: &str) -> Option<i64> {
    if rest.is_empty() || rest.trim().eq_ignore_ascii_case("z") {
        return Some(0);
    }
    // A plus that was not encoded arrives as a blank; a blank before a sign or a zone is just a blank.
    let (sign, mut digits_left) = match rest.strip_prefix(' ').unwrap_or(rest) {
        signed if signed.starts_with('-') => (-1, &signed[1..]),
        signed if signed.starts_with('+') => (1, &signed[1..]),
        unsigned if rest.starts_with(' ') => (1, unsigned),
        _ => return None,
    };
    let hours = i64::from(digits(&mut digits_left, 2)?);
    digits_left = digits_left.strip_prefix(':').unwrap_or(digits_left);
    let minutes = if digits_left.is_empty() { 0 } else { i64::from(digits(&mut digits_left, 2)?) };
    (digits_left.is_empty() && hours <= 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str, which: Bound) -> Option<String> {
        let at = bound("start_date", text, which).ok()?;
        Some(format!("{}.{:03}", at.to_string().trim_end_matches('Z'), at.millis().rem_euclid(1000)))
    }

    #[test]
    fn every_spelling_that_clients_send_is_read() {
        for text in [
            "2010-05-24T08:00:00Z",
            "2010-05-24T08:00:00z",
            "2010-05-24T03:00:00-05:00",
            "2010-05-24T03:00:00-0500",
            "2010-05-24T03:00:00-05",
            "2010-05-24T10:00:00+02:00",
            "2010-05-24T10:00:00 02:00",
            "2010-05-24 10:00:00 +02:00",
            "2010-05-24T08:00:00",
            "2010-05-24 08:00:00",
            " 2010-05-24T08:00:00Z ",
        ] {
            assert_eq!(utc(text, Bound::First).as_deref(), Some("2010-05-24T08:00:00.000"), "{text}");
            assert_eq!(utc(text, Bound::Last).as_deref(), Some("2010-05-24T08:00:00.999"), "{text}");
        }
        assert_eq!(utc("2010-05-24T08:00:00.123456Z", Bound::First).as_deref(), Some("2010-05-24T08:00:00.123"));
        assert_eq!(utc("2010-05-24T08:00:00,5Z", Bound::Last).as_deref(), Some("2010-05-24T08:00:00.500"));
        assert_eq!(utc("2010-05-24T08:00Z", Bound::Last).as_deref(), Some("2010-05-24T08:00:59.999"));
        assert_eq!(utc("2016-12-31T23:59:60Z", Bound::First).as_deref(), Some("2016-12-31T23:59:59.000"));
    }

    #[test]
    fn a_date_alone_is_the_whole_day_in_utc() {
        assert_eq!(utc("2010-05-24", Bound::First).as_deref(), Some("2010-05-24T00:00:00.000"));
        assert_eq!(utc("2010-05-24", Bound::Last).as_deref(), Some("2010-05-24T23:59:59.999"));
    }

    #[test]
    fn what_is_no_date_is_refused_by_name() {
        for text in [
            "yesterday",
            "2010",
            "2010-13-01",
            "2010-02-30",
            "24/05/2010",
            "2010-05-24T25:00:00Z",
            "2010-05-24T08:60:00Z",
            "2010-05-24T08:00:61Z",
            "2010-05-24T",
            "2010-05-24T08",
            "2010-05-24T08:00:00.Z",
            "2010-05-24T08:00:00+",
            "2010-05-24T08:00:00+99:00",
            "2010-05-24T08:00:00Zulu",
            "2010-05-24T08:00:00Europe/Berlin",
            "1274688000",
            "²010-05-24",
            "2010-05-24T08:00:0０Z",
        ] {
            assert_eq!(bound("start_date", text, Bound::First).unwrap_err().field, "start_date", "{text}");
        }
        assert!(moment("updated_datetime", "0001-01-01T00:00:00Z").unwrap_err().message.contains("1900"));
        assert_eq!(bound("start_date", "0001-01-01", Bound::First), Ok(Timestamp::EARLIEST));
        assert_eq!(bound("end_date", "9999-12-31", Bound::Last), Ok(Timestamp::LATEST));
    }

    proptest! {
        #[test]
        fn fuzz_any_text_is_read_or_refused(text in any::<String>(), near in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:., +Zz-]{0,30}") {
            for text in [text, near] {
                let (first, last) = (bound("f", &text, Bound::First), bound("f", &text, Bound::Last));
                prop_assert_eq!(first.is_ok(), last.is_ok());
                if let (Ok(first), Ok(last)) = (first, last) {
                    prop_assert!(first <= last);
                }
            }
        }

        /// What we write is what we read, in any zone, and the bound of a written moment includes the moment.
        #[test]
        fn our_own_dates_come_back(millis in -2_000_000_000_000_i64..7_000_000_000_000, hours in -12_i8..=14) {
            let at = Timestamp::from_millis(millis);
            let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(hours));
            let text = at.to_w3(&zone);
            prop_assert!(bound("f", &text, Bound::First).unwrap() <= at && at <= bound("f", &text, Bound::Last).unwrap());
            prop_assert_eq!(bound("f", &text.replace('+', " "), Bound::First), bound("f", &text, Bound::First));
        }
    }
}
