//! New York, Boston, Chicago, San Francisco and Dallas: every row, on both engines, against what is known of the files.

use std::collections::BTreeMap;
use std::fs::File;

use exchange::Map;
use requests::{Outcome, Status};

use super::*;

/// Imports a file twice and checks that the second run changes nothing. The large ones run once on PostgreSQL, for time.
async fn twice(t: &TestDb, city: &City, map: &str, path: &std::path::Path) -> Summary {
    let map = Map::load(map).unwrap();
    let first = import(t, city, &map, File::open(path).unwrap()).await.unwrap();
    eprintln!("{first}");
    if first.read > 20_000 && t.db.engine() == db::Engine::Postgres {
        return first;
    }
    let second = import(t, city, &map, File::open(path).unwrap()).await.unwrap();
    assert_eq!((second.read, second.imported, second.unchanged, second.rejected), (first.read, 0, first.imported, first.rejected));
    first
}

async fn outcomes(city: &City) -> BTreeMap<Option<Outcome>, u64> {
    let mut out = BTreeMap::new();
    each(city, |request| {
        *out.entry(request.outcome).or_default() += 1;
        assert_eq!(request.outcome.is_some(), request.status == Status::Closed);
        assert!(request.closed_at.is_none_or(|at| at >= request.requested_at && request.updated_at >= at));
        assert!(request.place.point.is_none_or(|p| p.lat.abs() > 1.0));
    })
    .await;
    out
}

testkit::both! {
    async fn new_york(t: &TestDb) {
        let Some(data) = testkit::real_data() else { return };
        let city = city(t, "nyc.example", "America/New_York").await;
        let lines = File::open(data.join("gis/nyc/community_districts.geojson.gz")).unwrap();
        boundaries(&city, "community-districts", "2013", "BoroCD", None, None, flate2::read::MultiGzDecoder::new(lines)).await;
        let summary = twice(t, &city, "new-york", &data.join("nyc311/nyc311.csv.gz")).await;
        assert_eq!((summary.read, summary.imported, summary.rejected), (8_936, 8_936, 0));
        assert_eq!(summary.located, 8_936 - 274);
        assert!(summary.areas["community-districts"].share().unwrap() > 0.99, "{:?}", summary.areas);
        let ends = outcomes(&city).await;
        assert!(ends[&Some(Outcome::Duplicate)] >= 100, "{ends:?}");
        assert!(ends[&Some(Outcome::NotFound)] > 1_000 && ends[&Some(Outcome::NoAccess)] > 50, "{ends:?}");
        let all = all(&city).await;
        assert!(all.values().any(|r| r.explanation.as_deref().is_some_and(|words| words.contains("Transportation’s website"))), "mended");
        assert_eq!(all.values().filter(|r| r.due_at.is_some()).count(), 504);
        assert!(all.values().all(|r| r.closed_at.is_none_or(|at| at.to_string().as_str() > "2014")));
    }

    async fn boston(t: &TestDb) {
        let Some(data) = testkit::real_data() else { return };
        let city = city(t, "boston.example", "America/New_York").await;
        let summary = twice(t, &city, "boston", &data.join("boston311/boston311_2011h2.csv.gz")).await;
        assert_eq!((summary.read, summary.imported, summary.rejected), (39_180, 39_180, 0));
        assert_eq!(summary.located, 39_180 - 1_355, "the geocoder's failure point");
        assert_eq!(summary.warnings["due before it was asked for: due date left out"], 2);
        let ends = outcomes(&city).await;
        assert!(ends[&Some(Outcome::Duplicate)] >= 1_584, "{ends:?}");
        assert_eq!(ends[&None], 1_583);
        let (mut due, mut late, mut scheduled_done) = (0, 0, 0);
        each(&city, |request| {
            due += u64::from(request.due_at.is_some());
            late += u64::from(request.source_fields.get("past_estimate").is_some_and(|past| past == "yes"));
            scheduled_done += u64::from(request.outcome == Some(Outcome::Done) && request.explanation.as_deref().is_some_and(|words| words.starts_with("Case Closed Case Scheduled")));
        })
        .await;
        assert_eq!((due, late, scheduled_done), (39_180 - 7_570 - 2, 6_894, 0));
    }

    async fn chicago(t: &TestDb) {
        let Some(data) = testkit::real_data() else { return };
        let city = city(t, "chicago.example", "America/Chicago").await;
        let lines = File::open(data.join("gis/chicago/wards_2015.geojson.gz")).unwrap();
        boundaries(&city, "wards", "2015", "ward", None, None, flate2::read::MultiGzDecoder::new(lines)).await;
        let summary = twice(t, &city, "chicago", &data.join("chicago311/chicago311.csv.gz")).await;
        assert_eq!((summary.read, summary.imported, summary.rejected), (3_500, 3_500, 0));
        assert_eq!(summary.located, 3_500 - 2_096 - 477 - 1, "information calls and aircraft noise have no place of their own");
        assert!(summary.areas["wards"].share().unwrap() > 0.97, "99.5 % with the information calls, which all lie at one point: {:?}", summary.areas);
        let ends = outcomes(&city).await;
        assert_eq!((ends[&Some(Outcome::Duplicate)], ends[&None]), (109, 10));
        let all = all(&city).await;
        let repeats: Vec<_> = all.values().filter(|r| r.outcome == Some(Outcome::Duplicate)).collect();
        assert_eq!(repeats.iter().filter(|r| r.parent.is_some()).count(), 40, "of 109 parents, 40 are in this part");
        assert!(repeats.iter().all(|r| r.source_fields.contains_key("parent_number")));
        assert_eq!(all["SR21-00000001"].requested_at.to_string().get(..10), Some("2021-01-01"));
        assert!(all.values().any(|r| r.service_code == "SFD"), "the city's own codes");
    }

    async fn san_francisco(t: &TestDb) {
        let Some(data) = testkit::real_data() else { return };
        let city = city(t, "sf.example", "America/Los_Angeles").await;
        let summary = twice(t, &city, "san-francisco", &data.join("sf311/sf311.csv.gz")).await;
        assert_eq!((summary.read, summary.imported, summary.rejected), (10_000, 10_000, 0));
        assert_eq!(summary.located, 5_736, "43 % have no location");
        assert_eq!(summary.warnings["closed before it was asked for: close date left out"], 17);
        let all = all(&city).await;
        assert_eq!(all.values().filter(|r| r.place.is_empty()).count(), 4_264);
        assert_eq!(all["240769"].requested_at.to_string(), "2008-07-01T22:49:47Z", "local, whatever the mark says");
        let (done, per_process) = (Some(Outcome::Done), |r: &&Request| r.explanation.as_deref().is_some_and(|words| words.starts_with("Per process")));
        assert!(all.values().filter(per_process).count() > 600 && all.values().filter(per_process).all(|r| r.outcome != done));
        assert!(outcomes(&city).await[&done] > 1_000);
    }

    async fn dallas(t: &TestDb) {
        let Some(data) = testkit::real_data() else { return };
        let city = city(t, "dallas.example", "America/Chicago").await;
        let summary = twice(t, &city, "dallas", &data.join("dallas311/dallas311.csv.gz")).await;
        assert_eq!((summary.read, summary.imported, summary.rejected, summary.located), (5_087, 5_087, 0, 5_087));
        let ends = outcomes(&city).await;
        assert_eq!((ends[&Some(Outcome::Duplicate)], ends[&Some(Outcome::Done)], ends[&None]), (100, 91, 178));
        let all = all(&city).await;
        let days: Vec<i64> = all.values().filter_map(|r| r.closed_at.map(|at| (at.millis() - r.requested_at.millis()) / 86_400_000)).collect();
        assert_eq!(days.len(), 5_087 - 178);
        assert!(days.iter().filter(|days| **days == 0).count() < days.len() / 2, "the useless close date is not used");
        assert_eq!(all.values().filter(|r| r.due_at.is_some()).count(), 696);
        assert_eq!(all.values().filter(|r| matches!(&r.promise, Some(requests::FrozenPromise::Imported { words: Some(words) }) if words == "4 Business Days")).count(), 4_598);
        assert_eq!(all["20-00985788"].place.zip.as_deref(), Some("75238"));
        assert_eq!(all.values().filter(|r| r.priority == "urgent").count(), 436);
    }
}
