//! The file: what is refused and how it is told, that writing and reading agree, and that no text breaks the reader.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use kernel::text::{clean_line, clean_text};
use proptest::prelude::*;

use super::*;
use crate::model::{AskWhen, Choice, Datatype, DuplicateRule, Intake, PhotoRule, Priority, Question, QuestionText, Screening, ServiceText, Visibility};
use crate::plan::plan;
use crate::snapshot::Catalog;

fn zone() -> TimeZone {
    TimeZone::get("America/Chicago").unwrap()
}

fn problems(text: &str) -> Vec<String> {
    match parse(text, &zone()) {
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
        Ok(file) => check(&file, &Catalog::empty(zone())).iter().map(ToString::to_string).collect(),
    }
}

/// A service with these lines in it.
fn service(lines: &str) -> String {
    format!("[[service]]\ncode = \"s\"\nname = \"S\"\n{lines}")
}

/// A question of that service.
fn question(lines: &str) -> String {
    service(&format!("[[service.question]]\ncode = \"Q\"\n{lines}"))
}

#[test]
fn the_example_has_what_it_should() {
    let file = parse(crate::EXAMPLE, &zone()).unwrap();
    assert_eq!(problems(crate::EXAMPLE), [""; 0]);
    let by_code: BTreeMap<&str, &Service> = file.services.iter().map(|(_, s)| (s.code.as_str(), s)).collect();
    let datatypes: Vec<Datatype> = by_code["pothole"].questions.iter().filter(|q| q.variable).map(|q| q.datatype).collect();
    assert!(Datatype::ALL.iter().all(|datatype| datatypes.contains(datatype)));
    assert!(by_code["pothole"].questions.iter().any(|q| q.required) && by_code["pothole"].questions.iter().any(|q| !q.variable));
    assert_eq!(by_code["pothole"].question("STAY-SAFE").unwrap().ask_in("es"), "Por favor, no se pare en la calle para medir o fotografiar el hoyo.");
    assert_eq!(by_code["pothole"].name_in("es"), "Bache");
    assert_eq!(by_code["pothole"].name_in("fr"), "Pothole");
    assert!(by_code["pothole"].keywords().contains(&"hoyo en la calle"));
    assert!(by_code["street-light"].questions.is_empty() && by_code["sidewalk"].kind == Intake::Batch);
    assert!(by_code["power-outage"].visibility == Visibility::InformationOnly);
    let crews = &file.calendars.iter().find(|(code, _)| code == "crews").unwrap().1.body;
    assert_eq!((crews.hours.holidays.len(), crews.hours.week[0].len(), crews.hours.week[5].len()), (20, 2, 0));
}

#[test]
fn each_problem_is_told_with_its_line_and_place() {
    for (text, told) in [
        ("language = english".to_owned(), "line 1: this is not TOML"),
        ("languages = \"en\"".to_owned(), "line 1: there is no key \"languages\" here; did you mean \"language\"?"),
        (service("nam = 1"), "line 4: service \"s\": there is no key \"nam\" here; did you mean \"name\"?"),
        ("[[service]]\ncode = \"a b\"\nname = \"x\"".to_owned(), "line 2: service 1: code must be 1 to 100 letters"),
        ("[[service]]\ncode = \"s\"\n".to_owned(), "line 1: service \"s\": name is missing"),
        (format!("{0}\n{0}", service("")), "line 5: service \"s\": is there twice: also on line 1"),
        (service("type = \"slow\""), "line 4: service \"s\": type must be one of \"realtime\", \"batch\", \"blackbox\""),
        (service("active = \"yes\""), "line 4: service \"s\": active must be true or false"),
        (service("department = \"x\""), "line 1: service \"s\": there is no department \"x\""),
        (service("reopen_days = -1"), "line 4: service \"s\": reopen_days must be a whole number from 0 to 3650"),
        (service("duplicate = { radius_m = 0, days = 3 }"), "line 4: service \"s\", duplicate: radius_m must be more than 0"),
        (service("language.espanol.name = \"Hoyo\""), "is not a language code"),
        (question("ask = \"?\""), "line 4: service \"s\", question Q: datatype is missing"),
        (question("datatype = \"string\""), "line 4: service \"s\", question Q: ask is missing"),
        (question("ask = \"?\"\ndatatype = \"string\"\nvalues = { a = \"A\" }"), "line 8: service \"s\", question Q: values does nothing for the datatype string"),
        (question("tell = \"!\"\nrequired = true"), "line 4: service \"s\", question Q: tell is a notice: it has no required"),
        (question("ask = \"?\"\ndatatype = \"number\"\nmin = 5\nmax = 4"), "line 8: service \"s\", question Q: min must not be above max"),
        (question("ask = \"?\"\ndatatype = \"string\"\nask_when = { question = \"P\", is = [\"y\"] }"), "line 8: service \"s\", question Q, ask_when: question \"P\" is no question that stands before"),
        (question("ask = \"?\"\ndatatype = \"number\"\nmin = 99999999999999999999"), "min must be a number"),
        (service("[[service.target]]\nwithin = \"3 working days\""), "line 4: service \"s\", target 1: calendar is missing"),
        (service("[[service.target]]\nwithin = \"3 days\"\ncalendar = \"c\""), "calendar does nothing for calendar time"),
        (service("[[service.target]]\nwithin = \"3 days\"\nfrom = 2026-02-30"), "line 6: this is not TOML"),
        (service("[[service.target]]\nwithin = \"3 days\"\nfrom = \"soon\""), "line 6: service \"s\", target 1: from must be a date or a moment"),
        ("[[calendar]]\ncode = \"c\"\nname = \"C\"".to_owned(), "line 1: calendar \"c\": hours is missing"),
        ("[[calendar]]\ncode = \"c\"\nname = \"C\"\nhours = {}".to_owned(), "line 1: calendar \"c\": is never open"),
        ("[[calendar]]\ncode = \"c\"\nname = \"C\"\nhours = { monday = \"9-5\" }".to_owned(), "line 4: calendar \"c\", hours: monday \"9-5\" must be such as \"08:00-17:00\""),
        ("[[calendar]]\ncode = \"c\"\nname = \"C\"\nhours = { monday = \"18:00-06:00\" }".to_owned(), "must open before it closes"),
        ("[[calendar]]\ncode = \"c\"\nname = \"C\"\nhours = { monday = \"08:00-17:00\" }\nholidays = { 2026-13-01 = \"x\" }".to_owned(), "line 5: calendar \"c\", holidays: \"2026-13-01\" must be a date"),
        ("[[calendar]]\ncode = \"c\"\nname = \"C\"\nhours = { monday = \"08:00-17:00\" }\nholidays_as = \"c\"".to_owned(), "holidays_as names no other calendar"),
        ("[[calendar]]\ncode = \"c\"\nname = \"C\"\ntimezone = \"Mars\"\nhours = { monday = \"08:00-17:00\" }".to_owned(), "line 4: calendar \"c\": timezone must be a name"),
        ("[[department]]\ncode = \"d\"\nname = \"D\"\nemail = \"nowhere\"".to_owned(), "line 4: department \"d\": email is not an e-mail address"),
        ("[[routing.rule]]\nname = \"r\"\ndepartment = \"d\"\ntime = { open = \"c\", closed = \"c\" }".to_owned(), "line 4: rule \"r\", time: must have one of"),
        (
            "[[department]]\ncode = \"d\"\nname = \"D\"\n[[routing.rule]]\nname = \"all\"\ndepartment = \"d\"\n[[routing.rule]]\nname = \"more\"\ndepartment = \"d\"".to_owned(),
            "line 7: rule \"more\": is never reached, because rule \"all\" takes every request",
        ),
        ("service = 3".to_owned(), "line 1: service must be a list of tables"),
        ("service = [1]".to_owned(), "line 1: service must be a list of tables"),
        (service("was = [\"T\"]\n[[service]]\ncode = \"t\"\nname = \"T\""), "line 1: service \"s\": \"T\" cannot be an earlier name of \"s\": the service \"t\" has it now"),
        ("was = { Old = \"ghost\" }".to_owned(), "line 1: was: there is no service \"ghost\""),
        ("[[target]]\ngroup = \"G\"\nwithin = \"3 days\"".to_owned(), "line 1: target of the group \"G\": no service is in the group"),
    ] {
        let found = problems(&text);
        assert!(found.iter().any(|problem| problem.contains(told)), "{text}\n{found:#?}\nshould have: {told}");
        assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    }
    assert_eq!(problems(&"x".repeat(MOST_BYTES + 1)).len(), 1);
}

#[test]
fn problems_are_listed_together_up_to_a_limit() {
    let text: String = (0..500).map(|n| format!("key{n} = 1\n")).collect();
    let found = problems(&text);
    assert_eq!((found.len(), found[200].as_str()), (201, "line 200: and 300 more problems"));
}

fn a_line() -> impl Strategy<Value = String> {
    r#"([a-zA-Zñé '"\\#=\[\]{}.,]|.){1,24}"#.prop_map(|text| clean_line(&text)).prop_filter("not empty", |text| !text.is_empty())
}

fn a_text() -> impl Strategy<Value = String> {
    r#"([a-z '"\\#]|\n|.){1,60}"#.prop_map(|text| clean_text(&text)).prop_filter("not empty", |text| !text.is_empty())
}

fn lines(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::btree_set(a_line(), 0..most).prop_map(|set| set.into_iter().collect())
}

prop_compose! {
    fn a_question()(
        datatype in prop::sample::select(Datatype::ALL), variable in prop::bool::weighted(0.8), ask in a_text(), required: bool, hint in prop::option::of(a_line()),
        keys in prop::collection::btree_map(a_line().prop_map(|key| key.replace(char::is_control, "-")), a_line(), 1..5), most in prop::option::of(1_u32..500), min in prop::option::of(-1e6..0.0), max in prop::option::of(0.0..1e6),
        other in prop::option::of((a_text(), a_line(), a_line())),
    ) -> Question {
        if !variable {
            let languages = other.into_iter().map(|(ask, ..)| ("es".to_owned(), QuestionText { ask: Some(ask), ..QuestionText::default() })).collect();
            return Question { ask, variable, languages, ..Question::default() };
        }
        let values: Vec<Choice> = if datatype.is_list() { keys.into_iter().map(|(key, name)| Choice { key, name }).collect() } else { Vec::new() };
        let translated = |name: String| values.first().map(|first| (first.key.clone(), name)).into_iter().collect();
        let languages = other.map(|(ask, hint, name)| ("es".to_owned(), QuestionText { ask: Some(ask), hint: Some(hint), values: translated(name) })).into_iter().collect();
        let number = datatype == Datatype::Number;
        let words = matches!(datatype, Datatype::String | Datatype::Text);
        Question { ask, datatype, required, hint, values, most: most.filter(|_| words), min: min.filter(|_| number), max: max.filter(|_| number), languages, ..Question::default() }
    }
}

prop_compose! {
    fn a_service()(
        name in a_line(), group in prop::option::of(a_line()), description in prop::option::of(a_text()), words in lines(4), aliases in lines(3), other in prop::option::of((a_line(), a_text(), a_text(), lines(3))),
        kind in prop::sample::select(Intake::ALL), visibility in prop::sample::select(Visibility::ALL), flags in any::<[bool; 3]>(), questions in prop::collection::vec(a_question(), 0..5),
        duplicate in prop::option::of((0.5..9000.0, 1_u32..3000)),
    )(
        contact in prop::option::of(a_text()), emergency in prop::option::of((a_line(), a_text())), notice in prop::option::of(a_text()), priority in prop::sample::select(Priority::ALL), reopen_days in 0_u32..3000, most in 0_u32..20, hint in prop::option::of(a_line()),
        name in Just(name), group in Just(group), description in Just(description), words in Just(words), aliases in Just(aliases), other in Just(other), kind in Just(kind), visibility in Just(visibility), flags in Just(flags), questions in Just(questions), duplicate in Just(duplicate),
    ) -> Service {
        let mut questions = questions;
        for (place, question) in questions.iter_mut().enumerate() {
            question.code = format!("Q{place}");
            question.order = u32::try_from(place).unwrap() + 1;
        }
        if let [first, second, ..] = &mut questions[..] && first.variable {
            let is = if first.datatype.is_list() { vec![first.values[0].key.clone()] } else { vec!["an \"answer\"".to_owned()] };
            second.ask_when = Some(AskWhen { question: first.code.clone(), is });
        }
        Service {
            code: "a-service_1".to_owned(), name, group, description: description.unwrap_or_default(), words, aliases,
            languages: other.map(|(name, description, notice, words)| ("zh-Hant".to_owned(), ServiceText { name: Some(name), description: Some(description), notice: Some(notice), words })).into_iter().collect(),
            kind, visibility, active: flags[0], imported: flags[1], needs_place: flags[2], questions,
            duplicate: duplicate.map(|(radius_m, days)| DuplicateRule { radius_m, days }),
            needs_contact: contact, emergency: emergency.map(|(question, say)| Screening { questions: vec![question], say }), notice, default_priority: priority, reopen_days, photos: PhotoRule { most, hint },
            department: None, work_group: None,
        }
    }
}

/// The example with pieces cut out, doubled or put elsewhere.
fn a_mangled_example() -> impl Strategy<Value = String> {
    prop::collection::vec(
        (any::<prop::sample::Index>(), 0_usize..80, prop_oneof![".{0,6}", "[\\[\\]{}=\"'\n#0-9a-z.-]{0,6}"], any::<prop::sample::Index>()),
        1..8,
    )
    .prop_map(|cuts| {
        let mut text: Vec<char> = crate::EXAMPLE.chars().collect();
        for (at, length, put, from) in cuts {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            let from = from.index(text.len());
            let moved: Vec<char> = text[from..(from + length).min(text.len())].to_vec();
            text.splice(at..end, put.chars().chain(if length % 2 == 0 { moved } else { Vec::new() }));
        }
        text.into_iter().collect()
    })
}

/// Reads, checks and plans; whatever comes of it.
fn take_in(text: &str) {
    if let Ok(file) = parse(text, &zone()) {
        let _ = plan(&file, &Catalog::empty(zone()), Timestamp::from_millis(1_772_463_600_000));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(service in a_service()) {
        let mut text = String::new();
        write_service(&mut text, &service, &[]);
        match parse(&text, &zone()) {
            Ok(file) => prop_assert_eq!(&file.services[0].1, &service, "{}", text),
            Err(problems) => prop_assert!(false, "{}\n{:?}", text, problems),
        }
    }

    #[test]
    fn a_mangled_file_is_refused_or_read_but_breaks_nothing(text in a_mangled_example()) {
        take_in(&text);
    }

    #[test]
    fn any_text_is_refused_or_read_but_breaks_nothing(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "([a-z]{0,6}[ =\\[\\]\"{}\n.0-9-]{0,4}){0,20}") {
        take_in(&String::from_utf8_lossy(&bytes));
        take_in(&text);
    }
}
