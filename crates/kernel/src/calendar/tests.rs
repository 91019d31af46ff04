//! Working time, by examples that a clerk can check on paper and by properties that hold for every calendar.

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// A local moment in Alder Falls.
fn at(local: &str) -> Timestamp {
    Timestamp::from_jiff(local.parse::<DateTime>().unwrap().to_zoned(zone("America/Chicago")).unwrap().timestamp())
}

fn span(from: u16, until: u16) -> OpenSpan {
    OpenSpan { from, until }
}

/// Monday to Friday from `from` until `until` hours.
fn weekdays(from: u16, until: u16) -> Hours {
    let day = vec![span(from * 60, until * 60)];
    Hours { week: [day.clone(), day.clone(), day.clone(), day.clone(), day, vec![], vec![]], holidays: vec![] }
}

fn holiday(first: Date, last: Date) -> Holiday {
    Holiday { first, last, name: "a holiday".to_owned() }
}

fn chicago(hours: &Hours) -> Calendar {
    Calendar::new(hours, zone("America/Chicago")).unwrap()
}

#[test]
fn working_days_are_whole_days_at_the_same_clock_time() {
    let mut hours = weekdays(8, 17);
    hours.holidays.push(holiday(date(2026, 7, 3), date(2026, 7, 3)));
    let city_hall = chicago(&hours);
    let due = |from: &str, days: u32| city_hall.add_working_days(at(from), days);
    assert_eq!(due("2026-03-02T09:15", 3), at("2026-03-05T09:15"));
    // Over a weekend, and over a holiday beside one.
    assert_eq!(due("2026-03-06T09:15", 1), at("2026-03-09T09:15"));
    assert_eq!(due("2026-07-02T16:59", 1), at("2026-07-06T16:59"));
    // Outside the hours: first to the next opening.
    assert_eq!(due("2026-03-06T17:00", 1), at("2026-03-10T08:00"));
    assert_eq!(due("2026-03-07T12:00", 2), at("2026-03-11T08:00"));
    assert_eq!(due("2026-03-02T06:00", 0), at("2026-03-02T08:00"));
    // Over the end of the year, and the last of February in a leap year.
    assert_eq!(due("2026-12-31T10:00", 1), at("2027-01-01T10:00"));
    assert_eq!(due("2028-02-28T10:00", 1), at("2028-02-29T10:00"));
}

#[test]
fn a_short_day_rolls_into_the_next_opening() {
    let mut hours = weekdays(8, 17);
    hours.week[4] = vec![span(480, 720)];
    let calendar = chicago(&hours);
    assert_eq!(calendar.add_working_days(at("2026-03-05T15:00"), 1), at("2026-03-09T08:00"));
    assert_eq!(calendar.add_working_days(at("2026-03-05T12:00"), 1), at("2026-03-06T12:00"));
}

#[test]
fn working_hours_run_only_while_open() {
    let mut hours = weekdays(7, 15);
    for day in &mut hours.week[..5] {
        *day = vec![span(7 * 60, 11 * 60 + 30), span(12 * 60, 15 * 60 + 30)];
    }
    let crews = chicago(&hours);
    let due = |from: &str, hours: u32| crews.due(at(from), Amount::WorkingMinutes(hours * 60));
    assert_eq!(due("2026-03-09T08:00", 4), at("2026-03-09T12:30"));
    // Used up exactly at closing time: that is when it ends.
    assert_eq!(due("2026-03-09T07:00", 8), at("2026-03-09T15:30"));
    assert_eq!(due("2026-03-06T15:00", 1), at("2026-03-09T07:30"));
    assert!(crews.is_open(at("2026-03-09T07:00")) && !crews.is_open(at("2026-03-09T11:30")) && !crews.is_open(at("2026-03-08T09:00")));
    assert_eq!(crews.working_minutes(at("2026-03-06T15:00"), at("2026-03-09T12:15")), 30 + 270 + 15);
    assert_eq!(crews.working_minutes(at("2026-03-09T12:15"), at("2026-03-06T15:00")), 0);
}

#[test]
fn calendar_time_keeps_the_clock_time_over_a_change_of_the_clocks() {
    let any = chicago(&weekdays(8, 17));
    // Clocks go forward on 8 March 2026 at 2:00 and back on 1 November 2026 at 2:00.
    assert_eq!(any.due(at("2026-03-07T10:00"), Amount::Days(1)), at("2026-03-08T10:00"));
    assert_eq!(any.due(at("2026-03-07T10:00"), Amount::Minutes(24 * 60)), at("2026-03-08T11:00"));
    // 2:30 does not exist on that day: the moment of the change.
    assert_eq!(any.due(at("2026-03-07T02:30"), Amount::Days(1)), at("2026-03-08T03:00"));
    // 1:30 comes twice: the first one. From within the second, the end of the repeated hour.
    assert_eq!(any.due(at("2026-10-31T01:30"), Amount::Days(1)), at("2026-11-01T01:30"));
    let second = at("2026-11-01T01:30").plus_millis(3_600_000);
    assert_eq!(any.due(second, Amount::Days(1)), at("2026-11-02T02:00"));
    assert_eq!(any.due(at("2026-01-31T10:00"), Amount::Months(1)), at("2026-03-01T00:00"));
    assert_eq!(any.due(at("2028-01-29T10:00"), Amount::Months(1)), at("2028-02-29T10:00"));
    assert_eq!(any.due(at("2026-11-15T10:00"), Amount::Months(14)), at("2028-01-15T10:00"));
    assert_eq!(any.due(at("2199-12-01T10:00"), Amount::Months(14)), Timestamp::LATEST);
}

#[test]
fn the_day_of_the_change_has_an_hour_less_or_more() {
    let day_and_night = Calendar::always(zone("America/Chicago"));
    assert_eq!(day_and_night.working_minutes(at("2026-03-08T00:00"), at("2026-03-09T00:00")), 23 * 60);
    assert_eq!(day_and_night.working_minutes(at("2026-11-01T00:00"), at("2026-11-02T00:00")), 25 * 60);
    let night = Hours { week: std::array::from_fn(|_| vec![span(0, 360)]), holidays: vec![] };
    // Midnight to six has five hours on that day: half an hour of 300 minutes is left for the next night.
    assert_eq!(chicago(&night).add_working_minutes(at("2026-03-08T00:30"), 300), at("2026-03-09T00:30"));
}

#[test]
fn a_day_that_a_place_skipped_is_no_working_day() {
    // Samoa went from 29 to 31 December 2011.
    let samoa = Calendar::new(&weekdays(8, 17), zone("Pacific/Apia")).unwrap();
    let local = |text: &str| Timestamp::from_jiff(text.parse::<DateTime>().unwrap().to_zoned(zone("Pacific/Apia")).unwrap().timestamp());
    assert_eq!(samoa.add_working_days(local("2011-12-29T10:00"), 1), local("2012-01-02T10:00"));
    assert_eq!(samoa.working_minutes(local("2011-12-29T00:00"), local("2012-01-01T00:00")), 9 * 60);
}

#[test]
fn a_pause_moves_the_due_moment_by_the_open_time_it_took() {
    let calendar = chicago(&weekdays(8, 17));
    let due = at("2026-03-05T10:00");
    let after = |amount, from: &str, until: &str| calendar.resume_due(due, amount, at(from), at(until));
    let days = Amount::WorkingDays(3);
    assert_eq!(after(days, "2026-03-03T12:00", "2026-03-04T12:00"), at("2026-03-06T10:00"));
    assert_eq!(after(days, "2026-03-03T17:00", "2026-03-04T08:00"), due);
    assert_eq!(after(days, "2026-03-03T12:00", "2026-03-03T11:00"), due);
    // Already overdue: waiting does not make it on time.
    assert_eq!(after(days, "2026-03-06T12:00", "2026-03-09T12:00"), due);
    assert_eq!(after(Amount::Days(3), "2026-03-03T12:00", "2026-03-04T12:00"), at("2026-03-06T10:00"));
}

#[test]
fn hours_that_make_no_calendar_are_refused() {
    let utc = || TimeZone::UTC;
    let refused = |hours: &Hours| Calendar::new(hours, utc()).unwrap_err();
    assert_eq!(refused(&Hours::default()), NotACalendar::NeverOpen);
    let mut hours = weekdays(8, 17);
    hours.week[1] = vec![span(480, 480)];
    assert_eq!(refused(&hours), NotACalendar::Span("Tuesday"));
    hours.week[1] = vec![span(480, 1441)];
    assert_eq!(refused(&hours), NotACalendar::Span("Tuesday"));
    hours.week[1] = vec![span(600, 700), span(480, 601)];
    assert_eq!(refused(&hours), NotACalendar::Overlap("Tuesday"));
    let mut hours = weekdays(8, 17);
    hours.holidays = vec![holiday(date(2026, 2, 2), date(2026, 2, 1))];
    assert!(matches!(refused(&hours), NotACalendar::Holiday(_)));
    // Closed for years, in one piece or in many.
    hours.holidays = vec![holiday(date(2026, 1, 1), date(2027, 6, 30))];
    assert!(matches!(refused(&hours), NotACalendar::TooLong(_)));
    hours.holidays = (0..60).map(|week| date(2026, 1, 5).checked_add(jiff::Span::new().weeks(week)).unwrap()).map(|monday| holiday(monday, monday)).collect();
    hours.week = std::array::from_fn(|day| if day == 0 { vec![span(480, 1020)] } else { vec![] });
    assert!(matches!(refused(&hours), NotACalendar::TooLong(_)));
    // A whole year of holidays is taken, and the search goes past it.
    let mut hours = weekdays(8, 17);
    hours.holidays = vec![holiday(date(2026, 1, 1), date(2026, 12, 31))];
    assert_eq!(Calendar::new(&hours, zone("America/Chicago")).unwrap().next_open(at("2026-01-01T00:00")), at("2027-01-01T08:00"));
}

#[test]
fn amounts_are_read_and_written() {
    for (text, shown) in [
        ("3 working days", "3 working days"),
        ("1 Business Day", "1 working day"),
        ("4 working hours", "4 working hours"),
        ("90 working minutes", "90 working minutes"),
        ("48 hours", "48 hours"),
        ("5 calendar days", "5 days"),
        ("2 weeks", "14 days"),
        ("1 year", "12 months"),
        ("0 minutes", "0 minutes"),
    ] {
        assert_eq!(text.parse::<Amount>().unwrap().to_string(), shown);
    }
    for bad in ["", "3", "three days", "3 working", "3 working weeks", "-1 days", "3 days ago", "3.5 hours", "+3 days"] {
        assert_eq!(bad.parse::<Amount>(), Err(NotAnAmount::Shape), "{bad}");
    }
    for long in ["99999999999 days", "21 years", "7306 working days", "4294967295 weeks"] {
        assert_eq!(long.parse::<Amount>(), Err(NotAnAmount::TooLong), "{long}");
    }
}

/// Zones with changes of an hour, of half an hour, at midnight, of a whole day, and without any.
const ZONES: [&str; 6] = ["America/Chicago", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia", "Asia/Kathmandu", "UTC"];

prop_compose! {
    fn a_day()(cuts in prop::collection::btree_set(0_u16..=1440, 0..6)) -> Vec<OpenSpan> {
        let cuts: Vec<u16> = cuts.into_iter().collect();
        cuts.chunks_exact(2).map(|two| span(two[0], two[1])).collect()
    }
}

prop_compose! {
    fn a_calendar()(week in prop::array::uniform7(a_day()), sure in 0_usize..7, holidays in prop::collection::vec((0_i32..6000, 0_i32..12), 0..30), place in 0_usize..ZONES.len()) -> Calendar {
        let mut week = week;
        if week.iter().all(Vec::is_empty) {
            week[sure] = vec![span(510, 1020)];
        }
        let day = |n: i32| date(2010, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap();
        let holidays = holidays.into_iter().map(|(first, more)| holiday(day(first), day(first + more))).collect();
        Calendar::new(&Hours { week, holidays }, zone(ZONES[place])).unwrap()
    }
}

fn an_amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        (0_u32..6000).prop_map(Amount::WorkingMinutes),
        (0_u32..600).prop_map(Amount::WorkingDays),
        (0_u32..60_000).prop_map(Amount::Minutes),
        (0_u32..900).prop_map(Amount::Days),
        (0_u32..40).prop_map(Amount::Months),
    ]
}

/// Moments between 2010 and 2026, every other one within hours of a change of the clocks in one of the zones.
fn a_moment() -> impl Strategy<Value = Timestamp> {
    let anywhere = (1_262_304_000_000_i64..1_767_225_600_000).prop_map(Timestamp::from_millis);
    // Chicago, Lord Howe, Havana, Apia (30 December 2011 did not happen).
    let changes = prop::sample::select(vec![
        1_394_352_000_000_i64,
        1_414_911_600_000,
        1_396_710_000_000,
        1_412_436_600_000,
        1_394_341_200_000,
        1_414_904_400_000,
        1_325_239_200_000,
    ]);
    let near = (changes, -10_800_000_i64..10_800_000).prop_map(|(change, off)| Timestamp::from_millis(change + off));
    prop_oneof![anywhere, near]
}

fn more(amount: Amount, n: u32) -> Amount {
    match amount {
        Amount::WorkingMinutes(m) => Amount::WorkingMinutes(m + n),
        Amount::WorkingDays(m) => Amount::WorkingDays(m + n),
        Amount::Minutes(m) => Amount::Minutes(m + n),
        Amount::Days(m) => Amount::Days(m + n),
        Amount::Months(m) => Amount::Months(m + n),
    }
}

proptest! {
    #[test]
    fn nothing_is_due_before_it_came_in_nor_earlier_for_who_comes_later(calendar in a_calendar(), amount in an_amount(), from in a_moment(), gap in 0_i64..200_000_000) {
        let due = calendar.due(from, amount);
        prop_assert!(due >= from);
        prop_assert!(calendar.due(from.plus_millis(gap), amount) >= due);
    }

    #[test]
    fn more_is_never_due_earlier(calendar in a_calendar(), amount in an_amount(), n in 0_u32..50, from in a_moment()) {
        prop_assert!(calendar.due(from, more(amount, n)) >= calendar.due(from, amount));
    }

    #[test]
    fn the_open_time_until_due_is_the_amount(calendar in a_calendar(), minutes in 0_u32..6000, from in a_moment()) {
        let due = calendar.add_working_minutes(from, minutes);
        prop_assert_eq!(calendar.working_millis(from, due), i64::from(minutes) * 60_000);
        prop_assert_eq!(calendar.working_minutes(from, due), i64::from(minutes));
    }

    #[test]
    fn working_amounts_end_in_open_hours_or_at_closing_time(calendar in a_calendar(), amount in an_amount(), from in a_moment()) {
        let due = calendar.due(from, amount);
        prop_assert!(!amount.is_working() || calendar.is_open(due) || calendar.is_open(due.plus_millis(-1)), "{} {}", due, amount);
    }

    #[test]
    fn a_moment_is_open_when_its_clock_time_is(calendar in a_calendar(), at in a_moment()) {
        let zoned = at.in_zone(calendar.zone());
        if calendar.zone().to_ambiguous_timestamp(zoned.datetime()).is_ambiguous() {
            return Ok(());
        }
        let minute = u16::try_from(i32::from(zoned.hour()) * 60 + i32::from(zoned.minute())).unwrap();
        let holiday = calendar.holiday(zoned.date()).is_some();
        let within = calendar.week[monday_first(zoned.weekday())].iter().any(|span| span.from <= minute && minute < span.until);
        prop_assert_eq!(calendar.is_open(at), within && !holiday);
    }

    #[test]
    fn open_time_adds_up(calendar in a_calendar(), from in a_moment(), first in 0_i64..900_000_000, second in 0_i64..900_000_000) {
        let (middle, end) = (from.plus_millis(first), from.plus_millis(first + second));
        let whole = calendar.working_millis(from, end);
        prop_assert_eq!(calendar.working_millis(from, middle) + calendar.working_millis(middle, end), whole);
        prop_assert!(whole <= first + second);
        // Counted minute by minute on the first hours.
        let minutes = (0..180).filter(|n| calendar.is_open(Timestamp::from_millis(from.millis() / 60_000 * 60_000).plus_millis(n * 60_000))).count();
        let start = Timestamp::from_millis(from.millis() / 60_000 * 60_000);
        prop_assert_eq!(calendar.working_minutes(start, start.plus_millis(180 * 60_000)), i64::try_from(minutes).unwrap());
    }

    #[test]
    fn a_pause_moves_by_its_own_open_time(calendar in a_calendar(), minutes in 1_u32..6000, from in a_moment(), into in 0_i64..100_000_000, length in 0_i64..400_000_000) {
        let amount = Amount::WorkingMinutes(minutes);
        let due = calendar.due(from, amount);
        let (paused_from, paused_until) = (from.plus_millis(into), from.plus_millis(into + length));
        let moved = calendar.resume_due(due, amount, paused_from, paused_until);
        prop_assert!(moved >= due);
        if due >= paused_from {
            // The time that ran outside the pause is the amount again.
            let ran = calendar.working_millis(from, moved) - calendar.working_millis(paused_from, paused_until.min(moved));
            prop_assert_eq!(ran, i64::from(minutes) * 60_000);
        }
    }

    #[test]
    fn amounts_read_back(amount in an_amount()) {
        prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
    }

    #[test]
    fn no_text_is_too_strange_for_an_amount(text in ".{0,40}") {
        let _ = text.parse::<Amount>();
    }
}
