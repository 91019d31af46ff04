//! Dates and times as cities write them: formats by `strftime` letters, wall clocks of a zone, marks that are wrong.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use kernel::Timestamp;

/// One way of writing a date, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    parts: Vec<Part>,
    /// Whether it has an hour. Without one it says a day only.
    has_time: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Hour12,
    Minute,
    Second,
    Fraction,
    HalfDay,
    Offset,
    Blank,
    Exactly(u8),
}

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Day and time as written.
    pub civil: DateTime,
    /// Seconds east of Greenwich, where the cell says so.
    pub offset: Option<i32>,
    /// Whether a time was written, not only a day.
    pub has_time: bool,
}

impl Format {
    /// Reads a format of `%Y %m %d %H %I %M %S %p %z` (an offset such as `-05:00`, `-0500` or `Z`) and `%.f` (fractions of
    /// a second, if there are any). Numbers may be written without leading zeros; a blank stands for any number of them.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.bytes().next() {
            let (part, length) = match rest.get(..2) {
                Some("%Y") => (Part::Year, 2),
                Some("%m") => (Part::Month, 2),
                Some("%d") => (Part::Day, 2),
                Some("%H") => (Part::Hour, 2),
                Some("%I") => (Part::Hour12, 2),
                Some("%M") => (Part::Minute, 2),
                Some("%S") => (Part::Second, 2),
                Some("%p") => (Part::HalfDay, 2),
                Some("%z") => (Part::Offset, 2),
                Some("%.") if rest.starts_with("%.f") => (Part::Fraction, 3),
                _ if first == b'%' => return Err(format!("{text:?}: %Y %m %d %H %I %M %S %p %z and %.f can be used")),
                _ if first == b' ' => (Part::Blank, 1),
                _ if first.is_ascii() => (Part::Exactly(first), 1),
                _ => return Err(format!("{text:?}: only ASCII characters can stand in a format")),
            };
            parts.push(part);
            rest = rest.get(length..).unwrap_or("");
        }
        let has = |part: &Part| parts.contains(part);
        if !(has(&Part::Year) && has(&Part::Month) && has(&Part::Day)) {
            return Err(format!("{text:?} needs %Y, %m and %d"));
        }
        if has(&Part::Hour12) != has(&Part::HalfDay) {
            return Err(format!("{text:?}: %I needs %p, and %p needs %I"));
        }
        Ok(Self { has_time: has(&Part::Hour) || has(&Part::Hour12), parts })
    }

    /// Reads a cell, or `None` when it is not written like this.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Read> {
        let mut rest = text.trim().as_bytes();
        let (mut year, mut month, mut day, mut hour, mut minute, mut second, mut nanos) = (0, 0, 0, 0, 0, 0, 0);
        let (mut late, mut offset) = (None, None);
        for part in &self.parts {
            match part {
                Part::Year => year = number(&mut rest, 4, 4)?,
                Part::Month => month = number(&mut rest, 1, 2)?,
                Part::Day => day = number(&mut rest, 1, 2)?,
                Part::Hour | Part::Hour12 => hour = number(&mut rest, 1, 2)?,
                Part::Minute => minute = number(&mut rest, 2, 2)?,
                Part::Second => second = number(&mut rest, 2, 2)?,
                Part::Fraction => nanos = fraction(&mut rest)?,
                Part::HalfDay => {
                    late = Some(match rest.get(..2)? {
                        [b'A' | b'a', b'M' | b'm'] => 0,
                        [b'P' | b'p', b'M' | b'm'] => 12,
                        _ => return None,
                    });
                    rest = rest.get(2..)?;
                }
                Part::Offset => offset = Some(read_offset(&mut rest)?),
                Part::Blank => rest = rest.trim_ascii_start(),
                Part::Exactly(byte) => {
                    rest = rest.strip_prefix(&[*byte])?;
                }
            }
        }
        if !rest.is_empty() {
            return None;
        }
        if let Some(late) = late {
            hour = if (1..=12).contains(&hour) { hour % 12 + late } else { return None };
        }
        // A leap second, and the midnight that some write as 24:00, are no time on jiff's clock.
        let date = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second.min(59)).ok()?, nanos).ok()?;
        Some(Read { civil: date.to_datetime(time), offset, has_time: self.has_time })
    }
}

fn number(rest: &mut &[u8], least: usize, most: usize) -> Option<i32> {
    let digits = rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    if digits < least {
        return None;
    }
    let (head, tail) = rest.split_at(digits);
    *rest = tail;
    Some(head.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0')))
}

fn fraction(rest: &mut &[u8]) -> Option<i32> {
    let Some(digits) = rest.strip_prefix(b".") else { return Some(0) };
    let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let nanos = (0..9).fold(0, |sum, nth| sum * 10 + if nth < length { i32::from(digits[nth] - b'0') } else { 0 });
    *rest = &digits[length..];
    Some(nanos)
}

fn read_offset(rest: &mut &[u8]) -> Option<i32> {
    let (sign, tail) = match rest.split_first()? {
        (b'Z' | b'z', tail) => {
            *rest = tail;
            return Some(0);
        }
        (b'+', tail) => (1, tail),
        (b'-', tail) => (-1, tail),
        _ => return None,
    };
    *rest = tail;
    let hours = number(rest, 2, 2)?;
    *rest = rest.strip_prefix(b":").unwrap_or(rest);
    let minutes = number(rest, 2, 2)?;
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Reads the dates of one file.
#[derive(Clone, Debug)]
pub struct Dates {
    formats: Vec<Format>,
    zone: TimeZone,
    marks_are_wrong: bool,
    /// The last day looked up in the zone, with its offset when the whole day has the same one.
    known: Option<(Date, Option<i32>)>,
}

/// A moment as the file gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The moment. For a day without a time this is its first moment.
    pub at: Timestamp,
    /// The last second of the day, when only a day was written.
    pub day_end: Option<Timestamp>,
    /// The day on the zone's calendar.
    pub day: Date,
}

/// Why a cell is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMoment {
    /// It is written in no known way.
    Unreadable,
    /// It lies outside the years 1900 to 2200.
    Absurd,
}

impl Dates {
    /// Cells in these formats, the first that fits; on the wall clock of `zone` unless the cell carries an offset.
    /// With `marks_are_wrong` the offset is passed over: some portals mark local times as UTC.
    #[must_use]
    pub fn new(formats: Vec<Format>, zone: TimeZone, marks_are_wrong: bool) -> Self {
        Self { formats, zone, marks_are_wrong, known: None }
    }

    /// Reads a cell.
    ///
    /// # Errors
    /// [`NoMoment`].
    pub fn read(&mut self, text: &str) -> Result<Moment, NoMoment> {
        let read = self.formats.iter().find_map(|format| format.read(text)).ok_or(NoMoment::Unreadable)?;
        if !(1900..=2199).contains(&read.civil.year()) {
            return Err(NoMoment::Absurd);
        }
        let at = match read.offset {
            Some(offset) if !self.marks_are_wrong => wall_millis(read.civil) - i64::from(offset) * 1000,
            _ => self.in_zone(read.civil),
        };
        let at = Timestamp::checked_from_millis(at).ok_or(NoMoment::Absurd)?;
        let day_end = if read.has_time { None } else { Timestamp::checked_from_millis(self.in_zone(read.civil.date().at(23, 59, 59, 0))) };
        let day = if read.offset.is_some() && !self.marks_are_wrong { at.in_zone(&self.zone).date() } else { read.civil.date() };
        Ok(Moment { at, day_end, day })
    }

    /// Milliseconds since 1970 of a wall clock time in the zone. A time that the clock passed over in spring counts as an
    /// hour later, one that it showed twice in autumn is the first.
    fn in_zone(&mut self, civil: DateTime) -> i64 {
        let date = civil.date();
        let whole_day = match self.known {
            Some((day, offset)) if day == date => offset,
            _ => {
                let at = |time: DateTime| self.zone.to_ambiguous_timestamp(time).unambiguous().ok().map(|at| self.zone.to_offset(at).seconds());
                let (first, last) = (at(date.at(0, 0, 0, 0)), at(date.at(23, 59, 59, 0)));
                let offset = first.filter(|_| first == last);
                self.known = Some((date, offset));
                offset
            }
        };
        match whole_day {
            Some(offset) => wall_millis(civil) - i64::from(offset) * 1000,
            None => self.zone.to_ambiguous_timestamp(civil).compatible().map_or(i64::MIN, |at| at.as_millisecond()),
        }
    }
}

/// Milliseconds since 1970 as if the wall clock were in Greenwich.
fn wall_millis(civil: DateTime) -> i64 {
    jiff::tz::Offset::UTC.to_timestamp(civil).map_or(i64::MIN, jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dates(formats: &[&str], marks_are_wrong: bool) -> Dates {
        Dates::new(formats.iter().map(|f| Format::parse(f).unwrap()).collect(), TimeZone::get("America/Chicago").unwrap(), marks_are_wrong)
    }

    #[test]
    fn the_ways_in_which_cities_write() {
        let mut dates = dates(&["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y"], false);
        let mut text = |t: &str| dates.read(t).map(|m| m.at.to_string());
        assert_eq!(text("2019-10-23T10:24").unwrap(), "2019-10-23T15:24:00Z");
        assert_eq!(text("10/23/2019 10:24 AM").unwrap(), "2019-10-23T15:24:00Z");
        assert_eq!(text("10/23/2019 12:05 AM").unwrap(), "2019-10-23T05:05:00Z");
        assert_eq!(text("1/2/2020 9:05:07 pm").unwrap(), "2020-01-03T03:05:07Z");
        assert_eq!(text("2021-01-01T19:29:45.000").unwrap(), "2021-01-02T01:29:45Z");
        assert_eq!(text("10/23/2019"), Ok("2019-10-23T05:00:00Z".into()));
        for odd in ["", "soon", "2019-02-30T10:00", "13/01/2019", "10/23/2019 13:00 PM", "2019-10-23T10:24Zebra", "99999-01-01"] {
            assert_eq!(text(odd), Err(NoMoment::Unreadable), "{odd}");
        }
        assert_eq!(text("0001-01-01T00:00"), Err(NoMoment::Absurd));
        assert_eq!(dates.read("10/23/2019").unwrap().day_end.unwrap().to_string(), "2019-10-24T04:59:59Z");
    }

    #[test]
    fn clocks_that_are_put_forward_and_back() {
        let mut dates = dates(&["%Y-%m-%d %H:%M"], false);
        let mut text = |t: &str| dates.read(t).unwrap().at.to_string();
        assert_eq!(text("2020-03-08 01:59"), "2020-03-08T07:59:00Z");
        assert_eq!(text("2020-03-08 02:30"), "2020-03-08T08:30:00Z");
        assert_eq!(text("2020-03-08 03:00"), "2020-03-08T08:00:00Z");
        assert_eq!(text("2020-11-01 01:30"), "2020-11-01T06:30:00Z");
        assert_eq!(text("2020-11-01 12:00"), "2020-11-01T18:00:00Z");
    }

    #[test]
    fn marks_are_believed_or_not() {
        let format = ["%Y-%m-%d %H:%M:%S%z"];
        let at = |wrong: bool, text: &str| dates(&format, wrong).read(text).unwrap();
        assert_eq!(at(false, "2008-07-01 15:49:47+00:00").at.to_string(), "2008-07-01T15:49:47Z");
        assert_eq!(at(true, "2008-07-01 15:49:47+00:00").at.to_string(), "2008-07-01T20:49:47Z");
        assert_eq!(at(false, "2008-07-01 01:00:00Z").day.to_string(), "2008-06-30");
    }

    #[test]
    fn formats_are_checked() {
        for bad in ["%Y-%m", "%Y-%m-%d %I", "%Y-%m-%d %q", "%Y-%m-%d é", ""] {
            assert!(Format::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_through_the_zone_agrees_with_jiff(day in 0_i64..30_000, minute in 0_i64..1440) {
            let zone = TimeZone::get("America/New_York").unwrap();
            let civil = jiff::civil::date(1950, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap().at(0, 0, 0, 0).checked_add(jiff::Span::new().minutes(minute)).unwrap();
            let mut dates = Dates::new(vec![Format::parse("%Y-%m-%dT%H:%M:%S").unwrap()], zone.clone(), false);
            let expected = zone.to_ambiguous_timestamp(civil).compatible().unwrap().as_millisecond();
            prop_assert_eq!(dates.read(&civil.to_string()).unwrap().at.millis(), expected);
        }

        #[test]
        fn fuzz_any_text_is_a_date_or_not(text in "\\PC{0,40}") {
            let _ = dates(&["%Y-%m-%dT%H:%M:%S%.f%z", "%m/%d/%Y %I:%M %p"], false).read(&text);
        }
    }
}
