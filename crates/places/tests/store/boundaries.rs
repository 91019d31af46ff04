//! Layers, their dates, the city's limits and pickup days.

use std::io::Write;

use places::{BoundaryImport, Places, ZoneImport};
use testkit::alder_falls::{CITY_LIMITS, DISTRICTS_2012};

use super::*;

/// District 1 grew to the east in 2023.
const DISTRICTS_2023: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"district":"District 1"},"geometry":{"type":"Polygon","coordinates":[[[-93.75,41.60],[-93.65,41.60],[-93.65,41.65],[-93.75,41.65],[-93.75,41.60]]]}},
{"type":"Feature","properties":{"district":"District 3"},"geometry":{"type":"Polygon","coordinates":[[[-93.75,41.55],[-93.65,41.55],[-93.65,41.60],[-93.75,41.60],[-93.75,41.55]]]}}
]}"#;

fn districts(edition: &str, from: &str) -> BoundaryImport {
    BoundaryImport { edition: edition.to_owned(), code_field: Some("member".to_owned()), from: Some(day(from)), ..layer("council-districts", "district") }
}

async fn named(places: &Places, lat: f64, lon: f64, on: &str) -> Vec<String> {
    let standing = places.at(CITY, at(lat, lon), day(on)).await.unwrap();
    standing
        .areas
        .into_iter()
        .map(|area| format!("{}: {} ({}{})", area.layer, area.name, area.edition, if area.in_force { "" } else { ", not in force" }))
        .collect()
}

testkit::both! {
    async fn a_point_stands_in_areas_of_the_edition_in_force(t: &TestDb) {
        let places = open(t).await;
        assert_eq!(places.at(CITY, at(41.61, -93.66), day("2020-01-01")).await.unwrap(), places::Standing::default());
        assert_eq!(boundaries(t, districts("2012", "2012-01-01"), DISTRICTS_2012).await, (summary(4, 4, 0, 0), vec![]));
        assert_eq!(boundaries(t, districts("2023", "2023-08-01"), DISTRICTS_2023).await, (summary(2, 2, 0, 0), vec![]));
        boundaries(t, layer(places::CITY_LIMITS, "name"), CITY_LIMITS).await;
        places.refresh(CITY).await.unwrap();

        assert_eq!(named(&places, 41.61, -93.66, "2023-07-31").await, ["city-limits: Alder Falls (1)", "council-districts: District 2 (2012)"]);
        assert_eq!(named(&places, 41.61, -93.66, "2023-08-01").await, ["city-limits: Alder Falls (1)", "council-districts: District 1 (2023)"]);
        assert_eq!(named(&places, 41.61, -93.66, "2009-01-01").await, ["city-limits: Alder Falls (1)", "council-districts: District 2 (2012, not in force)"]);

        let standing = places.at(CITY, at(41.61, -93.66), day("2015-01-01")).await.unwrap();
        assert_eq!((standing.in_city, standing.areas[1].code.as_deref(), standing.areas[1].from), (Some(true), Some("Sam Okafor"), Some(day("2012-01-01"))));
        let outside = places.at(CITY, at(41.70, -93.66), day("2015-01-01")).await.unwrap();
        assert_eq!((outside.in_city, outside.areas.len()), (Some(false), 0));
        // Another government sees nothing of it.
        assert_eq!(places.at(COUNTY, at(41.61, -93.66), day("2015-01-01")).await.unwrap(), places::Standing::default());
    }

    async fn any_layer_may_be_flagged_as_the_limits(t: &TestDb) {
        let places = open(t).await;
        boundaries(t, layer("council-districts", "district"), DISTRICTS_2012).await;
        assert_eq!(places.at(CITY, at(41.61, -93.66), day("2015-01-01")).await.unwrap().in_city, None);
        boundaries(t, BoundaryImport { limits: true, ..layer("annexed", "name") }, CITY_LIMITS).await;
        places.refresh(CITY).await.unwrap();
        assert_eq!(places.at(CITY, at(41.61, -93.66), day("2015-01-01")).await.unwrap().in_city, Some(true));
        assert_eq!(places.at(CITY, at(42.61, -93.66), day("2015-01-01")).await.unwrap().in_city, Some(false));
        let backwards = BoundaryImport { from: Some(day("2020-01-02")), until: Some(day("2020-01-01")), ..layer("annexed", "name") };
        let error = places::import_boundaries(&t.db, &t.clock, &t.ids, CITY, backwards, CITY_LIMITS.as_bytes(), &mut Vec::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "until is 2020-01-01, before from, 2020-01-02");
    }

    async fn a_point_on_a_line_between_districts_stands_in_one_of_them(t: &TestDb) {
        let places = open(t).await;
        boundaries(t, districts("2012", "2012-01-01"), DISTRICTS_2012).await;
        for (lat, lon, expected) in [(41.60, -93.70, "District 2"), (41.60, -93.72, "District 1"), (41.58, -93.70, "District 4")] {
            assert_eq!(named(&places, lat, lon, "2015-01-01").await, [format!("council-districts: {expected} (2012)")]);
        }
    }

    async fn the_same_file_again_changes_nothing_and_a_corrected_one_its_difference(t: &TestDb) {
        let places = open(t).await;
        boundaries(t, districts("2012", "2012-01-01"), DISTRICTS_2012).await;
        let before = db::one::<Generation, _>(t.db.read(), GENERATION, []).await.unwrap().unwrap().generation;
        assert_eq!(boundaries(t, districts("2012", "2012-01-01"), DISTRICTS_2012).await.0, summary(4, 0, 4, 0));
        assert_eq!(db::one::<Generation, _>(t.db.read(), GENERATION, []).await.unwrap().unwrap().generation, before);

        let renamed = DISTRICTS_2012.replace("Sam Okafor", "Maria Lopez").replace("District 4", "District 5");
        let (changed, _) = boundaries(t, districts("2012", "2012-01-01"), &renamed).await;
        assert_eq!((changed.imported, changed.unchanged, changed.removed), (2, 2, 1));
        places.refresh(CITY).await.unwrap();
        assert_eq!(named(&places, 41.58, -93.66, "2015-01-01").await, ["council-districts: District 5 (2012)"]);

        // An import by another process shows within a second, without anybody telling.
        let later = Places::open(t.db.clone(), t.folder.path().join("other"));
        later.at(CITY, at(41.61, -93.66), day("2015-01-01")).await.unwrap();
        boundaries(t, districts("2023", "2014-08-01"), DISTRICTS_2023).await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert_eq!(named(&later, 41.61, -93.66, "2015-01-01").await, ["council-districts: District 1 (2023)"]);
    }

    async fn gzip_is_told_by_its_first_bytes_and_an_import_is_an_event(t: &TestDb) {
        open(t).await;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(DISTRICTS_2012.as_bytes()).unwrap();
        let mut rejects = Vec::new();
        let bytes = std::io::Cursor::new(packed.finish().unwrap());
        let told = places::import_boundaries(&t.db, &t.clock, &t.ids, CITY, districts("2012", "2012-01-01"), bytes, &mut rejects).await.unwrap();
        assert_eq!(told, summary(4, 4, 0, 0));
        let log: Vec<Logged> = db::all(t.db.read(), "SELECT kind, actor, body FROM events WHERE jurisdiction_id = $1", [CITY.0.into()]).await.unwrap();
        assert_eq!((log.len(), log[0].kind.as_str(), log[0].actor.as_str()), (1, "places.imported", "import:boundaries"));
        assert!(log[0].body.contains("\"imported\":4"), "{}", log[0].body);
    }

    async fn features_that_cannot_be_used_are_rejected_by_number(t: &TestDb) {
        open(t).await;
        let text = r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","properties":{"district":"A"},"geometry":null},
            {"type":"Feature","properties":{"name":"B"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}},
            {"type":"Feature","properties":{"district":"C"},"geometry":{"type":"Polygon","coordinates":[[[500000,4000000],[500001,4000000],[500001,4000001],[500000,4000000]]]}},
            {"type":"Feature","properties":{"district":"D"},"geometry":{"type":"Point","coordinates":[0,0]}},
            {"type":"Feature","properties":{"district":"E"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}},
            {"type":"Feature","properties":{"district":"F"},"geometry":{"type":"Polygon","coordinates":[[[0,0],["x",0],[1,1],[0,0]]]}},
            {"type":"Feature","properties":{"district":"G"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0]]]}},
            {"type":"Elephant"}, 12
        ]}"#;
        let (told, rejects) = boundaries(t, layer("council-districts", "district"), text).await;
        assert_eq!(told, summary(9, 1, 0, 8));
        let reasons: Vec<String> = rejects.iter().map(|r| format!("{}: {}", r.at, r.reason)).collect();
        for (at, says) in [
            "1: it has no geometry",
            "2: it has no property \"district\" with a name (it has name)",
            "3: the position 500000, 4000000 is out of range",
            "4: it is a Point; a Polygon or MultiPolygon is needed",
            "6: the geometry cannot be read",
            "7: a ring has 2 positions",
            "8: the entry is no Feature",
            "9: the feature is no JSON object",
        ].iter().enumerate() {
            assert!(reasons[at].starts_with(says), "{}", reasons[at]);
        }
        assert!(rejects[3].raw.contains("\"Point\""));
    }

    async fn zones_tell_the_next_day_and_the_holiday_that_moved_it(t: &TestDb) {
        let places = open(t).await;
        let zones = DISTRICTS_2012.replace("District 1", "Monday").replace("District 2", "Friday");
        let schedule = "[[zone]]\nname = \"Monday\"\nwhat = \"Trash\"\ndays = [\"monday\"]\n[[zone]]\nname = \"Monday\"\nwhat = \"Recycling\"\ndays = [\"tuesday\"]\nevery = \"two-weeks\"\nanchor = 2026-03-03\n\
            [[zone]]\nname = \"Friday\"\nwhat = \"Trash\"\ndays = [\"friday\"]\n[[holiday]]\ndate = 2026-05-25\nname = \"Memorial Day\"\n";
        let import = async |schedule: &str| {
            let what = ZoneImport { boundary: layer("trash", "district"), schedule: schedule.to_owned() };
            places::import_zones(&t.db, &t.clock, &t.ids, CITY, what, std::io::Cursor::new(zones.clone().into_bytes()), &mut Vec::new()).await
        };
        let unknown = import(&schedule.replace("name = \"Friday\"", "name = \"Sunday\"")).await.unwrap_err();
        assert!(unknown.to_string().starts_with("schedule names the zone \"Sunday\", which layer trash has not; it has District 3"), "{unknown}");
        assert!(import("days = 3").await.unwrap_err().to_string().contains("schedule"));
        assert_eq!(import(schedule).await.unwrap(), summary(4, 0, 4, 0));
        places.refresh(CITY).await.unwrap();

        let pickups = places.zones_at(CITY, at(41.61, -93.74), day("2026-05-22")).await.unwrap();
        let told: Vec<String> = pickups.iter().map(|p| format!("{} {} {:?} {:?} {:?}", p.zone, p.what, p.next.map(|d| d.to_string()), p.moved_from.map(|d| d.to_string()), p.holiday)).collect();
        assert_eq!(told, [
            "Monday Trash Some(\"2026-05-26\") Some(\"2026-05-25\") Some(\"Memorial Day\")",
            "Monday Recycling Some(\"2026-05-27\") Some(\"2026-05-26\") Some(\"Memorial Day\")",
        ]);
        // A zone without a schedule, and a place outside every zone.
        assert!(places.zones_at(CITY, at(41.58, -93.74), day("2026-05-22")).await.unwrap().is_empty());
        assert!(places.zones_at(CITY, at(45.0, -93.74), day("2026-05-22")).await.unwrap().is_empty());
    }
}

const GENERATION: &str = "SELECT generation FROM place_generations WHERE topic = 'boundaries'";

#[derive(sea_orm::FromQueryResult)]
struct Generation {
    generation: i64,
}

#[derive(sea_orm::FromQueryResult)]
struct Logged {
    kind: String,
    actor: String,
    body: String,
}
