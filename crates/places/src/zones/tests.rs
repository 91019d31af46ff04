//! The rules of pickup days, by example and by property.

use proptest::prelude::*;

use super::*;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text).unwrap()
}

fn next(schedule: &Schedule, zone: &str, today: &str) -> (String, Option<String>, Option<String>) {
    let rounds = schedule.of_zone(zone).next().unwrap();
    let found = schedule.next(rounds, day(today)).unwrap();
    (found.on.to_string(), found.moved_from.map(|d| d.to_string()), found.holiday)
}

fn plain(on: &str) -> (String, Option<String>, Option<String>) {
    (on.to_owned(), None, None)
}

fn shifted(on: &str, from: &str, by: &str) -> (String, Option<String>, Option<String>) {
    (on.to_owned(), Some(from.to_owned()), Some(by.to_owned()))
}

const TRASH: &str = r#"
holiday_rule = "next-day-for-rest-of-week"

[[zone]]
name = "Monday"
what = "Trash"
days = ["monday"]

[[zone]]
name = "Friday"
days = ["friday"]

[[zone]]
name = "Blue"
what = "Recycling"
days = ["thursday"]
every = "two-weeks"
anchor = 2026-01-01

[[zone]]
name = "Sweeping"
days = ["tuesday"]
every = "month"
nth = [2, -1]
months = [4, 5, 6, 7, 8, 9, 10, 11, 12]

[[holiday]]
date = 2026-11-26
name = "Thanksgiving"

[[holiday]]
date = "2026-11-27"
name = "Day after Thanksgiving"

[[holiday]]
date = 2027-01-01
name = "New Year"

[[holiday]]
date = 2026-05-25
name = "Memorial Day"
"#;

#[test]
fn plain_weeks() {
    let s = schedule(TRASH);
    assert_eq!(next(&s, "Monday", "2026-03-02"), plain("2026-03-02"));
    assert_eq!(next(&s, "Monday", "2026-03-03"), plain("2026-03-09"));
}

#[test]
fn a_holiday_moves_its_day_and_the_rest_of_the_week() {
    let s = schedule(TRASH);
    assert_eq!(next(&s, "Monday", "2026-05-25"), shifted("2026-05-26", "2026-05-25", "Memorial Day"));
    assert_eq!(next(&s, "Monday", "2026-05-26"), shifted("2026-05-26", "2026-05-25", "Memorial Day"));
    assert_eq!(next(&s, "Friday", "2026-05-28"), shifted("2026-05-30", "2026-05-29", "Memorial Day"));
    // The week before and the week after are as ever.
    assert_eq!(next(&s, "Friday", "2026-05-20"), plain("2026-05-22"));
    assert_eq!(next(&s, "Friday", "2026-06-01"), plain("2026-06-05"));
}

#[test]
fn two_holidays_in_a_row_move_twice() {
    let s = schedule(TRASH);
    assert_eq!(next(&s, "Friday", "2026-11-23"), shifted("2026-11-29", "2026-11-27", "Day after Thanksgiving"));
    // A day before the holidays of its week stays.
    assert_eq!(next(&s, "Monday", "2026-11-23"), plain("2026-11-23"));
}

#[test]
fn every_second_week_counts_over_the_year_end() {
    let s = schedule(TRASH);
    assert_eq!(next(&s, "Blue", "2025-12-19"), plain("2026-01-01"));
    assert_eq!(next(&s, "Blue", "2026-01-02"), plain("2026-01-15"));
    assert_eq!(next(&s, "Blue", "2026-12-25"), plain("2026-12-31"));
    assert_eq!(next(&s, "Blue", "2027-01-01"), plain("2027-01-14"));
}

#[test]
fn weekdays_of_the_month_in_their_season() {
    let s = schedule(TRASH);
    assert_eq!(next(&s, "Sweeping", "2026-01-01"), plain("2026-04-14"));
    assert_eq!(next(&s, "Sweeping", "2026-04-15"), plain("2026-04-28"));
    assert_eq!(next(&s, "Sweeping", "2026-12-30"), plain("2027-04-13"));
}

#[test]
fn leap_days_are_days() {
    let s = schedule("[[zone]]\nname = \"A\"\ndays = [\"tuesday\"]\nevery = \"month\"\nnth = [5]\n");
    assert_eq!(next(&s, "A", "2028-02-01"), plain("2028-02-29"));
}

#[test]
fn a_day_may_be_skipped_or_wait_for_a_working_day() {
    let holiday = "\n[[zone]]\nname = \"A\"\ndays = [\"friday\"]\n[[holiday]]\ndate = 2026-12-25\nname = \"Christmas\"\n";
    let skip = schedule(&format!("holiday_rule = \"skip\"{holiday}"));
    assert_eq!(next(&skip, "A", "2026-12-21"), plain("2027-01-01"));
    let wait = schedule(&format!("holiday_rule = \"next-working-day\"{holiday}"));
    assert_eq!(next(&wait, "A", "2026-12-21"), shifted("2026-12-28", "2026-12-25", "Christmas"));
}

#[test]
fn a_zone_whose_days_are_all_holidays_or_out_of_season_has_no_next_day() {
    let s = schedule("[[zone]]\nname = \"A\"\ndays = [\"monday\"]\nevery = \"month\"\nnth = [5]\nmonths = [2]\n");
    // A February with five Mondays comes in 2044.
    let rounds = s.of_zone("A").next().unwrap();
    assert_eq!(s.next(rounds, day("2026-01-01")), None);
    assert_eq!(s.next(rounds, day("2044-02-01")).map(|d| d.on), Some(day("2044-02-29")));
}

#[test]
fn faults_are_told_by_name() {
    for (text, says) in [
        ("", "schedule has no [[zone]]"),
        ("[[zone]]\nname = \"A\"\ndays = []\n", "zone 1 (A), days must name at least one day"),
        ("[[zone]]\nname = \"A\"\ndays = [\"mon\"]\n", "unknown variant `mon`"),
        ("[[zone]]\nname = \"A\"\ndays = [\"monday\"]\nevery = \"two-weeks\"\n", "zone 1 (A), anchor must be"),
        ("[[zone]]\nname = \"A\"\ndays = [\"monday\"]\nevery = \"month\"\nnth = [6]\n", "zone 1 (A), nth must hold"),
        ("[[zone]]\nname = \"A\"\ndays = [\"monday\"]\nnth = [1]\n", "zone 1 (A), nth belongs"),
        ("[[zone]]\nname = \"A\"\ndays = [\"monday\"]\nmonths = [13]\n", "zone 1 (A), months may hold"),
        ("[[zone]]\nname = \"A\"\ndays = [\"monday\"]\nday = 3\n", "unknown field `day`"),
        ("[[zone]]\nname = \"A\"\ndays = [\"monday\"]\n[[holiday]]\ndate = 2026-02-30\nname = \"x\"\n", "line 5"),
        (
            "[[zone]]\nname = \"A\"\ndays = [\"monday\"]\n[[holiday]]\ndate = 2026-02-03\nname = \"x\"\n[[holiday]]\ndate = 2026-02-03\nname = \"y\"\n",
            "holiday 2026-02-03 appears twice",
        ),
    ] {
        let problem = Schedule::parse(text).unwrap_err().to_string();
        assert!(problem.contains(says), "{text}: {problem}");
    }
}

fn some_schedule() -> impl Strategy<Value = Schedule> {
    let rule = prop_oneof![Just(HolidayRule::NextDayForRestOfWeek), Just(HolidayRule::Skip), Just(HolidayRule::NextWorkingDay)];
    let days = proptest::sample::subsequence(vec![Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday, Day::Saturday, Day::Sunday], 1..4);
    let every = prop_oneof![Just(Every::Week), Just(Every::TwoWeeks), Just(Every::Month)];
    (rule, days, every, proptest::collection::btree_set(0_i32..800, 0..40)).prop_map(|(holiday_rule, days, every, holidays)| {
        let start = Date::constant(2027, 6, 1);
        Schedule {
            holiday_rule,
            zones: vec![Rounds {
                name: "A".to_owned(),
                what: String::new(),
                days,
                every,
                anchor: Some(TomlDate(start)),
                nth: vec![1, 3, -1],
                months: Vec::new(),
            }],
            holidays: holidays.into_iter().map(|n| Holiday { date: TomlDate(start.saturating_add(n.days())), name: format!("holiday {n}") }).collect(),
        }
    })
}

proptest! {
    #[test]
    fn the_next_day_is_never_past_and_is_next_until_it_comes(s in some_schedule(), from in 0_i32..700) {
        let today = Date::constant(2027, 6, 1).saturating_add(from.days());
        let rounds = &s.zones[0];
        let found = s.next(rounds, today).unwrap();
        prop_assert!(found.on >= today);
        // Every day between gives the same answer: a resident who asks on Monday and on Wednesday hears the same.
        let mut on = today;
        while on <= found.on {
            prop_assert_eq!(s.next(rounds, on).map(|d| d.on), Some(found.on));
            on = on.tomorrow().unwrap();
        }
    }

    #[test]
    fn a_moved_day_names_its_holiday_and_no_round_falls_on_one(s in some_schedule(), from in 0_i32..700) {
        let today = Date::constant(2027, 6, 1).saturating_add(from.days());
        let found = s.next(&s.zones[0], today).unwrap();
        prop_assert!(s.holiday(found.on).is_none());
        prop_assert_eq!(found.moved_from.is_some(), found.holiday.is_some());
        match found.moved_from {
            Some(planned) => {
                prop_assert!(planned < found.on);
                prop_assert!(s.zones[0].planned(planned));
                prop_assert!(days_between(planned, found.on) <= LONGEST_SHIFT_DAYS);
            }
            None => prop_assert!(s.zones[0].planned(found.on)),
        }
    }

    #[test]
    fn rounds_of_one_week_keep_their_order(s in some_schedule(), week in 0_i32..100) {
        let week = monday(Date::constant(2027, 6, 1)).saturating_add((week * 7).days());
        let mut s = s;
        s.holiday_rule = HolidayRule::NextDayForRestOfWeek;
        let days: Vec<Date> = (0..7).map(|n| week.saturating_add(n.days())).filter_map(|day| s.moved(day)).map(|day| day.on).collect();
        prop_assert!(days.windows(2).all(|pair| pair[0] < pair[1]), "{days:?}");
    }

    #[test]
    fn fuzz_any_text_is_a_schedule_or_a_problem(text in "\\PC{0,200}") {
        let _ = Schedule::parse(&text);
    }
}
