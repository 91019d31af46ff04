//! Files in and out.

use catalog::{CatalogError, Catalogs, Terms, export_canonical, export_catalog};

use crate::{alder_falls, at, import, load, with_example};

/// A small file with a hole for a pothole target.
fn small(target: &str) -> String {
    format!(
        "department = [{{ code = \"public-works\", name = \"Public Works\" }}]\n\
         [[calendar]]\ncode = \"crews\"\nname = \"Crews\"\nhours = {{ weekdays = \"07:00-15:30\" }}\n\
         [[service]]\ncode = \"pothole\"\nname = \"Pothole\"\ndepartment = \"public-works\"\n{target}"
    )
}

const THREE_DAYS: &str = "[[service.target]]\nwithin = \"3 working days\"\ncalendar = \"crews\"\n";
const TWO_DAYS: &str = "[[service.target]]\nwithin = \"2 working days\"\ncalendar = \"crews\"\n";

testkit::both! {
    async fn the_example_comes_back_byte_for_byte_and_a_second_import_changes_nothing(t: &TestDb) {
        let (city, first) = with_example(t).await;
        assert!(first.services.len() >= 8);
        assert_eq!(export_catalog(t.db.read(), &city).await.unwrap(), catalog::EXAMPLE);
        t.clock.advance_millis(86_400_000);
        let changes = import(t, &city, catalog::EXAMPLE).await.unwrap();
        assert!(changes.is_empty(), "{changes:?}");
        let second = load(t, &city).await;
        assert_eq!((second.generation, second.changed_at), (first.generation, first.changed_at));
        assert_eq!(second.services, first.services);
        assert!(second.targets.values().all(|all| all.next_number() == 2));
        assert_eq!(second.routing.next_number(), 2);
        assert_eq!(export_catalog(t.db.read(), &city).await.unwrap(), catalog::EXAMPLE);
    }

    async fn what_this_program_writes_makes_the_same_catalog_elsewhere(t: &TestDb) {
        let (city, _) = with_example(t).await;
        t.clock.move_to(at("2026-04-01T09:00"));
        import(t, &city, &catalog::EXAMPLE.replace("3 working days", "2 working days").replace("07:00-19:00", "06:00-19:00").replace("park-graffiti", "parks")).await.unwrap();
        let written = export_canonical(t.db.read(), &city).await.unwrap();
        // Written from the same database, nothing changes.
        let changes = import(t, &city, &written).await.unwrap();
        assert!(changes.is_empty(), "{changes:?}\n{written}");
        assert_eq!(export_catalog(t.db.read(), &city).await.unwrap(), written);
        // In another jurisdiction of another year, it makes the same catalog, versions included.
        t.clock.move_to(at("2027-05-01T09:00"));
        let new = staff::NewJurisdiction { code: "twin.example".to_owned(), name: "Twin".to_owned(), timezone: "America/Chicago".to_owned(), ..staff::NewJurisdiction::default() };
        let twin = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new).await.unwrap();
        import(t, &twin, &written).await.unwrap();
        let (here, there) = (load(t, &city).await, load(t, &twin).await);
        assert_eq!(there.services, here.services);
        assert_eq!(there.targets, here.targets);
        assert_eq!(there.routing, here.routing);
        assert_eq!(there.departments, here.departments);
        assert!(here.calendars.iter().zip(&there.calendars).all(|(a, b)| a.0 == b.0 && a.1.map(|c| c.terms.clone()) == b.1.map(|c| c.terms.clone())));
        assert_eq!(here.targets.values().filter(|all| all.next_number() == 3).count(), 1);
        assert_eq!(export_canonical(t.db.read(), &twin).await.unwrap(), written);
    }

    async fn a_file_with_problems_leaves_nothing_and_names_every_line(t: &TestDb) {
        let city = alder_falls(t).await;
        let text = small("department_ = 1\n[[service.question]]\ncode = \"SIZE\"\nask = \"How large?\"\ndatatype = \"singlevaluelist\"\n[[service.target]]\nwithin = \"soon\"\n");
        let Err(CatalogError::File(problems)) = import(t, &city, &text).await else { panic!("taken in") };
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[0].contains("line 10: service \"pothole\": there is no key \"department_\""), "{told:#?}");
        assert!(told[1].contains("line 11: service \"pothole\", question SIZE: values is missing"), "{told:#?}");
        assert!(told[2].contains("line 16") && told[2].contains("3 working days"), "{told:#?}");
        // What only shows beside the catalog that is there: also all at once, also without a trace.
        let text = small("work_group = \"nobody\"\n[[service.target]]\nwithin = \"3 working days\"\ncalendar = \"moon\"\n[[routing.rule]]\nname = \"r\"\nservice = \"ghost\"\ndepartment = \"ghosts\"\n");
        let Err(CatalogError::File(problems)) = import(t, &city, &text).await else { panic!("taken in") };
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 4, "{told:#?}");
        let empty = load(t, &city).await;
        assert_eq!((empty.generation, empty.services.len(), empty.departments.len(), empty.calendars.len()), (0, 0, 0, 0));
        t.settled().await;
        assert!(events::after(&t.db, city.id, None, 100).await.unwrap().iter().all(|e| e.subject_kind == "jurisdiction"));
    }

    async fn what_is_not_named_stays_unless_the_file_retires_it(t: &TestDb) {
        let (city, before) = with_example(t).await;
        t.clock.advance_millis(60_000);
        let changes = import(t, &city, &small(THREE_DAYS)).await.unwrap();
        assert!(changes.added.is_empty() && changes.retired.is_empty(), "{changes:?}");
        let kept = load(t, &city).await;
        assert_eq!(kept.services.len(), before.services.len());
        assert!(kept.service("graffiti").unwrap().active);
        // The last file does not say all, so the export is written by the program.
        let written = export_catalog(t.db.read(), &city).await.unwrap();
        assert!(written.contains("\"graffiti\"") && written.contains("\"night-animals\""));

        t.clock.advance_millis(60_000);
        let changes = import(t, &city, &format!("retire_missing = true\n{}", small(THREE_DAYS))).await.unwrap();
        assert!(changes.retired.contains(&"service \"graffiti\"".to_owned()) && changes.retired.contains(&"routing".to_owned()), "{changes:?}");
        let after = load(t, &city).await;
        assert!(!after.service("graffiti").unwrap().active && after.service("pothole").unwrap().active);
        assert!(after.routing.last().unwrap().body.is_empty());
        assert_eq!(after.departments.len(), 1);
        assert!(after.targets.iter().filter(|(key, _)| key.to_string() != "service:pothole/normal").all(|(_, all)| all.last().unwrap().body == Terms::Withdrawn));
        // Said again, nothing more is retired.
        let changes = import(t, &city, &format!("retire_missing = true\n{}", small(THREE_DAYS))).await.unwrap();
        assert!(changes.is_empty(), "{changes:?}");
    }

    async fn versions_to_come_may_be_corrected_and_past_ones_never(t: &TestDb) {
        let city = alder_falls(t).await;
        let july = format!("{THREE_DAYS}{TWO_DAYS}from = 2026-07-01\n");
        import(t, &city, &small(&july)).await.unwrap();
        let corrected = july.replace("2 working days", "1 working days");
        assert_eq!(import(t, &city, &small(&corrected)).await.unwrap().changed, ["target service:pothole/normal"]);
        let all = load(t, &city).await.targets.values().next().unwrap().clone();
        assert_eq!((all.next_number(), all.last().unwrap().valid_from), (3, at("2026-07-01T00:00")));
        // In August the same file still changes nothing, and what was in force cannot be rewritten.
        t.clock.move_to(at("2026-08-15T12:00"));
        assert!(import(t, &city, &small(&corrected)).await.unwrap().is_empty());
        assert_eq!(export_catalog(t.db.read(), &city).await.unwrap(), small(&corrected));
        let Err(CatalogError::File(problems)) = import(t, &city, &small(&july)).await else { panic!("rewritten") };
        assert!(problems[0].to_string().contains("cannot be rewritten"), "{problems:?}");
        let Err(CatalogError::File(problems)) = import(t, &city, &small(&corrected.replace("3 working days", "4 working days"))).await else { panic!("rewritten") };
        assert!(problems[0].to_string().contains("needs a `from`"), "{problems:?}");
    }

    async fn two_imports_at_once_follow_one_another(t: &TestDb) {
        let city = alder_falls(t).await;
        let text = small(THREE_DAYS);
        let (first, second) = tokio::join!(import(t, &city, &text), import(t, &city, &text));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first.is_empty() != second.is_empty(), "{first:?} {second:?}");
        let catalog = load(t, &city).await;
        assert_eq!((catalog.generation, catalog.targets.values().next().unwrap().next_number()), (1, 2));
    }

    async fn changes_are_events_and_caches_see_them_at_once(t: &TestDb) {
        let city = alder_falls(t).await;
        let catalogs = Catalogs::new(t.db.clone());
        assert!(catalogs.get(&city).await.unwrap().services.is_empty());
        import(t, &city, &small(THREE_DAYS)).await.unwrap();
        let first = catalogs.get(&city).await.unwrap();
        assert_eq!(first.services.len(), 1);
        t.clock.advance_millis(1000);
        import(t, &city, &small(TWO_DAYS)).await.unwrap();
        let second = catalogs.get(&city).await.unwrap();
        assert!(second.generation > first.generation && second.changed_at > first.changed_at);
        t.settled().await;
        let told: Vec<(String, String)> = events::after(&t.db, city.id, None, 100).await.unwrap().into_iter().map(|e| (e.kind, e.body)).filter(|(kind, _)| !kind.starts_with("jurisdiction")).collect();
        let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["department.added", "service.added", "calendar.added", "target.added", "target.changed"]);
        assert!(told[4].1.contains("\"code\":\"service:pothole/normal\",\"version\":2") && told[4].1.contains("2 working days"), "{}", told[4].1);
    }
}
