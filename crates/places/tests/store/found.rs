//! What a point may be called, and that several processes share the search folder.

use places::{HitKind, Places};

use super::*;

testkit::both! {
    async fn a_point_is_called_by_what_it_stands_at(t: &TestDb) {
        let places = open(t).await;
        addresses(t, ADDRESSES).await;
        streets(t, STREETS).await;
        for (lat, lon, kind, label, id) in [
            (41.60012, -93.69990, HitKind::Address, "1200 Mill St", Some("A-1")),
            // Several units at one point: the house itself.
            (41.60010, -93.69902, HitKind::Address, "1210 Mill St", Some("A-2")),
            (41.60005, -93.69700, HitKind::Street, "1200 block of Mill St", None),
            (41.60400, -93.70005, HitKind::Street, "1 block of Alder Ave", None),
            (41.59600, -93.70500, HitKind::Street, "N 1st St", None),
            (41.59850, -93.69980, HitKind::Corner, "Alder Ave & Mill St", None),
        ] {
            let found = places.reverse(CITY, at(lat, lon)).await.unwrap().unwrap_or_else(|| panic!("{label}"));
            assert_eq!((found.kind, found.label.as_str(), found.address_id.as_deref()), (kind, label, id));
        }
        let side = places.reverse(CITY, at(41.60400, -93.69990)).await.unwrap().unwrap();
        assert_eq!(side.zip.as_deref(), Some("50301"), "the right side of Alder Ave");
        assert!(places.reverse(CITY, at(41.7, -93.7)).await.unwrap().is_none());
        assert!(places.reverse(COUNTY, at(41.60012, -93.69990)).await.unwrap().is_none());
    }

    async fn a_parcel_names_a_point_where_nothing_else_does(t: &TestDb) {
        let places = open(t).await;
        addresses(t, "kivapin,longitude,latitude,landuse\n4711,-93.7,41.6,Residential\n").await;
        let found = places.reverse(CITY, at(41.6001, -93.7)).await.unwrap().unwrap();
        assert_eq!((found.label.as_str(), found.address_id.as_deref()), ("Parcel 4711", Some("4711")));
        assert_eq!(places.by_address_id(CITY, "4711").await.unwrap().unwrap().label, "Parcel 4711");
    }

    async fn processes_share_the_search_folder(t: &TestDb) {
        let here = open(t).await;
        let there = Places::open(t.db.clone(), t.folder.path().join("search"));
        addresses(t, ADDRESSES).await;
        // Both make the same index at the same time.
        let (a, b) = tokio::join!(here.search(CITY, "1200 Mill St", None, 3), there.search(CITY, "1200 Mill St", None, 3));
        assert_eq!(a.unwrap()[0].address_id.as_deref(), Some("A-1"));
        assert_eq!(b.unwrap()[0].address_id.as_deref(), Some("A-1"));
        let folders = || {
            let mut names: Vec<String> = std::fs::read_dir(t.folder.path().join("search/1")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(folders(), ["places-1"]);

        // One imports and makes the index; the other finds it made, serving the old one until it looks again.
        addresses(t, &ADDRESSES.replace("CANNERY ROW", "FOUNDRY ROW")).await;
        here.refresh(CITY).await.unwrap();
        assert_eq!(folders(), ["places-1", "places-2"]);
        assert_eq!(here.search(CITY, "12 Foundry Row", None, 3).await.unwrap()[0].address_id.as_deref(), Some("A-9"));
        there.refresh(CITY).await.unwrap();
        assert_eq!(there.search(CITY, "12 Foundry Row", None, 3).await.unwrap()[0].address_id.as_deref(), Some("A-9"));

        // A damaged index is made anew.
        drop((here, there));
        std::fs::write(t.folder.path().join("search/1/places-2/meta.json"), "{").unwrap();
        let again = Places::open(t.db.clone(), t.folder.path().join("search"));
        again.refresh(CITY).await.unwrap();
        assert_eq!(again.search(CITY, "12 Foundry Row", None, 3).await.unwrap()[0].address_id.as_deref(), Some("A-9"));
        // Of the older ones only the last stays.
        addresses(t, &ADDRESSES.replace("CANNERY ROW", "CANAL ROW")).await;
        again.refresh(CITY).await.unwrap();
        assert_eq!(folders(), ["places-2", "places-3"]);
    }

    async fn an_old_index_serves_until_the_new_one_is_made(t: &TestDb) {
        let places = open(t).await;
        addresses(t, ADDRESSES).await;
        assert_eq!(places.search(CITY, "12 Cannery Row", None, 3).await.unwrap()[0].address_id.as_deref(), Some("A-9"));
        streets(t, STREETS).await;
        // Within some seconds the corners of the new streets are found, with no one asking for a renewal.
        let mut corner = None;
        for _ in 0..80 {
            corner = places.search(CITY, "mill & alder", None, 3).await.unwrap().into_iter().find(|hit| hit.kind == HitKind::Corner);
            if corner.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(corner.unwrap().label, "Mill St & Alder Ave");
    }
}
