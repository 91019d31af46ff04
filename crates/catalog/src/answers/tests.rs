//! Answers, by the pothole service of the example catalog.

use proptest::prelude::*;

use super::*;
use crate::file::parse;

fn zone() -> TimeZone {
    TimeZone::get("America/Chicago").unwrap()
}

fn service(code: &str) -> Service {
    let file = parse(crate::EXAMPLE, &zone()).unwrap();
    file.services.into_iter().map(|(_, service)| service).find(|service| service.code == code).unwrap()
}

fn sent(all: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    all.iter().map(|(code, values)| ((*code).to_owned(), values.iter().map(|v| (*v).to_owned()).collect())).collect()
}

fn pothole(all: &[(&str, &[&str])]) -> Result<Answers, Vec<String>> {
    service("pothole").check_answers(&sent(all), &zone()).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn every_datatype_is_read() {
    let answers = pothole(&[
        ("DAMAGE", &["  flat tire\r\nbent rim "]),
        ("LANDMARK", &[" in front of   the bakery"]),
        ("SINCE", &["2026-03-02T09:30:00-06:00"]),
        ("DEPTH", &["4.5"]),
        ("WHERE", &["crosswalk", "lane"]),
        ("SIZE", &["large"]),
        ("colour", &["grey"]),
    ])
    .unwrap();
    let given: Vec<(&str, Vec<&str>)> = answers.given.iter().map(|(code, values)| (code.as_str(), values.iter().map(String::as_str).collect())).collect();
    let expected: Vec<(&str, Vec<&str>)> = vec![
        ("SIZE", vec!["large"]),
        ("WHERE", vec!["lane", "crosswalk"]),
        ("DEPTH", vec!["4.5"]),
        ("SINCE", vec!["2026-03-02T09:30:00-06:00"]),
        ("LANDMARK", vec!["in front of the bakery"]),
        ("DAMAGE", vec!["flat tire\nbent rim"]),
    ];
    assert_eq!(given, expected);
    assert_eq!(answers.aside, sent(&[("colour", &["grey"])]));
    let json = serde_json::to_string(&answers).unwrap();
    assert!(json.starts_with(r#"{"SIZE":["large"],"WHERE":["lane","crosswalk"]"#), "{json}");
    assert_eq!(serde_json::from_str::<Answers>(&json).unwrap().given, answers.given);
}

#[test]
fn problems_name_the_question_and_come_together() {
    let problems =
        pothole(&[("WHERE", &["lane", "moon"]), ("SINCE", &["yesterday"]), ("LANDMARK", &["a\nb"]), ("DAMAGE", &["x".repeat(1001).as_str()])]).unwrap_err();
    assert_eq!(
        problems,
        [
            "SIZE is required",
            "WHERE has no value \"moon\"; it takes lane, bike, parking, crosswalk",
            "SINCE must be a date or a moment as ISO 8601 writes it, such as 2026-03-02 or 2026-03-02T09:30:00-06:00",
            "LANDMARK must be one line of text",
            "DAMAGE may have at most 1000 characters; it has 1001",
        ]
    );
    let number = |text: &str| pothole(&[("SIZE", &["large"]), ("DEPTH", &[text])]);
    for bad in ["-1", "61", "four", "4,5", "1e999", "NaN", "0x10", ""] {
        assert_eq!(number(bad).is_err(), !bad.is_empty(), "{bad}");
    }
    assert_eq!(pothole(&[("SIZE", &["small", "large"])]).unwrap_err(), ["SIZE takes one of its values"]);
    assert_eq!(pothole(&[("SIZE", &["small"]), ("LANDMARK", &["a", "b"])]).unwrap_err(), ["LANDMARK takes one answer"]);
    // The same value twice, and codes in another case, which are other codes.
    assert_eq!(pothole(&[("SIZE", &["small"]), ("SIZE", &["small"])]).unwrap().get("SIZE"), ["small"]);
    assert_eq!(pothole(&[("size", &["small"])]).unwrap_err(), ["SIZE is required"]);
}

#[test]
fn what_was_not_to_be_asked_is_not_required_and_its_answer_is_put_aside() {
    let dumping = service("illegal-dumping");
    let check = |all: &[(&str, &[&str])]| dumping.check_answers(&sent(all), &zone());
    assert!(check(&[]).unwrap().is_empty());
    assert!(check(&[("SEEN", &["no"])]).is_ok());
    assert_eq!(check(&[("SEEN", &["yes"])]).unwrap_err()[0].to_string(), "VEHICLE is required");
    let answers = check(&[("SEEN", &["no"]), ("VEHICLE", &["red van"])]).unwrap();
    assert_eq!((answers.get("VEHICLE").len(), answers.aside.len()), (0, 1));
    assert_eq!(check(&[("VEHICLE", &["red van"]), ("SEEN", &["yes"])]).unwrap().get("VEHICLE"), ["red van"]);
}

#[test]
fn empty_means_absent_and_notices_take_no_answer() {
    let answers = pothole(&[("SIZE", &["", "small"]), ("WHERE", &[""]), ("STAY-SAFE", &["ok"])]).unwrap();
    assert_eq!((answers.given.len(), answers.aside.len()), (1, 1));
    assert_eq!(pothole(&[("SIZE", &["", " "])]).unwrap_err(), ["SIZE is required"]);
}

#[test]
fn moments_are_made_alike() {
    let moment = |text: &str| moment_text(text, &zone());
    for (given, kept) in [
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02T09:30", "2026-03-02T09:30:00-06:00"),
        ("2026-03-02 09:30:15.25", "2026-03-02T09:30:15-06:00"),
        ("2026-07-02T09:30:00", "2026-07-02T09:30:00-05:00"),
        ("2026-03-02T15:30:00Z", "2026-03-02T15:30:00Z"),
        ("2026-03-02T15:30:00.5+05:30", "2026-03-02T15:30:00+05:30"),
        ("2026-03-02T15:30:00 02:00", "2026-03-02T15:30:00+02:00"),
        ("2026-03-02T15:30:00-0500", "2026-03-02T15:30:00-05:00"),
    ] {
        assert_eq!(moment(given).as_deref(), Some(kept), "{given}");
    }
    for bad in ["yesterday", "02/03/2026", "2026-02-30", "1066-10-14", "9999-01-01T00:00:00Z", "2026-03-02T25:00", "12:30", "-1", "T", ""] {
        assert_eq!(moment(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_sent_makes_a_panic(all in prop::collection::vec(("(SIZE|WHERE|DEPTH|SINCE|LANDMARK|DAMAGE|.{0,8})", prop::collection::vec("(large|lane|[0-9T:.+ -]{0,25}|.{0,30})", 0..4)), 0..8)) {
        let service = service("pothole");
        if let Ok(answers) = service.check_answers(&all, &zone()) {
            // What was accepted is accepted again, and stays the same.
            prop_assert_eq!(&service.check_answers(&answers.given, &zone()).unwrap().given, &answers.given);
            for (code, values) in &answers.given {
                prop_assert!(service.question(code).is_some() && values.iter().all(|v| !v.is_empty()));
            }
        }
    }
}
