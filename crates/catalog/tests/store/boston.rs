//! Boston's published target dates of 2011 against our rule of working days and calendar days.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use kernel::calendar::{Hours, OpenSpan};
use kernel::{Amount, Calendar, Timestamp};

/// Services that Boston promised within two working days, and within numbers of calendar days.
const TWO_WORKING_DAYS: [&str; 5] = [
    "Schedule a Bulk Item Pickup",
    "Missed Trash/Recycling/Yard Waste/Bulk Item",
    "Request for Pothole Repair",
    "Sidewalk Repair (Make Safe)",
    "Sticker Request",
];
const CALENDAR_DAYS: [(&str, u32); 2] = [("Unsatisfactory Living Conditions", 120), ("Tree Maintenance Requests", 545)];

/// Open 8:30 to 17:00. Boston's system of that year counted holidays as working days.
fn boston() -> Calendar {
    let day = vec![OpenSpan { from: 8 * 60 + 30, until: 17 * 60 }];
    let week = std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() });
    Calendar::new(&Hours { week, holidays: Vec::new() }, TimeZone::get("America/New_York").expect("a zone")).expect("a calendar")
}

#[test]
fn the_rule_of_working_days_is_the_one_that_boston_used() {
    let Some(folder) = testkit::real_data() else { return };
    let boston = boston();
    let file = std::fs::File::open(folder.join("boston311/boston311_2011h2.csv.gz")).expect("Boston's file");
    let mut rows = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let place = |headers: &csv::StringRecord, name: &str| headers.iter().position(|header| header == name).expect("a column");
    let headers = rows.headers().expect("a header").clone();
    let (opened, target, kind) = (place(&headers, "open_dt"), place(&headers, "target_dt"), place(&headers, "type"));
    let local = |text: &str| text.parse::<DateTime>().ok().and_then(|local| local.to_zoned(boston.zone().clone()).ok());
    // Agree, seen: received on a working day after 8:30; received otherwise; calendar days.
    let (mut working, mut odd, mut calendar) = ((0_u32, 0_u32), (0_u32, 0_u32), (0_u32, 0_u32));
    for row in rows.records() {
        let row = row.expect("a row");
        let (Some(opened), Some(target)) = (local(&row[opened]), local(&row[target])) else { continue };
        let (from, promised) = (Timestamp::from_jiff(opened.timestamp()), target.timestamp().as_millisecond());
        // The file's two times were taken some minutes apart.
        let agrees = |amount: Amount| u32::from((boston.due(from, amount).millis() - promised).abs() <= 15 * 60_000);
        if TWO_WORKING_DAYS.contains(&&row[kind]) {
            let usual = !boston.spans(opened.date()).is_empty() && (opened.hour(), opened.minute()) >= (8, 30);
            let count = if usual { &mut working } else { &mut odd };
            *count = (count.0 + agrees(Amount::WorkingDays(2)), count.1 + 1);
        } else if let Some((_, days)) = CALENDAR_DAYS.iter().find(|(name, _)| *name == &row[kind]) {
            calendar = (calendar.0 + agrees(Amount::Days(*days)), calendar.1 + 1);
        }
    }
    println!(
        "2 working days, received after 8:30 on a working day: {} of {}; otherwise: {} of {}; calendar days: {} of {}",
        working.0, working.1, odd.0, odd.1, calendar.0, calendar.1
    );
    assert!(working.1 > 8000 && working.0 * 100 >= working.1 * 99, "{working:?}");
    assert!(calendar.1 > 2000 && calendar.0 * 100 >= calendar.1 * 99, "{calendar:?}");
}
