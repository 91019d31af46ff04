//! What an import makes of rows, told with those of Alder Falls.

use std::io::Cursor;

use exchange::{ImportOptions, Map, import_requests};
use requests::{Channel, FrozenPromise, Outcome, Status};

use super::*;

const HEADER: &str = "request,asked,state,ended,changed,by,priority,department,team,kind,sort,group,place,zip,lat,lon,words,answer,district,repeats,repeated,late,promised,promised in words\n";

fn rows(rows: &[&str]) -> Cursor<String> {
    Cursor::new(format!("{HEADER}{}\n", rows.join("\n")))
}

fn map() -> Map {
    Map::load("alder-falls").unwrap()
}

testkit::both! {
    async fn a_row_becomes_a_request_with_its_whole_story(t: &TestDb) {
        let city = alder_falls(t).await;
        boundaries(&city, "districts", "2012", "district", Some("2012-01-01"), None, testkit::alder_falls::DISTRICTS_2012.as_bytes()).await;
        boundaries(&city, "city-limits", "2012", "name", None, None, testkit::alder_falls::CITY_LIMITS.as_bytes()).await;
        let file = rows(&[
            "AF-1,2020-03-02 09:15:00,done,2020-03-05,2020-03-04 10:00:00,phone,soon,Public Works,Streets East,Street,Pothole,Streets,\"12 Mill St, Alder Falls\",50309.0,41.62,-93.72,\"Deep.\nPlease ring.\",The crew came.,District 1,no,,yes,2020-03-09 17:00:00,3 working days",
            "AF-2,2011-06-01 09:15:00,closed,,,telegraph,odd,Public Works,,Street,all,Streets,no address,,41.58,-93.72,,Nothing found at the place.,District 4,no,,,,",
            "AF-3,2020-03-02 09:20:00,closed,2020-03-01,,web,,,,Information,all,,1 City Hall Plaza,50309,41.6,-93.7,,,District 1,yes,AF-1,no,,",
            "AF-4,2020-03-02 09:20:00,working,2020-03-03,,app,,Parks,Forestry,Tree,Branch Down,Parks,9th St,,0,0.0,,,,yes,AF-9,no,2019-01-01,",
            "AF-5,2020-03-02 09:20:00,new,soon,,app,,Parks,Forestry,Tree,Branch Down,Parks,9th St,,410,-93.7,,,,no,,perhaps,,",
        ]);
        let summary = import(t, &city, &map(), file).await.unwrap();
        assert_eq!((summary.read, summary.imported, summary.rejected, summary.located), (5, 5, 0, 2));
        assert_eq!(summary.services_added, 4);
        let warnings: Vec<_> = summary.warnings.iter().map(|(what, times)| (what.as_str(), *times)).collect();
        assert_eq!(warnings, [
            ("channel is not in the map: taken as other", 1),
            ("closed before it was asked for: close date left out", 1),
            ("closed is no date: left out", 1),
            ("closed without a close date", 1),
            ("due before it was asked for: due date left out", 1),
            ("latitude and longitude are no point on earth: left out", 1),
            ("open with a close date: close date left out", 1),
            ("past_estimate is not in the map: left out", 1),
            ("priority is not in the map: taken as normal", 1),
        ]);
        let agreement = summary.areas["districts"];
        assert_eq!((agreement.agree, agreement.differ, agreement.differ_in_force, agreement.not_comparable), (1, 1, 0, 3));

        let all = all(&city).await;
        let one = &all["AF-1"];
        assert_eq!(one.origin.as_deref(), Some("alder-falls"));
        assert_eq!((one.status, one.outcome, one.channel, one.priority.as_str()), (Status::Closed, Some(Outcome::Done), Channel::Phone, "high"));
        assert_eq!((one.department.as_deref(), one.work_group.as_deref()), (Some("public-works"), Some("streets-east")));
        assert_eq!((one.place.address.as_deref(), one.place.zip.as_deref()), (Some("12 Mill St, Alder Falls"), Some("50309")));
        assert_eq!(one.requested_at.to_string(), "2020-03-02T15:15:00Z");
        assert_eq!(one.closed_at.unwrap().to_string(), "2020-03-06T05:59:59Z", "a day only: its end");
        assert_eq!(one.updated_at, one.closed_at.unwrap());
        assert_eq!(one.due_at.unwrap().to_string(), "2020-03-09T22:00:00Z");
        assert_eq!(one.promise, Some(FrozenPromise::Imported { words: Some("3 working days".into()) }));
        assert_eq!(one.description.as_deref(), Some("Deep.\nPlease ring."));
        assert_eq!(one.explanation.as_deref(), Some("The crew came."));
        assert_eq!((one.areas["districts"].name.as_str(), one.areas["districts"].in_force, one.in_city), ("District 1", true, Some(true)));
        assert_eq!(one.source_fields["past_estimate"], "yes");
        assert_eq!((one.source_fields["status"].as_str(), one.source_fields["district"].as_str()), ("done", "District 1"));

        let two = &all["AF-2"];
        assert_eq!((two.outcome, two.closed_at, two.channel), (Some(Outcome::NotFound), None, Channel::Other));
        assert_eq!(two.place.address, None);
        assert_eq!((two.areas["districts"].name.as_str(), two.areas["districts"].in_force), ("District 3", false), "before the lines were drawn");
        assert_eq!(two.source_fields["channel_as_given"], "telegraph");

        let three = &all["AF-3"];
        assert_eq!((three.outcome, three.closed_at, three.parent), (Some(Outcome::Duplicate), None, Some(one.id)));
        assert!(three.place.is_empty() && three.areas.is_empty());
        assert_eq!(three.source_fields["no_place"], "placed at City Hall");
        assert_eq!(three.source_fields["closed_as_given"], "2020-03-02T05:59:59Z");

        let four = &all["AF-4"];
        assert_eq!((four.status, four.outcome, four.closed_at, four.due_at, four.parent), (Status::UnderWay, None, None, None, None));
        assert_eq!((four.place.point, four.source_fields["parent_number"].as_str(), four.source_fields["duplicate"].as_str()), (None, "AF-9", "yes"));
        assert_eq!(all["AF-5"].source_fields["point_as_given"], "410, -93.7");

        let departments = staff::departments(city.db.read(), city.jurisdiction.id).await.unwrap();
        let names: Vec<_> = departments.iter().map(|d| (d.name.as_str(), d.work_groups.iter().map(|g| g.name.as_str()).collect::<Vec<_>>())).collect();
        assert_eq!(names, [("Parks", vec!["Forestry"]), ("Public Works", vec!["Streets East"])]);
        let history = events::history(city.db.read(), city.jurisdiction.id, one.id.0).await.unwrap();
        assert_eq!(history.iter().map(|event| (event.kind.as_str(), event.actor.as_str())).collect::<Vec<_>>(), [("request.opened", "import:alder-falls"), ("request.closed", "import:alder-falls")]);
    }

    async fn a_second_run_changes_nothing_and_a_changed_row_changes_its_request(t: &TestDb) {
        let city = alder_falls(t).await;
        let first = || exchange::generated_csv(2_500, 1);
        let summary = import(t, &city, &map(), first()).await.unwrap();
        assert_eq!((summary.read, summary.imported, summary.updated, summary.unchanged, summary.rejected), (2_500, 2_500, 0, 0, 0));
        let before = all(&city).await;
        assert_eq!(before.len(), 2_500);
        let again = import(t, &city, &map(), first()).await.unwrap();
        assert_eq!((again.read, again.imported, again.unchanged, again.rejected, again.services_added), (2_500, 0, 2_500, 0, 0));
        assert_eq!(all(&city).await, before);

        let row = "AF-0000003,2015-02-02 09:15:00,new,,,phone,,,,Street,Pothole,,9th St,,41.62,-93.72,,,,no,,,,";
        let changed = import(t, &city, &map(), rows(&[row])).await.unwrap();
        assert_eq!((changed.imported, changed.updated), (1, 1));
        let after = all(&city).await;
        let (old, new) = (&before["AF-0000003"], &after["AF-0000003"]);
        assert_eq!((old.id, old.revision + 1), (new.id, new.revision));
        assert_eq!(new.place.address.as_deref(), Some("9th St"));
        assert_eq!(after.len(), 2_500);
    }

    async fn repeats_in_a_file_are_refused_naming_the_first(t: &TestDb) {
        let city = alder_falls(t).await;
        let row = |number: &str, asked: &str| format!("{number},{asked},new,,,phone,,,,Street,Pothole,,9th St,,41.62,-93.72,,,,no,,,,");
        // More rows than a batch, so that the repeat is not found by luck.
        let mut lines: Vec<String> = (0..1_500).map(|n| row(&format!("AF-{n}"), "2020-01-01")).collect();
        lines.push(row("AF-7", "2020-02-02"));
        lines.insert(0, row("AF-9", "never"));
        let text = lines.iter().map(String::as_str).collect::<Vec<_>>();
        for run in 0..2 {
            let summary = import(t, &city, &map(), rows(&text)).await.unwrap();
            assert_eq!((summary.read, summary.rejected), (1_502, 2));
            assert_eq!(if run == 0 { summary.imported } else { summary.unchanged }, 1_500);
            let file = std::fs::read_to_string(rejects(t)).unwrap();
            let found: Vec<&str> = file.lines().collect();
            assert!(found[0].starts_with("line,reason,request,asked"));
            assert!(found[1].starts_with("2,\"requested: \"\"never\"\" is no date in a form that the map names\",AF-9,never,new"), "{}", found[1]);
            assert!(found[2].starts_with("1503,\"number \"\"AF-7\"\" was in line 10 before\",AF-7,2020-02-02,new"), "{}", found[2]);
        }
        assert_eq!(all(&city).await["AF-7"].requested_at.to_string(), "2020-01-01T06:00:00Z");
        // Mended, the rejects file is itself a file to import.
        let mended = std::fs::read_to_string(rejects(t)).unwrap().replace("never", "2020-05-05").replace("AF-9", "AF-9999");
        let summary = import(t, &city, &map(), Cursor::new(mended)).await.unwrap();
        assert_eq!((summary.read, summary.imported, summary.updated), (2, 2, 1));
        assert!(!rejects(t).exists(), "the old rejects file is gone");
    }

    async fn services_of_the_catalog_are_found_and_promise_what_they_did_then(t: &TestDb) {
        let city = alder_falls(t).await;
        catalog_with_targets(&city).await;
        let row = |number: &str, asked: &str, kind: &str, sort: &str| format!("{number},{asked},new,,,phone,,,,{kind},{sort},,9th St,,41.62,-93.72,,,,no,,,,");
        let lines = [row("AF-1", "2020-03-02 09:00:00", "Street", "Pothole"), row("AF-2", "2020-03-02 09:00:00", "Refuse", "Missed"), row("AF-3", "2020-03-02 09:00:00", "Well", "Dry")];
        let text: Vec<&str> = lines.iter().map(String::as_str).collect();
        let options = ImportOptions { rejects: rejects(t), known_services_only: true };
        let strict = import_requests(&city, &map(), rows(&text), &options, &mut |_| {}).await.unwrap();
        assert_eq!((strict.imported, strict.rejected, strict.services_added), (2, 1, 0));
        assert_eq!(strict.reasons["service is not in the catalog"], 1);
        let all = all(&city).await;
        assert_eq!(all["AF-1"].service_code, "pothole");
        assert_eq!(all["AF-1"].due_at.unwrap().to_string(), "2020-03-04T15:00:00Z");
        assert!(matches!(&all["AF-1"].promise, Some(FrozenPromise::Target { target_version: 1, .. })));
        assert_eq!((all["AF-2"].service_code.as_str(), all["AF-2"].due_at), ("missed-collection", None), "found by an earlier name");
        let loose = import(t, &city, &map(), rows(&text)).await.unwrap();
        assert_eq!((loose.imported, loose.unchanged, loose.services_added), (1, 2, 1));
    }
}

/// A catalog with a target for potholes.
async fn catalog_with_targets(city: &City) {
    let text = r#"
[[service]]
code = "pothole"
name = "Street: Pothole"
[[service.target]]
within = "2 days"
from = 2015-01-01

[[service]]
code = "missed-collection"
name = "Trash: Missed Collection"
was = ["Refuse: Missed"]
"#;
    catalog::import_catalog(&city.db, &city.clock, &city.ids, &city.jurisdiction, text).await.unwrap();
}
