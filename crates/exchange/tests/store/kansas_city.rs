//! Kansas City's real history: every row, on both engines, against the facts of its README.

use std::fs::File;

use exchange::Map;
use requests::{Outcome, Status};

use super::*;

testkit::both! {
    async fn the_whole_file_comes_in_and_its_districts_are_found_again(t: &TestDb) {
        let Some(data) = testkit::real_data() else { return };
        let city = city(t, "kcmo.example", "America/Chicago").await;
        let gis = |name: &str| File::open(data.join("gis/kansas_city").join(name)).unwrap();
        boundaries(&city, "council-districts", "2012", "district", Some("2012-01-01"), Some("2022-12-31"), gis("council_districts_2012.geojson")).await;
        boundaries(&city, "council-districts", "2023", "district", Some("2023-01-01"), None, gis("council_districts_2023.geojson")).await;
        boundaries(&city, "neighborhoods", "2020", "nbhname", None, None, gis("neighborhoods.geojson")).await;
        boundaries(&city, "city-limits", "2019", "NAME", None, None, gis("city_limits.geojson")).await;
        let file = || File::open(data.join("kcmo311/kcmo311.csv.gz")).unwrap();
        let map = Map::load("kansas-city").unwrap();
        let first = import(t, &city, &map, file()).await.unwrap();
        eprintln!("{first}");
        assert_eq!((first.read, first.imported, first.unchanged, first.rejected), (57_813, 57_813, 0, 0));
        assert_eq!(first.located, 57_813 - 27, "27 of the 40 failure points are in this part");
        assert_eq!(first.warnings["closed without a close date"], 299);
        let districts = first.areas["council-districts"];
        let (all, in_force) = (districts.share().unwrap(), districts.share_in_force().unwrap());
        assert!((0.978..0.9805).contains(&all), "98.0 % with the lines of 2012, got {all}");
        assert!(districts.differ_in_force == 0 && districts.agree_in_force == 38_449, "since 2012 the agreement is complete: {districts:?} {in_force}");
        assert!(first.areas["neighborhoods"].share().unwrap() > 0.9);

        let (mut repeats, mut late, mut open, mut undated, mut renamed, mut outside) = (0, 0, 0, 0, 0, 0);
        each(&city, |request| {
            repeats += u64::from(request.outcome == Some(Outcome::Duplicate));
            late += u64::from(request.source_fields.get("past_estimate").is_some_and(|past| past == "yes"));
            open += u64::from(request.status.is_open());
            undated += u64::from(request.status == Status::Closed && request.closed_at.is_none());
            renamed += u64::from(request.service_code == "trash-recycling-trash-collection");
            outside += u64::from(request.in_city == Some(false));
            assert_eq!(request.outcome.is_some(), request.status == Status::Closed);
            assert_ne!(request.outcome, Some(Outcome::Done), "the city does not say how a case ended");
        })
        .await;
        assert_eq!((repeats, late, open, undated), (61, 18_569, 2_072, 299));
        assert_eq!(renamed, 1_323 + 1_305, "one service under its old and its new name");
        assert_eq!(outside, 1, "28 outside, 27 of them failure points");

        // Once is enough on the other engine: the rows of Alder Falls run twice on both.
        if t.db.engine() == db::Engine::Sqlite {
            let second = import(t, &city, &map, file()).await.unwrap();
            assert_eq!((second.read, second.imported, second.unchanged, second.rejected), (57_813, 0, 57_813, 0));
            assert_eq!((second.areas, second.services_added), (first.areas, 0));
        }

        // The portal's own layout, multi-line field and all, tells of the same cases.
        let portal = import(t, &city, &map, File::open(data.join("kcmo311/portal_layout_sample.csv")).unwrap()).await.unwrap();
        eprintln!("{portal}");
        assert_eq!((portal.read, portal.rejected), (400, 0));
        assert!(portal.unchanged > 0, "cases that are in both files are the same request in the same state");
    }
}
